//! PEM and DER (RFC 7468, RFC 5280 §4.1, RFC 8017 §A.1.1), by RustCrypto's `der` and `spki`.

use super::PublicKey;
use super::oid::{self, EC_PUBLIC_KEY, ED25519, RSA_ENCRYPTION};
use crate::keys::KeyError;
use spki::der::asn1::{AnyRef, UintRef};
use spki::der::{Decode as _, Reader as _, SliceReader, pem};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

pub(super) fn from_pem(text: &str) -> Result<PublicKey, KeyError> {
    let (label, der) = pem::decode_vec(text.trim().as_bytes()).map_err(|_| KeyError::Unreadable)?;
    match label {
        "PUBLIC KEY" => from_spki(&der),
        "RSA PUBLIC KEY" => from_pkcs1(&der),
        label if label.contains("PRIVATE") => Err(KeyError::PrivateKey),
        _ => Err(KeyError::Unsupported),
    }
}

pub(super) fn from_der(der: &[u8]) -> Result<PublicKey, KeyError> {
    match from_spki(der) {
        Err(KeyError::Unreadable) => from_pkcs1(der),
        other => other,
    }
}

fn from_spki(der: &[u8]) -> Result<PublicKey, KeyError> {
    let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| KeyError::Unreadable)?;
    let key = info.subject_public_key.as_bytes().ok_or(KeyError::Unreadable)?;
    let parameters: Option<AnyRef<'_>> = info.algorithm.parameters;
    match info.algorithm.oid {
        RSA_ENCRYPTION if parameters.is_none_or(|parameters| parameters.is_null()) => from_pkcs1(key),
        EC_PUBLIC_KEY => {
            let curve: ObjectIdentifier =
                parameters.and_then(|parameters| parameters.decode_as().ok()).ok_or(KeyError::Unreadable)?;
            PublicKey::point(oid::curve(curve)?, key)
        }
        ED25519 if parameters.is_none() => PublicKey::ed25519(key),
        RSA_ENCRYPTION | ED25519 => Err(KeyError::Unreadable),
        _ => Err(KeyError::Unsupported),
    }
}

fn from_pkcs1(der: &[u8]) -> Result<PublicKey, KeyError> {
    let mut reader = SliceReader::new(der).map_err(|_| KeyError::Unreadable)?;
    let (n, e) = reader
        .sequence(|inner| -> Result<_, spki::der::Error> {
            Ok((UintRef::decode(inner)?, UintRef::decode(inner)?))
        })
        .map_err(|_| KeyError::Unreadable)?;
    if !reader.is_finished() {
        return Err(KeyError::Unreadable);
    }
    PublicKey::rsa(n.as_bytes(), e.as_bytes())
}
