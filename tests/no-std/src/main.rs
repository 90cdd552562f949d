//! A program with neither `std` nor an allocator that uses the core. It returns 0 when every check holds, and
//! otherwise the number of the first that does not.
//!
//! What it does not check: that the core is *correct* without `std` beyond these few calls. The vectors do that.
#![no_std]
#![no_main]

mod runtime;

use core::ffi::c_int;
use doorward::Now;
use doorward::jwt::{self, Algorithm, Rules, TokenError};
use doorward::keys::Key;

/// HS256, signed by another implementation: anna's, from one issuer, for two audiences, until 2100.
const TOKEN: &[u8] = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
    eyJzdWIiOiJhbm5hIiwiaXNzIjoiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZSIsImF1ZCI6WyJhIiwiaHR0cHM6Ly9tY3AuZXhhbXBsZSJdLCJleHAiOjQxMDI0NDQ4MDB9.\
    sx2KCpMRg-hw7zTqzpDE8p306CD2Izf5WmUXrTOT6SI";
const SECRET: &[u8] = b"a secret of at least 32 bytes, kept well";

/// The checks, in the order of their numbers.
const CHECKS: [fn() -> bool; 4] =
    [a_genuine_token_is_accepted, every_changed_token_is_refused, an_expired_token_is_refused, rules_are_kept];

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    let failed = CHECKS.iter().position(|check| !check());
    failed.map_or(0, |index| c_int::try_from(index + 1).unwrap_or(c_int::MAX))
}

fn verify(token: &[u8], rules: &Rules<'_>, unix: f64) -> Result<bool, TokenError> {
    let Ok(key) = Key::hmac(Algorithm::HS256, SECRET) else { return Ok(false) };
    let mut scratch = [0; 512];
    let claims = jwt::verify(token, &key, rules, &mut scratch, Now::new(unix, 0))?;
    Ok(claims.subject().is_some_and(|subject| subject == *"anna"))
}

fn rules() -> Rules<'static> {
    Rules::new().issuer("https://issuer.example").audience("https://mcp.example")
}

fn a_genuine_token_is_accepted() -> bool {
    verify(TOKEN, &rules(), 1_700_000_000.0) == Ok(true)
}

fn every_changed_token_is_refused() -> bool {
    let mut changed = [0; TOKEN.len()];
    (0..TOKEN.len()).all(|at| {
        changed.copy_from_slice(TOKEN);
        changed[at] ^= 1;
        verify(&changed, &rules(), 1_700_000_000.0).is_err()
    })
}

fn an_expired_token_is_refused() -> bool {
    verify(TOKEN, &rules(), 4_102_444_800.0) == Err(TokenError::Expired)
}

fn rules_are_kept() -> bool {
    let elsewhere = Rules::new().issuer("https://issuer.example").audience("https://other.example");
    verify(TOKEN, &elsewhere, 1_700_000_000.0) == Err(TokenError::AudienceMismatch)
}
