//! criterion's view of `src/cases/rate.rs`.
mod common;

fn main() {
    common::run(&doorward_benches::cases::rate::cases());
}
