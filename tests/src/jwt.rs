//! Tokens with any header, payload and signature (RFC 7515 §5.1), made without doorward's own code.

use crate::fixtures::SECRET;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

/// A token to be.
#[derive(Clone, Debug)]
pub struct Token {
    header: Value,
    claims: Value,
    secret: Vec<u8>,
}

impl Token {
    /// HS256 by the tests' usual secret.
    #[must_use]
    pub fn new(claims: Value) -> Self {
        Self { header: json!({ "alg": "HS256", "typ": "JWT" }), claims, secret: SECRET.into() }
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// Leaves a claim out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().expect("claims are an object").remove(name);
        self
    }

    /// Says what algorithm it is signed with; HS256, HS384 and HS512 are also what it is signed with.
    #[must_use]
    pub fn algorithm(mut self, name: &str) -> Self {
        self.header["alg"] = name.into();
        self
    }

    /// Sets a member of the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    /// Signs by another secret.
    #[must_use]
    pub fn secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.secret = secret.into();
        self
    }

    /// The token. `none` has an empty signature; an algorithm that is not HMAC is signed as HS256.
    #[must_use]
    pub fn sign(&self) -> String {
        let signed = format!("{}.{}", encode(self.header.to_string()), encode(self.claims.to_string()));
        let signature = match self.header["alg"].as_str() {
            Some("none") => Vec::new(),
            Some("HS384") => mac::<Hmac<Sha384>>(&self.secret, &signed),
            Some("HS512") => mac::<Hmac<Sha512>>(&self.secret, &signed),
            _ => mac::<Hmac<Sha256>>(&self.secret, &signed),
        };
        format!("{signed}.{}", encode(signature))
    }

    /// The token, signed, and then its claims exchanged for others.
    #[must_use]
    pub fn sign_then_claim(&self, name: &str, value: impl Into<Value>) -> String {
        let signed = self.sign();
        let parts: Vec<&str> = signed.split('.').collect();
        let other = self.clone().claim(name, value).claims.to_string();
        [parts[0], &encode(other), parts[2]].join(".")
    }
}

/// A token from what is signed, by HS256.
#[must_use]
pub fn sign_text(signed: &str, secret: &str) -> String {
    format!("{signed}.{}", encode(mac::<Hmac<Sha256>>(secret.as_bytes(), signed)))
}

/// base64url without padding.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The claims of a token, unverified.
///
/// # Panics
/// It is no token.
#[must_use]
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a token has three segments");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

fn mac<M: Mac + KeyInit>(secret: &[u8], text: &str) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515, appendix A.1: another's token, so that a mistake here can't hide one in doorward.
    #[test]
    fn signs_as_the_rfc_does() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let key = URL_SAFE_NO_PAD.decode(key).expect("base64url");
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        assert_eq!(encode(mac::<Hmac<Sha256>>(&key, signed)), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }
}
