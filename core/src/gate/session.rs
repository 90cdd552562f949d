//! Session ids that are good for one principal alone, without a table of sessions.
//!
//! A session (MCP, revisions up to 2025-11-25) is no authentication: whoever learns another's session id may read what
//! is streamed to it and speak in its place. So what the client gets is not the service's own id but `<inner>.<tag>`, where the tag is
//! HMAC-SHA-256, cut to 128 bits (RFC 2104 §5), over a kind, the inner id and the principal's id, each behind its length. With another
//! principal's credential the tag is wrong, and the answer is that of a session that does not exist.
//!
//! Not checked: whether the session lives; that is the service's. The tag is no secret and proves nothing else: it never ends
//! by itself, and one that was made under a key is good wherever that key is.

use super::head::{Field, Head};
use super::{Code, Gate, Principal};
use crate::{base64url, constant_time};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Shortest key, in bytes: the length of the hash.
const SHORTEST_KEY: usize = 32;
/// Longest inner id, in bytes.
const LONGEST_ID: usize = 256;
/// Bytes of a tag, and how many characters of base64url they are.
const TAG: usize = 16;
const TAG_TEXT: usize = 22;
/// What sessions are bound as.
const SESSION: &str = "session";

/// A secret that binds ids to principals: shared by the instances that share sessions, for an id that one of them gave out
/// is good at another only under the same key. `Debug` shows nothing of it, and its states are overwritten when dropped.
///
/// ```
/// use doorward::gate::SessionKey;
///
/// let key = SessionKey::new(b"thirty-two bytes that nobody else knows")?;
/// let outward = key.bind("task", "key:ci", "7f3a")?;
/// assert!(outward.starts_with("7f3a."));
/// assert_eq!(key.unbind("task", "key:ci", &outward), Some("7f3a"));
/// assert_eq!(key.unbind("task", "key:another", &outward), None);
/// # Ok::<(), doorward::gate::SessionError>(())
/// ```
#[derive(Clone)]
pub struct SessionKey(Hmac<Sha256>);

/// Why an id can't be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The key is shorter than 32 bytes.
    KeyShort,
    /// The gate has no session key.
    NotBound,
    /// The id is not 1 to 256 bytes of visible ASCII.
    Id,
    /// The operating system gave no random numbers.
    NoRandomness,
}

impl SessionError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::KeyShort => "session_key_short",
            Self::NotBound => "sessions_not_bound",
            Self::Id => "session_id_invalid",
            Self::NoRandomness => "no_randomness",
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyShort => "a session key must be at least 32 bytes",
            Self::NotBound => "this gate was made without a session key",
            Self::Id => "an id must be 1 to 256 bytes of visible ASCII",
            Self::NoRandomness => "the operating system gave no random numbers",
        })
    }
}

impl core::error::Error for SessionError {}

impl SessionKey {
    /// Makes ready a secret of 32 bytes or more.
    ///
    /// # Errors
    /// [`SessionError::KeyShort`].
    pub fn new(secret: &[u8]) -> Result<Self, SessionError> {
        if secret.len() < SHORTEST_KEY {
            return Err(SessionError::KeyShort);
        }
        Hmac::new_from_slice(secret).map(Self).map_err(|_| SessionError::KeyShort)
    }

    /// A key of this process's own: ids that are bound by it are good until it ends, and at no other instance.
    ///
    /// # Errors
    /// [`SessionError::NoRandomness`].
    #[cfg(feature = "std")]
    pub fn random() -> Result<Self, SessionError> {
        let mut secret = zeroize::Zeroizing::new([0; SHORTEST_KEY]);
        getrandom::fill(secret.as_mut_slice()).map_err(|_| SessionError::NoRandomness)?;
        Self::new(secret.as_slice())
    }

    /// The id to give out for `inner`: good for the principal of that [id](Principal::id), and as that kind of thing.
    ///
    /// # Errors
    /// [`SessionError::Id`].
    pub fn bind(&self, kind: &str, principal: &str, inner: &str) -> Result<String, SessionError> {
        if !is_id(inner) {
            return Err(SessionError::Id);
        }
        let mut outward = String::with_capacity(inner.len() + 1 + TAG_TEXT);
        outward.push_str(inner);
        outward.push('.');
        base64url::encode_append(&self.tag(kind, principal, inner), &mut outward);
        Ok(outward)
    }

    /// The id that `outward` was made of; nothing where it was made for another principal, as another kind of thing, under
    /// another key, or by nobody. The time depends on its length and on no byte of the right tag.
    #[must_use]
    pub fn unbind<'o>(&self, kind: &str, principal: &str, outward: &'o str) -> Option<&'o str> {
        // An id may hold dots; a tag holds none.
        let (inner, presented) = outward.rsplit_once('.')?;
        if presented.len() != TAG_TEXT || !is_id(inner) {
            return None;
        }
        // By its text and not by its bytes: the last character's spare bits would have it in four spellings.
        let mut expected = String::with_capacity(TAG_TEXT);
        base64url::encode_append(&self.tag(kind, principal, inner), &mut expected);
        constant_time::equal(expected.as_bytes(), presented.as_bytes()).then_some(inner)
    }

    fn tag(&self, kind: &str, principal: &str, inner: &str) -> [u8; TAG] {
        let mut mac = self.0.clone();
        for part in ["doorward id 1", kind, inner, principal] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let tag: [u8; 32] = mac.finalize().into_bytes().into();
        tag.first_chunk().copied().unwrap_or_default()
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The session a head names.
#[derive(Clone, Debug, Default)]
pub(super) enum Presented {
    #[default]
    None,
    One(Box<[u8]>),
    Several,
}

impl From<Field<'_>> for Presented {
    fn from(field: Field<'_>) -> Self {
        match field {
            Field::None => Self::None,
            // What is longer is nobody's, and need not be carried about.
            Field::One(id) => Self::One(id.get(..LONGEST_ID + TAG_TEXT + 2).unwrap_or(id).into()),
            Field::Several => Self::Several,
        }
    }
}

impl Gate {
    /// Whether session ids are bound to their principals: see
    /// [`GateBuilder::sessions`](super::GateBuilder::sessions). Where they are, the service behind must be given
    /// [`Admitted::session`](super::Admitted::session) in the place of the request's `Mcp-Session-Id`, or no such header where that is
    /// nothing; and clients what [`bind_session`](Self::bind_session) makes of the one in its answer.
    #[must_use]
    pub const fn binds_sessions(&self) -> bool {
        self.sessions.is_some()
    }

    /// The session id that a client is given in the place of the service's own; that itself where sessions aren't bound.
    ///
    /// # Errors
    /// [`SessionError::Id`]: give the client none then, for it would be refused.
    pub fn bind_session<'i>(
        &self,
        principal: &Principal,
        inner: &'i str,
    ) -> Result<Cow<'i, str>, SessionError> {
        match &self.sessions {
            Some(key) => key.bind(SESSION, principal.id(), inner).map(Cow::Owned),
            None => Ok(Cow::Borrowed(inner)),
        }
    }

    /// Binds an id of another kind, such as a task's, which stands in bodies that the gate doesn't rewrite: the server gives out
    /// what this makes, and takes it back by [`unbind`](Self::unbind).
    ///
    /// # Errors
    /// [`SessionError::NotBound`] or [`SessionError::Id`].
    pub fn bind(&self, kind: &str, principal: &Principal, inner: &str) -> Result<String, SessionError> {
        self.sessions.as_ref().ok_or(SessionError::NotBound)?.bind(kind, principal.id(), inner)
    }

    /// The id that was bound; nothing where it is not that principal's, or not of that kind.
    #[must_use]
    pub fn unbind<'o>(&self, kind: &str, principal: &Principal, outward: &'o str) -> Option<&'o str> {
        self.sessions.as_ref()?.unbind(kind, principal.id(), outward)
    }

    /// The session's inner id, if the principal has one; and if it is its own.
    pub(super) fn session_of(
        &self,
        principal: &Principal,
        presented: &Presented,
    ) -> Result<Option<Box<str>>, Code> {
        let Some(key) = &self.sessions else { return Ok(None) };
        match presented {
            Presented::None => Ok(None),
            Presented::Several => Err(Code::SessionRepeated),
            Presented::One(id) => core::str::from_utf8(id)
                .ok()
                .and_then(|id| key.unbind(SESSION, principal.id(), id))
                .map(|inner| Some(inner.into()))
                .ok_or(Code::SessionForeign),
        }
    }
}

impl<'a> Head<'a> {
    /// Takes the session from the query too, where the older SSE transport (2024-11-05) has it: `parameter` is `sessionId` or as
    /// the server calls it. It counts as `Mcp-Session-Id` does, so that both at once are refused; and so is a parameter that a
    /// server might take for this one. It is checked whatever revision the request says it speaks. The server behind must be given [`query_with_session`], and the
    /// `endpoint` event that it announces its address by must hold the [bound](Gate::bind_session) id: that event is in a body, which is the
    /// integration's to rewrite.
    #[must_use]
    pub fn session_in_query(mut self, parameter: &str, query: &'a str) -> Self {
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if name == parameter {
                self.session.add(value.as_bytes());
            } else if may_be(name, parameter) {
                self.session = Field::Several;
            } else {
                continue;
            }
            self.session_in_query = true;
        }
        self
    }
}

/// The query with the inner session id in the place of the outward one, percent-encoded where that is needed; for a query
/// that [`Head::session_in_query`] has read. Nothing where it has no such parameter.
///
/// ```
/// use doorward::gate::query_with_session;
/// assert_eq!(query_with_session("sessionId", "a=b&sessionId=7f.tag", "7f").as_deref(), Some("a=b&sessionId=7f"));
/// ```
#[must_use]
pub fn query_with_session(parameter: &str, query: &str, inner: &str) -> Option<String> {
    let (mut rewritten, mut found) = (String::with_capacity(query.len()), false);
    for (at, pair) in query.split('&').enumerate() {
        if at > 0 {
            rewritten.push('&');
        }
        if pair.split_once('=').map_or(pair, |(name, _)| name) != parameter {
            rewritten.push_str(pair);
            continue;
        }
        found = true;
        rewritten.push_str(parameter);
        rewritten.push('=');
        for byte in inner.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                rewritten.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = fmt::Write::write_fmt(&mut rewritten, format_args!("%{byte:02X}"));
            }
        }
    }
    found.then_some(rewritten)
}

/// Whether a server could read a parameter's name as another: percent-encoded, with a `+`, or in another case.
fn may_be(name: &str, parameter: &str) -> bool {
    if !name.contains(['%', '+']) {
        return name.eq_ignore_ascii_case(parameter);
    }
    let mut decoded = name.bytes();
    let mut wanted = parameter.bytes();
    loop {
        let byte = match decoded.next() {
            Some(b'%') => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                match (digit(decoded.next()), digit(decoded.next())) {
                    (Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
                    // Parsers differ on what this is, so it may be anything.
                    _ => return true,
                }
            }
            byte => byte,
        };
        match (byte, wanted.next()) {
            (None, None) => return true,
            (Some(byte), Some(wanted)) if byte.eq_ignore_ascii_case(&wanted) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests;
