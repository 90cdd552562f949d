//! criterion's view of `src/cases/api_keys.rs`.
mod common;

fn main() {
    common::run(&doorward_benches::cases::api_keys::cases());
}
