//! criterion's view of `src/cases/gate.rs`.
mod common;

fn main() {
    common::run(&doorward_benches::cases::gate::cases());
}
