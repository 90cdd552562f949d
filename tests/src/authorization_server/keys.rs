//! RSA keys of 2048 bits, the set that is published, and RS256 (RFC 7518 §3.3). By AWS-LC, so that doorward's own
//! signing and ring are on one side only.

use crate::jwt::encode;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

/// The last key signs; all are published.
pub(super) struct Keys {
    keys: Vec<Key>,
    made: usize,
}

struct Key {
    kid: String,
    pair: RsaKeyPair,
}

impl Keys {
    pub(super) fn new() -> Self {
        let mut keys = Self { keys: Vec::new(), made: 0 };
        keys.rotate();
        keys
    }

    /// Signs by a new key from now on; what others signed can be verified still.
    pub(super) fn rotate(&mut self) {
        self.made += 1;
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key can be made");
        // The same names at every issuer: whoever looks a key up by its name alone takes another's.
        self.keys.push(Key { kid: format!("key-{}", self.made), pair });
    }

    /// Publishes the key that signs, and no other.
    pub(super) fn withdraw_old(&mut self) {
        self.keys.drain(..self.keys.len() - 1);
    }

    /// The JWK Set (RFC 7517 §5).
    pub(super) fn published(&self) -> Value {
        let keys = self.keys.iter().map(|Key { kid, pair }| {
            let public = pair.public_key();
            json!({
                "kty": "RSA",
                "use": "sig",
                "alg": "RS256",
                "kid": kid,
                "n": encode(public.modulus().big_endian_without_leading_zero()),
                "e": encode(public.exponent().big_endian_without_leading_zero()),
            })
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }

    /// An access token (RFC 9068 §2).
    pub(super) fn sign(&self, claims: &Value) -> String {
        let Key { kid, pair } = self.keys.last().expect("one signs always");
        let header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": kid });
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("an RSA key signs");
        format!("{signed}.{}", encode(signature))
    }
}
