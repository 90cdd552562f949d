//! `WWW-Authenticate`: what a client must bring to come in (RFC 6750 §3, RFC 9728 §5.1).

use super::Public;
use alloc::borrow::Cow;
use alloc::format;

/// The challenge of an answer; nothing where none belongs. There is no `error` where nothing was sent (RFC 6750 §3.1).
/// `scope` holds scope tokens (RFC 6749 §3.3) between spaces: no quote and no backslash.
pub(super) fn challenge(public: Public, scope: Option<&str>) -> Option<Cow<'static, str>> {
    let challenge = match public {
        Public::Unauthorized => "Bearer",
        Public::InvalidToken => "Bearer error=\"invalid_token\"",
        Public::InsufficientScope => "Bearer error=\"insufficient_scope\"",
        _ => return None,
    };
    Some(match scope {
        Some(scope) if public == Public::InsufficientScope => {
            Cow::Owned(format!("{challenge}, scope=\"{scope}\""))
        }
        _ => Cow::Borrowed(challenge),
    })
}
