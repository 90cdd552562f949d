//! criterion's view of `src/cases/jwt.rs`.
mod common;

fn main() {
    common::run(&doorward_benches::cases::jwt::cases());
}
