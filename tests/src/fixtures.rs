//! The credentials and settings most tests share.

use crate::jwt::Token;
use crate::server::Setup;
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

/// A key of role user, of no particular form: the first in its list.
pub const USER_KEY: &str = "user-key-4f1d0c77a2b94e";
/// A key of role user in doorward's own format. Made with Python's `zlib.crc32`, not with doorward.
pub const OWN_KEY: &str = "dw_live_Zy9Xw8Vu7Ts6_0029sS3yqsuDyR1vGFhTuuRAq1b0qqGGk";
/// A key of role admin.
pub const ADMIN_KEY: &str = "admin-key-9b3e55f0c81d7a";
/// Signs and verifies tokens.
pub const SECRET: &str = "end-to-end secret, 0123456789abcdef, of 50 bytes..";
/// Whom tokens must name as their issuer.
pub const ISSUER: &str = "https://issuer.example";
/// Whom tokens must be for.
pub const AUDIENCE: &str = "https://mcp.example/mcp";
/// Both windows, in milliseconds: so long that nothing flows back while a test runs, and counts are exact.
pub const WINDOW_MS: &str = "3600000";

/// A server with keys of both roles and with tokens, whose buckets don't fill while a test runs.
#[must_use]
pub fn protected() -> Setup {
    Setup::new()
        .var("API_KEYS", &format!("{USER_KEY}, {OWN_KEY}"))
        .var("ADMIN_API_KEYS", ADMIN_KEY)
        .var("JWT_SECRET", SECRET)
        .var("JWT_ISSUER", ISSUER)
        .var("JWT_AUDIENCE", AUDIENCE)
        .var("PREAUTH_RATE_LIMIT_WINDOW_MS", WINDOW_MS)
        .var("RATE_LIMIT_WINDOW_MS", WINDOW_MS)
}

/// A good token of role user for `subject`, to be spoilt where a test wants it bad.
#[must_use]
pub fn token(subject: &str) -> Token {
    Token::new(json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "role": "user",
        "iat": unix(),
        "exp": unix() + 600,
    }))
}

/// Seconds since 1970.
#[must_use]
pub fn unix() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs()
}
