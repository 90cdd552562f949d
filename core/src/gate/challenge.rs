//! `WWW-Authenticate`: what a client must bring to come in (RFC 6750 §3, RFC 9728 §5.1).

use super::Public;
use alloc::borrow::Cow;

/// The challenge of an answer; nothing where none belongs. There is no `error` where nothing was sent (RFC 6750 §3.1).
pub(super) const fn challenge(public: Public) -> Option<Cow<'static, str>> {
    match public {
        Public::Unauthorized => Some(Cow::Borrowed("Bearer")),
        Public::InvalidToken => Some(Cow::Borrowed("Bearer error=\"invalid_token\"")),
        _ => None,
    }
}
