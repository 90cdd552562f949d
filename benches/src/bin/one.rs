//! Runs our side of one case so many times and nothing else: for instruction counters and profilers.
//!
//! `one jwt/hs256/fresh 1000`

use doorward_benches::cases;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [id, times] = arguments.as_slice() else {
        eprintln!("usage: one ID TIMES");
        return ExitCode::FAILURE;
    };
    let case = cases::all().into_iter().find(|case| case.id == *id);
    let (Some(case), Ok(times)) = (case, times.parse()) else {
        eprintln!("no such case, or not a number of times");
        return ExitCode::FAILURE;
    };
    case.build_ours()(times);
    ExitCode::SUCCESS
}
