//! Secrets that are not secrets: a public key given as an HMAC secret lets anybody who has read it sign
//! (CVE-2022-29217, CVE-2023-48223, CVE-2024-33663).

/// Texts that only keys hold, wherever in the secret they stand: behind a BOM, white space or other junk too.
const MARKS: [&[u8]; 9] = [
    b"-----BEGIN ",
    b"---- BEGIN ",
    b"ssh-rsa ",
    b"ssh-ed25519 ",
    b"ecdsa-sha2-nistp",
    b"\"kty\"",
    b"\"keys\"",
    b"'kty'",
    b"PRIVATE KEY",
];

/// Whether a secret is the text or the DER of a key.
pub(super) fn looks_like_a_key(secret: &[u8]) -> bool {
    MARKS.iter().any(|mark| secret.windows(mark.len()).any(|window| window == *mark))
        || is_der_sequence(secret)
        || is_bare_base64_der(secret)
}

/// A DER SEQUENCE (0x30) whose length is exactly what follows: SPKI, PKCS#1, PKCS#8, certificates (X.690 §8.1).
fn is_der_sequence(bytes: &[u8]) -> bool {
    let (length, body) = match bytes {
        [0x30, length @ 0x10..=0x7F, body @ ..] => (usize::from(*length), body),
        [0x30, 0x81, length, body @ ..] => (usize::from(*length), body),
        [0x30, 0x82, high, low, body @ ..] => (usize::from(*high) << 8 | usize::from(*low), body),
        _ => return false,
    };
    length == body.len()
}

/// The body of a PEM without its armour: DER in base64 begins with `MI` (0x30 0x8.) and goes on for long.
fn is_bare_base64_der(secret: &[u8]) -> bool {
    let body = secret.trim_ascii();
    let begins = [&b"MIGf"[..], b"MIIB", b"MIIC", b"MIID", b"MIIE", b"MIIF", b"MFkw", b"MHYw", b"MCow"];
    begins.iter().any(|begin| body.starts_with(begin))
        && body.len() >= 60
        && body.iter().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_' | b'\r' | b'\n')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_secrets_pass() {
        assert!(!looks_like_a_key(b"0123456789abcdef0123456789abcdef"));
        assert!(!looks_like_a_key(&[0x30; 64]));
        assert!(!looks_like_a_key(&[0xff; 64]));
    }

    #[test]
    fn keys_in_any_dress_do_not() {
        let der = [&[0x30, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        assert!(looks_like_a_key(&der));
        assert!(looks_like_a_key(&[&[0x30, 0x2a][..], &[7; 42]].concat()));
        assert!(looks_like_a_key("\u{feff}-----BEGIN PUBLIC KEY-----\nAAAA".as_bytes()));
        assert!(looks_like_a_key(b"junk -----BEGIN RSA PUBLIC KEY-----"));
        assert!(looks_like_a_key(b"{ \"kty\": \"RSA\", \"n\": \"AQAB\" }"));
        assert!(looks_like_a_key(b"{\"keys\":[]}"));
        assert!(looks_like_a_key(b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ"));
        let bare = [&b"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"[..], &[b'x'; 40]].concat();
        assert!(looks_like_a_key(&bare));
    }
}
