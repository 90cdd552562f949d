//! The JOSE header (RFC 7515 §4): which algorithm and which key, and nothing else that would be believed.

use super::error::ReadError;
use super::{Algorithm, Limits, TokenError};
use crate::base64url;
use crate::json::{JsonStr, Value, object_members, pack_bytes};

/// What of a header matters.
#[derive(Debug)]
pub(super) struct Header<'s> {
    /// `None` where the name is no algorithm of doorward's, `none` above all.
    pub(super) alg: Option<Algorithm>,
    /// Chooses among several keys, which takes an allocator to have.
    #[cfg_attr(not(feature = "alloc"), allow(dead_code))]
    pub(super) kid: Option<JsonStr<'s>>,
}

impl<'s> Header<'s> {
    /// Decodes and reads the header's segment into `scratch`.
    pub(super) fn read(segment: &[u8], limits: &Limits, scratch: &'s mut [u8]) -> Result<Self, TokenError> {
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
        object_members(text, limits.json(), |name, _, value| -> Result<(), ReadError> {
            match (name, value) {
                (ALG, Value::String(name)) => alg = Some(name),
                (KID, Value::String(id)) if !id.is_empty() && id.unescaped_len() <= limits.kid => {
                    kid = Some(id)
                }
                (TYP | CTY, Value::String(_)) => {}
                (ALG | KID | TYP | CTY, _) => return Err(TokenError::InvalidHeader.into()),
                (CRIT | B64, _) => return Err(TokenError::CriticalHeader.into()),
                _ => {}
            }
            Ok(())
        })
        .map_err(|error| error.or(TokenError::InvalidHeader))?;
        let alg = alg.ok_or(TokenError::InvalidHeader)?;
        Ok(Self { alg: alg.as_plain().and_then(Algorithm::from_name), kid })
    }
}
