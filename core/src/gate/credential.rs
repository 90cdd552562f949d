//! Which credential a request carries: classified once, by where it stands and what it looks like.

use super::head::{Field, Head};
use super::notes::Note;
use super::{Code, Notes};

/// The credential of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential<'a> {
    /// None was sent, or none of a configured kind.
    None,
    /// Three base64url segments behind `Bearer`.
    Token(&'a [u8]),
    /// From the API-key header, or behind `Bearer` where it looks like no token.
    Key(&'a [u8]),
    /// Behind `Bearer`, no token by its looks, where issuers are asked about such: a key, or an opaque token.
    Opaque(&'a [u8]),
}

/// Which kinds of credential the gate was configured for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepts {
    pub(super) tokens: bool,
    pub(super) keys: bool,
    /// Tokens that their issuer is asked about.
    pub(super) opaque: bool,
}

/// Finds the one credential. Two of configured kinds, or one kind twice, is an error and not a choice.
pub(super) fn classify<'a>(
    head: &Head<'a>,
    accepts: Accepts,
    notes: &mut Notes,
) -> Result<Credential<'a>, Code> {
    let bearer = bearer(head.authorization, notes)?;
    let key = match head.api_key {
        Field::None => None,
        _ if !accepts.keys => {
            notes.add(Note::ApiKeyHeaderIgnored);
            None
        }
        Field::One(value) => Some(value),
        Field::Several => return Err(Code::CredentialRepeated),
    };
    match (bearer, key) {
        (None, None) => Ok(Credential::None),
        (Some(_), Some(_)) => Err(Code::CredentialRepeated),
        (None, Some([])) => Err(Code::CredentialMalformed),
        (None, Some(key)) => Ok(Credential::Key(key)),
        (Some(bearer), None) => Ok(match accepts {
            Accepts { tokens: true, keys: false, opaque: false } => Credential::Token(bearer),
            Accepts { tokens: true, .. } if crate::jwt::looks_like_jwt(bearer) => Credential::Token(bearer),
            Accepts { opaque: true, .. } => Credential::Opaque(bearer),
            Accepts { keys: true, .. } => Credential::Key(bearer),
            _ => Credential::None,
        }),
    }
}

/// What stands behind `Bearer` (RFC 6750 §2.1). The scheme's case does not matter (RFC 9110 §11.1).
pub(super) fn bearer<'a>(field: Field<'a>, notes: &mut Notes) -> Result<Option<&'a [u8]>, Code> {
    let value = match field {
        Field::None => return Ok(None),
        Field::Several => return Err(Code::CredentialRepeated),
        Field::One(value) => value,
    };
    let Some(credential) = behind_bearer(value) else {
        // `Basic` and others are none of ours, unless several values were joined into one.
        notes.add(Note::SchemeIgnored);
        return Ok(None);
    };
    // No branch a byte, so that many are looked at together: 260 ns less for a token of 640 bytes.
    let visible = |byte: &u8| byte.is_ascii_graphic() & (*byte != b',');
    if credential.is_empty() || !credential.iter().fold(true, |all, byte| all & visible(byte)) {
        return Err(Code::CredentialMalformed);
    }
    Ok(Some(credential))
}

/// The one credential, where it may be a token seen before: alone and behind `Bearer`. Not looked at any further; what
/// is found in the cache was, when it was verified.
#[cfg(feature = "std")]
pub(super) fn perhaps_seen<'a>(head: &Head<'a>) -> Option<&'a [u8]> {
    let Field::None = head.api_key else { return None };
    // `{"`, as nearly every token's header begins. Any other token is looked up once it was looked at.
    behind_bearer(head.authorization.one()?).filter(|credential| credential.starts_with(b"ey"))
}

/// What stands behind the scheme, if that is `Bearer`.
fn behind_bearer(value: &[u8]) -> Option<&[u8]> {
    let scheme_len = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (scheme, rest) = value.split_at_checked(scheme_len).unwrap_or((value, &[]));
    scheme.eq_ignore_ascii_case(b"bearer").then(|| rest.trim_ascii_start())
}
