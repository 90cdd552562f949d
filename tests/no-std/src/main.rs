//! A program with neither `std` nor an allocator that uses the core. It returns 0 when every check holds, and
//! otherwise the number of the first that does not.
//!
//! What it does not check: that the core is *correct* without `std` beyond these few calls. The vectors do that.
#![no_std]
#![no_main]

mod runtime;

use core::ffi::c_int;
use doorward::Now;

/// The checks, in the order of their numbers. The HS256 checks join them here: a genuine token is accepted by
/// `doorward::jwt::verify`, the same token with one bit of its signature changed is refused.
const CHECKS: [fn() -> bool; 1] = [a_moment_keeps_both_clocks];

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    let failed = CHECKS.iter().position(|check| !check());
    failed.map_or(0, |index| c_int::try_from(index + 1).unwrap_or(c_int::MAX))
}

fn a_moment_keeps_both_clocks() -> bool {
    let now = Now::new(1_700_000_000.5, 42);
    now.unix == 1_700_000_000.5 && now.mono == 42
}
