//! Private keys in PEM and DER: PKCS#8 (RFC 5958 §2), PKCS#1 (RFC 8017 §A.1.2) and SEC 1 (RFC 5915 §3), by RustCrypto's
//! `der`. Borrowed while they are read: nothing is copied but a PEM's bytes, which are wiped.
//!
//! Encrypted keys are told apart and refused; so are RSA keys of more than two primes.

use super::{PrivateKey, RsaNumbers};
use crate::keys::KeyError;
use crate::keys::public::oid::{self, EC_PUBLIC_KEY, ED25519, RSA_ENCRYPTION};
use crate::keys::public::{Curve, PublicKey};
use alloc::vec;
use spki::der::asn1::{AnyRef, BitStringRef, OctetStringRef, UintRef};
use spki::der::{self, Decode as _, Reader as _, SliceReader, Tag, pem};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier};
use zeroize::Zeroizing;

pub(super) fn from_pem(text: &str) -> Result<PrivateKey, KeyError> {
    let text = without_parameters(text.trim());
    // The encryption of OpenSSL's own, from before PKCS#8 (RFC 1421 §4.6).
    if text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(KeyError::EncryptedKey);
    }
    // By itself, for what is none of ours may have lines of another length: OpenSSH's have 70 characters.
    let read = match pem::decode_label(text.as_bytes()).map_err(|_| KeyError::Unreadable)? {
        "PRIVATE KEY" => from_pkcs8,
        "RSA PRIVATE KEY" => from_pkcs1,
        "EC PRIVATE KEY" => from_sec1,
        "ENCRYPTED PRIVATE KEY" => return Err(KeyError::EncryptedKey),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => return Err(KeyError::PublicKey),
        _ => return Err(KeyError::Unsupported),
    };
    let mut decoder = pem::Decoder::new(text.as_bytes()).map_err(|_| KeyError::Unreadable)?;
    let mut der = Zeroizing::new(vec![0; decoder.remaining_len()]);
    decoder.decode(&mut der).map_err(|_| KeyError::Unreadable)?;
    read(&der)
}

pub(super) fn from_der(der: &[u8]) -> Result<PrivateKey, KeyError> {
    // They differ in what follows the version: a SEQUENCE, an INTEGER, an OCTET STRING. So at most one can be read.
    for read in [from_pkcs8, from_pkcs1, from_sec1] {
        match read(der) {
            Err(KeyError::Unreadable) => {}
            other => return other,
        }
    }
    if is_encrypted(der) {
        return Err(KeyError::EncryptedKey);
    }
    Err(PublicKey::from_der(der).map_or(KeyError::Unreadable, |_| KeyError::PublicKey))
}

/// `openssl ecparam -genkey` writes the curve's name in a block of its own before the key, which names it again.
fn without_parameters(text: &str) -> &str {
    text.strip_prefix("-----BEGIN EC PARAMETERS-----")
        .and_then(|rest| rest.split_once("-----END EC PARAMETERS-----"))
        .map_or(text, |(_, rest)| rest.trim_start())
}

/// An error on its way through `der`'s closures.
struct Refused(KeyError);

impl From<der::Error> for Refused {
    fn from(_: der::Error) -> Self {
        Self(KeyError::Unreadable)
    }
}

impl From<KeyError> for Refused {
    fn from(error: KeyError) -> Self {
        Self(error)
    }
}

/// Reads the whole of `der` as one SEQUENCE.
fn sequence<'d, T>(
    der: &'d [u8],
    read: impl FnOnce(&mut SliceReader<'d>) -> Result<T, Refused>,
) -> Result<T, KeyError> {
    let mut reader = SliceReader::new(der).map_err(|_| KeyError::Unreadable)?;
    let value = reader.sequence(read).map_err(|Refused(error)| error)?;
    if reader.is_finished() { Ok(value) } else { Err(KeyError::Unreadable) }
}

/// The content of the next element, where it is `[number]`.
fn tagged<'d>(
    reader: &mut SliceReader<'d>,
    number: u32,
    constructed: bool,
) -> Result<Option<&'d [u8]>, Refused> {
    let wanted = Tag::ContextSpecific { number: der::TagNumber(number), constructed };
    if reader.is_finished() || Tag::peek(reader)? != wanted {
        return Ok(None);
    }
    Ok(Some(AnyRef::decode(reader)?.value()))
}

fn from_pkcs8(der: &[u8]) -> Result<PrivateKey, KeyError> {
    let (algorithm, key, public) = sequence(der, |reader| {
        if u8::decode(reader)? > 1 {
            return Err(KeyError::Unreadable.into());
        }
        let algorithm = AlgorithmIdentifierRef::decode(reader)?;
        let key = <&OctetStringRef>::decode(reader)?.as_bytes();
        // Attributes are nobody's business here.
        tagged(reader, 0, true)?;
        let public = match tagged(reader, 1, false)? {
            None => None,
            // A BIT STRING without its tag: how many bits are unused, and the bytes.
            Some([0, public @ ..]) => Some(public),
            Some(_) => return Err(KeyError::Unreadable.into()),
        };
        Ok((algorithm, key, public))
    })?;
    let AlgorithmIdentifierRef { oid, parameters } = algorithm;
    match oid {
        RSA_ENCRYPTION if parameters.is_none_or(|parameters| parameters.is_null()) => from_pkcs1(key),
        EC_PUBLIC_KEY => {
            let curve: ObjectIdentifier =
                parameters.and_then(|parameters| parameters.decode_as().ok()).ok_or(KeyError::Unreadable)?;
            ec(key, Some(curve), public)
        }
        ED25519 if parameters.is_none() => {
            let seed = <&OctetStringRef>::from_der(key).map_err(|_| KeyError::Unreadable)?.as_bytes();
            if seed.len() != 32 {
                return Err(KeyError::Unreadable);
            }
            PrivateKey::ed25519(seed, public)
        }
        RSA_ENCRYPTION | ED25519 => Err(KeyError::Unreadable),
        _ => Err(KeyError::Unsupported),
    }
}

fn from_pkcs1(der: &[u8]) -> Result<PrivateKey, KeyError> {
    let numbers = sequence(der, |reader| {
        let version = u8::decode(reader)?;
        let mut next = || UintRef::decode(reader).map(|number| number.as_bytes());
        let numbers = RsaNumbers {
            n: next()?,
            e: next()?,
            d: next()?,
            p: next()?,
            q: next()?,
            dp: next()?,
            dq: next()?,
            qi: next()?,
        };
        match version {
            0 => Ok(numbers),
            1 => Err(KeyError::Unsupported.into()),
            _ => Err(KeyError::Unreadable.into()),
        }
    })?;
    PrivateKey::rsa(numbers)
}

fn from_sec1(der: &[u8]) -> Result<PrivateKey, KeyError> {
    ec(der, None, None)
}

/// RFC 5915's structure. The curve and the public half may be told by what is around it.
fn ec(der: &[u8], curve: Option<ObjectIdentifier>, public: Option<&[u8]>) -> Result<PrivateKey, KeyError> {
    let (scalar, own_curve, own_public) = sequence(der, |reader| {
        if u8::decode(reader)? != 1 {
            return Err(KeyError::Unreadable.into());
        }
        let scalar = <&OctetStringRef>::decode(reader)?.as_bytes();
        let curve = tagged(reader, 0, true)?.map(ObjectIdentifier::from_der).transpose()?;
        let public = tagged(reader, 1, true)?.map(BitStringRef::from_der).transpose()?;
        Ok((scalar, curve, public))
    })?;
    let curve = match (curve, own_curve) {
        (Some(outer), Some(inner)) if outer != inner => return Err(KeyError::Inconsistent),
        (outer, inner) => oid::curve(outer.or(inner).ok_or(KeyError::Unreadable)?)?,
    };
    let size = match curve {
        Curve::P384 => 48,
        _ => 32,
    };
    if scalar.len() != size {
        return Err(KeyError::Unreadable);
    }
    let public = match own_public {
        Some(bits) => Some(bits.as_bytes().ok_or(KeyError::Unreadable)?),
        None => public,
    };
    PrivateKey::ec(curve, scalar, public.ok_or(KeyError::PublicHalfMissing)?)
}

/// An EncryptedPrivateKeyInfo (RFC 5958 §3).
fn is_encrypted(der: &[u8]) -> bool {
    sequence(der, |reader| {
        AlgorithmIdentifierRef::decode(reader)?;
        <&OctetStringRef>::decode(reader)?;
        Ok(())
    })
    .is_ok()
}
