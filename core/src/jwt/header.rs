//! The JOSE header (RFC 7515 §4): which algorithm and which key, and nothing else that would be believed.

use super::error::ReadError;
use super::{Algorithm, Limits, TokenError};
use crate::base64url;
use crate::json::{JsonStr, Value, object_members, pack_bytes};

/// What of a header matters.
#[derive(Debug)]
pub(crate) struct Header<'s> {
    /// `None` where the name is no algorithm of doorward's, `none` above all.
    pub(super) alg: Option<Algorithm>,
    /// Chooses among several keys, which takes an allocator to have.
    #[cfg_attr(not(feature = "alloc"), allow(dead_code))]
    pub(super) kid: Option<JsonStr<'s>>,
    pub(super) typ: Option<JsonStr<'s>>,
}

impl<'s> Header<'s> {
    /// Decodes and reads the header's segment into `scratch`.
    #[inline]
    pub(super) fn read(segment: &[u8], limits: &Limits, scratch: &'s mut [u8]) -> Result<Self, TokenError> {
        match Self::common(segment, limits) {
            Some(header) => Ok(header),
            None => Self::parse(segment, limits, scratch),
        }
    }

    /// What a header says that most tokens without a `kid` come with.
    #[inline]
    pub(super) fn common(segment: &[u8], limits: &Limits) -> Option<Self> {
        common(segment, limits).map(|alg| Self { alg: Some(alg), kid: None, typ: Some(JWT) })
    }

    /// As [`read`](Self::read), of one that is not [`common`](Self::common).
    pub(super) fn parse(segment: &[u8], limits: &Limits, scratch: &'s mut [u8]) -> Result<Self, TokenError> {
        const ALG: u64 = pack_bytes(b"alg");
        const KID: u64 = pack_bytes(b"kid");
        const TYP: u64 = pack_bytes(b"typ");
        const CTY: u64 = pack_bytes(b"cty");
        const CRIT: u64 = pack_bytes(b"crit");
        const B64: u64 = pack_bytes(b"b64");

        let bytes = base64url::decode(segment, scratch).map_err(|_| TokenError::Malformed)?;
        let text = core::str::from_utf8(bytes).map_err(|_| TokenError::InvalidHeader)?;
        let mut alg = None;
        let mut kid = None;
        let mut typ = None;
        object_members(text, limits.json(), |name, _, value| -> Result<(), ReadError> {
            match (name, value) {
                (ALG, Value::String(name)) => alg = Some(name),
                (KID, Value::String(id)) if !id.is_empty() && id.unescaped_len() <= limits.kid => {
                    kid = Some(id)
                }
                (TYP, Value::String(name)) => typ = Some(name),
                (CTY, Value::String(_)) => {}
                (ALG | KID | TYP | CTY, _) => return Err(TokenError::InvalidHeader.into()),
                (CRIT | B64, _) => return Err(TokenError::CriticalHeader.into()),
                _ => {}
            }
            Ok(())
        })
        .map_err(|error| error.or(TokenError::InvalidHeader))?;
        let alg = alg.ok_or(TokenError::InvalidHeader)?;
        Ok(Self { alg: alg.as_plain().and_then(Algorithm::from_name), kid, typ })
    }
}

/// The `typ` of the common headers.
const JWT: JsonStr<'static> = JsonStr::plain("JWT");

/// The headers most tokens without a `kid` come with, encoded: `alg` and `typ`, `typ` and `alg`. To decode and
/// read one took 110 of 900 ns.
const COMMON: [(Algorithm, &[u8; 36]); 12] = [
    (Algorithm::HS256, b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"),
    (Algorithm::HS256, b"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"),
    (Algorithm::RS256, b"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"),
    (Algorithm::RS256, b"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9"),
    (Algorithm::HS384, b"eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9"),
    (Algorithm::HS384, b"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzM4NCJ9"),
    (Algorithm::HS512, b"eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9"),
    (Algorithm::HS512, b"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9"),
    (Algorithm::RS384, b"eyJhbGciOiJSUzM4NCIsInR5cCI6IkpXVCJ9"),
    (Algorithm::RS384, b"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzM4NCJ9"),
    (Algorithm::RS512, b"eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9"),
    (Algorithm::RS512, b"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzUxMiJ9"),
];

/// What a common header says. Nothing where the bounds are so narrow that even these might be refused.
#[inline]
fn common(segment: &[u8], limits: &Limits) -> Option<Algorithm> {
    let segment: &[u8; 36] = segment.try_into().ok()?;
    if limits.members < 2 || limits.depth < 1 {
        return None;
    }
    COMMON.iter().find(|(_, common)| *common == segment).map(|(alg, _)| *alg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_headers_say_what_they_are_taken_to_say() {
        let narrow = Limits { members: 1, ..Limits::DEFAULT };
        for (alg, segment) in COMMON {
            assert_eq!(common(segment, &Limits::DEFAULT), Some(alg));
            assert_eq!(common(segment, &narrow), None);
            let mut scratch = [0; 36];
            let read = Header::parse(segment, &Limits::DEFAULT, &mut scratch).unwrap();
            assert_eq!((read.alg, read.kid, read.typ), (Some(alg), None, Some(JWT)));
        }
    }
}
