//! Keys in whatever form their owner has them: PEM, DER or a JWK, told apart by how they begin.
//!
//! For hosts that are given one text and no word on what it is. Each form is then read by its own reader, with all its
//! checks; nothing is tried twice.

use super::public::PublicKey;
use super::{Key, KeyError, Signer, jwk, private::PrivateKey};
use crate::jwt::Algorithm;
use alloc::string::String;

/// A key's text or bytes, by its form.
enum Form<'a> {
    Pem(&'a str),
    Jwk(&'a str),
    Der(&'a [u8]),
}

impl<'a> Form<'a> {
    fn of(key: &'a [u8]) -> Result<Self, KeyError> {
        let text = || core::str::from_utf8(key).map_err(|_| KeyError::Unreadable);
        // DER begins with the tag of a SEQUENCE, 0x30, which is the digit zero: no JWK or PEM does.
        match key.trim_ascii_start().first() {
            Some(b'{') => text().map(Self::Jwk),
            Some(_) if key.first() != Some(&0x30) => text().map(Self::Pem),
            _ => Ok(Self::Der(key)),
        }
    }
}

impl Key {
    /// A public key from PEM, DER or a JWK, whichever it is, with its `kid` where it is a JWK that has one.
    ///
    /// It is for these algorithms. Where none are given, for those of its `alg`, else for the usual ones of its kind: an
    /// RSA key for RS256, RS384 and RS512, a key on a curve for its curve's.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem), [`from_der`](Self::from_der) and [`from_jwk`](Self::from_jwk); a JWK of a shared
    /// secret; a JWK that is not for one of these algorithms.
    ///
    /// ```
    /// use doorward::{jwt::Algorithm, keys::Key};
    /// let jwk = br#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// let (kid, key) = Key::from_public(jwk, &[])?;
    /// assert!(kid.as_deref() == Some("a") && key.allows(Algorithm::EdDSA));
    /// # Ok::<(), doorward::keys::KeyError>(())
    /// ```
    pub fn from_public(key: &[u8], algorithms: &[Algorithm]) -> Result<(Option<String>, Self), KeyError> {
        let public = match Form::of(key)? {
            Form::Jwk(text) => {
                let (kid, key) = jwk::read(text)?;
                return match key.is_secret() {
                    true => Err(KeyError::Unsupported),
                    false => Ok((kid, key.narrowed(algorithms)?)),
                };
            }
            Form::Pem(text) => PublicKey::from_pem(text)?,
            Form::Der(der) => PublicKey::from_der(der)?,
        };
        let usual = public.usual();
        Ok((None, Self::public(&public, if algorithms.is_empty() { usual } else { algorithms })?))
    }

    fn narrowed(self, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        if algorithms.iter().any(|algorithm| !self.allows(*algorithm)) {
            return Err(KeyError::AlgorithmMismatch);
        }
        let bits = algorithms.iter().fold(0, |bits, algorithm| bits | algorithm.bit());
        Ok(Self { algorithms: if bits == 0 { self.algorithms } else { bits }, ..self })
    }
}

impl Signer {
    /// A private key from PEM, DER or a JWK, and its `kid`; for this algorithm, or the first of its usual ones.
    pub(crate) fn from_any(
        key: &[u8],
        algorithm: Option<Algorithm>,
    ) -> Result<(Option<String>, Self), KeyError> {
        let private = match Form::of(key)? {
            Form::Jwk(text) => {
                let (kid, signer) = jwk::read_signing(text)?;
                return match algorithm {
                    Some(other) if other != signer.algorithm() => Err(KeyError::AlgorithmMismatch),
                    _ => Ok((kid, signer)),
                };
            }
            Form::Pem(text) => PrivateKey::from_pem(text)?,
            Form::Der(der) => PrivateKey::from_der(der)?,
        };
        let usual = private.public().usual().first().copied();
        let algorithm = algorithm.or(usual).ok_or(KeyError::AlgorithmMismatch)?;
        Ok((None, Self::private(private, algorithm)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::SigningKey;
    use alloc::format;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
        -----END PUBLIC KEY-----";

    #[test]
    fn each_form_is_told_by_how_it_begins() {
        let signer = SigningKey::from_private(PEM.as_bytes(), None).unwrap();
        assert_eq!(signer.algorithm(), Algorithm::EdDSA);
        let jwk = signer.with_kid("a").public_jwk().unwrap();
        let (kid, key) = Key::from_public(format!(" \n{jwk}").as_bytes(), &[]).unwrap();
        assert!(kid.as_deref() == Some("a") && key.allows(Algorithm::EdDSA));
        for text in [PUBLIC.into(), format!("\n{PUBLIC}"), format!("a name\n{PUBLIC}")] {
            let (kid, key) = Key::from_public(text.as_bytes(), &[Algorithm::EdDSA]).unwrap();
            assert!(kid.is_none() && key.allows(Algorithm::EdDSA));
        }
        let der = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..], &[7; 32]]
            .concat();
        assert!(!matches!(Key::from_public(&der, &[]), Err(KeyError::Unreadable)));
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let refused = |key: &[u8], algorithms: &[Algorithm]| Key::from_public(key, algorithms).unwrap_err();
        assert_eq!(refused(PEM.as_bytes(), &[]), KeyError::PrivateKey);
        assert_eq!(refused(PUBLIC.as_bytes(), &[Algorithm::RS256]), KeyError::AlgorithmMismatch);
        let jwk = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        assert_eq!(refused(jwk, &[Algorithm::RS256]), KeyError::AlgorithmMismatch);
        let secret = br#"{"kty":"oct","alg":"HS256","k":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"}"#;
        assert_eq!(refused(secret, &[]), KeyError::Unsupported);
        for junk in [&b""[..], b" ", b"0", b"junk", b"\xff\xfe", b"{"] {
            assert!(Key::from_public(junk, &[]).is_err() && SigningKey::from_private(junk, None).is_err());
        }
        let wrong = SigningKey::from_private(PEM.as_bytes(), Some(Algorithm::ES256));
        assert_eq!(wrong.err(), Some(KeyError::AlgorithmMismatch));
    }
}
