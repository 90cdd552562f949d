//! Secrets are shown to Valgrind as undefined memory, and Valgrind reports every branch and every address that depends on
//! some. What the core declassifies is marked as defined again at that moment, so silence means: nothing else leaks
//! into time. `run.sh` builds it with `--cfg doorward_memcheck`, as users build and in debug, and runs it.
//!
//! `memcheck` runs what is claimed; `memcheck NAME` a control, which must be reported; `memcheck --controls` lists them.
//!
//! Not seen: instructions whose own time depends on what they work on, and code Valgrind has no processor for (SHA-NI).
#![cfg(all(doorward_memcheck, target_arch = "x86_64"))]

mod api_keys;
mod controls;
mod tokens;
mod valgrind;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some("--controls") {
        controls::ALL.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    }
    if !valgrind::is_running() {
        eprintln!("memcheck: this says nothing outside Valgrind: use tests/constant-time/run.sh");
        return ExitCode::FAILURE;
    }
    match argument {
        None => {
            watch::begin();
            api_keys::run();
            tokens::run();
            ExitCode::SUCCESS
        }
        Some(argument) => match controls::ALL.iter().find(|(name, _)| *name == argument) {
            Some((_, control)) => {
                control();
                ExitCode::SUCCESS
            }
            None => {
                eprintln!("memcheck: no control of that name");
                ExitCode::FAILURE
            }
        },
    }
}
