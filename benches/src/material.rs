//! Tokens and keys for benches: fixed, public, and good for nothing else.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use doorward::Now;
use doorward::jwt::{self, Algorithm, Rules, SigningKey, Verifier};
use doorward::keys::{Key, KeySet};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

/// The HS256 secret.
pub const SECRET: &[u8] = b"a bench secret of forty-eight bytes, known to all";
/// Who issued the tokens.
pub const ISSUER: &str = "https://issuer.example";
/// For whom.
pub const AUDIENCE: &str = "https://mcp.example/mcp";
/// The moment at which everything happens, unless a case reads the clock. Tokens are good for long after.
pub const NOW: Now = Now::new(1_800_000_000.0, 1_000_000);

/// Made for these benches, and published with them.
const TEST_ONLY_RSA: &[u8] = include_bytes!("../keys/test-only-rsa-2048.pk8");
/// The key of RFC 7515 §A.3.1.
const P256: [&str; 3] = [
    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
];
const KID: &str = "2026-01";

/// The claims of user `n`: 190 bytes or so, as an authorization server writes them.
fn claims(n: usize) -> String {
    format!(
        r#"{{"iss":"{ISSUER}","sub":"user-{n:06}","aud":"{AUDIENCE}","exp":4102444800,"iat":1800000000,"scope":"mcp:read mcp:write","roles":["user"],"jti":"{n:010x}"}}"#
    )
}

/// The HS256 token of user `n`, of 325 bytes.
#[must_use]
pub fn hs256_token(n: usize) -> String {
    let key = SigningKey::hmac(Algorithm::HS256, SECRET).expect("a long secret");
    jwt::sign(&claims(n), &key).expect("claims with an expiry")
}

/// The HS256 token of user 0 that names its key.
#[must_use]
pub fn hs256_kid_token() -> String {
    let key = SigningKey::hmac(Algorithm::HS256, SECRET).expect("a long secret").with_kid(KID);
    jwt::sign(&claims(0), &key).expect("claims with an expiry")
}

/// The header and payload segments of user `n`'s RS256 token, a dot between them.
fn rs256_signed_part(n: usize) -> String {
    let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{KID}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(header) + "." + &BASE64_URL_SAFE_NO_PAD.encode(claims(n))
}

fn rsa() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(TEST_ONLY_RSA).expect("a PKCS#8 RSA key")
}

/// The RS256 token of user 0, of 646 bytes.
#[must_use]
pub fn rs256_token() -> String {
    let signed = rs256_signed_part(0);
    let key = rsa();
    let mut signature = vec![0; key.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).expect("room for the signature");
    signed + "." + &BASE64_URL_SAFE_NO_PAD.encode(signature)
}

/// Like the RS256 token of user `n`, but its signature is noise: for a cache, which never looks inside.
#[must_use]
pub fn rs256_look_alike(n: usize) -> String {
    let mut random = Random(n as u64);
    let signature: Vec<u8> = (0..32).flat_map(|_| random.word().to_ne_bytes()).collect();
    rs256_signed_part(n) + "." + &BASE64_URL_SAFE_NO_PAD.encode(signature)
}

/// The RSA public key as PKCS#1 DER.
#[must_use]
pub fn rsa_public_der() -> Vec<u8> {
    rsa().public().as_ref().to_vec()
}

/// The ES256 token of user 0.
#[must_use]
pub fn es256_token() -> String {
    let [x, y, d] = P256;
    let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","d":"{d}","kid":"{KID}"}}"#);
    jwt::sign(&claims(0), &SigningKey::from_jwk(&jwk).expect("a private JWK")).expect("claims with an expiry")
}

/// The P-256 public key as a point: 4, x, y.
#[must_use]
pub fn p256_point() -> Vec<u8> {
    let decode = |text| BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url");
    [vec![4], decode(P256[0]), decode(P256[1])].concat()
}

/// Doorward's verifier for the HS256 tokens: issuer, audience and expiry checked.
#[must_use]
pub fn hs256_verifier() -> Verifier {
    let key = Key::hmac(Algorithm::HS256, SECRET).expect("a long secret");
    Verifier::new(KeySet::from(key), rules()).expect("a key")
}

/// The same for the token that names its key, which is found by it.
#[must_use]
pub fn hs256_kid_verifier() -> Verifier {
    let key = Key::hmac(Algorithm::HS256, SECRET).expect("a long secret");
    Verifier::new(KeySet::new().with_kid(KID, key).expect("a kid"), rules()).expect("a key")
}

/// Doorward's verifier for the RS256 token, its key found by `kid`.
#[must_use]
pub fn rs256_verifier() -> Verifier {
    let key = Key::from_der(&rsa_public_der(), &[Algorithm::RS256]).expect("a public key");
    let keys = KeySet::new().with_kid(KID, key).expect("a kid");
    Verifier::new(keys, rules()).expect("a key and an audience")
}

/// The same for the ES256 token.
#[must_use]
pub fn es256_verifier() -> Verifier {
    let [x, y, _] = P256;
    let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","alg":"ES256"}}"#);
    let (_, key) = Key::from_jwk(&jwk).expect("a public JWK");
    let keys = KeySet::new().with_kid(KID, key).expect("a kid");
    Verifier::new(keys, rules()).expect("a key and an audience")
}

fn rules() -> Rules<'static> {
    Rules::new().issuer(ISSUER).audience(AUDIENCE)
}

/// What a bare signature check needs of a token: the signed bytes and the decoded signature.
#[must_use]
pub fn signed_and_signature(token: &str) -> (Vec<u8>, Vec<u8>) {
    let (signed, signature) = token.rsplit_once('.').expect("a token");
    (signed.into(), BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64url"))
}

/// A number of a principal's.
#[must_use]
pub const fn number(n: usize) -> u64 {
    (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every run.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub const fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// Puts `items` in an order that no prefetcher guesses.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = (self.word() % (at as u64 + 1)) as usize;
            items.swap(at, other);
        }
    }
}

/// Hands out items one after the other, for ever.
pub struct Round<T> {
    items: Vec<T>,
    at: usize,
}

impl<T: Clone> Round<T> {
    /// Begins with the first. The items are copied in this order, so that what they own lies in it too: a request's
    /// credential has just been read from a socket, and is no cache miss.
    #[must_use]
    pub fn new(items: &[T]) -> Self {
        Self { items: items.to_vec(), at: 0 }
    }

    /// The next one.
    #[inline]
    pub fn turn(&mut self) -> &T {
        let at = self.at;
        self.at = if at + 1 == self.items.len() { 0 } else { at + 1 };
        &self.items[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_as_long_as_is_said_of_them() {
        assert_eq!(hs256_token(0).len(), 325);
        assert_eq!(rs256_token().len(), 646);
        assert_eq!(rs256_look_alike(7).len(), 646);
    }
}
