//! What `doorward/jsonwebtoken` needs beyond the package's own interface: signatures of bytes, for a module that takes a
//! token apart and puts it together as jsonwebtoken does, and secrets of any length but none.

use crate::boundary::{Argument, Bound, Octets, Room};
use crate::convert::algorithm;
use crate::errors::{self, OrConfigError, Result, WRONG_TYPE};
use crate::keys::{KeyHandle, whole};
use crate::sign::SigningKeyHandle;
use doorward::jwt::SigningKey;
use napi::bindgen_prelude::{Buffer, External};
use napi_derive::napi;

/// Bytes of a message or signature: what is longer is nobody's token.
const LIMIT: usize = 1 << 24;

/// What verifies by that key and algorithm: `(message, signature)` gives 1 where the signature holds, 0 where it doesn't, and
/// a number below zero where one of them is neither string nor bytes.
#[napi(
    ts_args_type = "key: ExternalObject<KeyHandle>, algorithm: string",
    ts_return_type = "(message: string | Uint8Array, signature: Uint8Array) => number"
)]
pub(crate) fn signature_verifier(key: &External<KeyHandle>, name: Octets) -> Result<Bound> {
    let (key, algorithm) = (key.key.clone(), algorithm(&name)?);
    Ok(Bound::new(move |call| {
        let (mut message, mut signature) = (Room::new(), Room::new());
        match (call.octets(0, &mut message, LIMIT), call.octets(1, &mut signature, LIMIT)) {
            (Argument::Bytes(message), Argument::Bytes(signature)) => {
                call.int(key.verify(algorithm, message, signature).into())
            }
            (Argument::TooLong, _) | (_, Argument::TooLong) => call.int(0),
            (Argument::Other, _) | (_, Argument::Other) => call.int(WRONG_TYPE),
        }
    }))
}

/// The message's signature.
#[napi(ts_args_type = "key: ExternalObject<SigningKeyHandle>, message: string | Uint8Array")]
pub(crate) fn sign_bytes(key: &External<SigningKeyHandle>, message: Octets) -> Result<Buffer> {
    let signature = key.key.sign_message(whole(&message)?).map_err(errors::sign)?;
    Ok(signature.into())
}

/// A secret that signs, of any length but none.
#[napi(ts_args_type = "secret: string | Uint8Array, algorithm: string")]
pub(crate) fn signing_key_from_short_secret(
    secret: Octets,
    name: Octets,
) -> Result<External<SigningKeyHandle>> {
    let key = SigningKey::hmac_allowing_short(algorithm(&name)?, whole(&secret)?).or_config_error()?;
    Ok(External::new(SigningKeyHandle { key }))
}
