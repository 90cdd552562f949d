//! Secrets that are not secrets: a public key given as an HMAC secret lets anybody who has read it sign
//! (CVE-2022-29217, CVE-2023-48223, CVE-2024-33663).
//!
//! Every mark is looked for anywhere, so that a BOM, a name or junk around the key changes nothing, and is long
//! or odd enough that a random secret holds none (the shortest, seven bytes, by a chance below 2⁻⁵⁰).
//! Not found out: keys in hexadecimal, encrypted or compressed ones, and the bare numbers of a key.

/// Texts that only keys hold. Compared with NULs passed over, so that UTF-16 is seen through.
const TEXTS: [&[u8]; 9] = [
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

/// What DER and OpenSSH keys look like in base64 without their armour.
const BASE64: [&[u8]; 8] = [
    // rsaEncryption, and every OID of PKCS#1, where SPKI and PKCS#8 have it.
    b"BgkqhkiG9w0BAQ",
    // id-ecPublicKey, likewise.
    b"YHKoZIzj0CAQ",
    // id-Ed25519 in SPKI and in PKCS#8.
    b"MCowBQYDK2Vw",
    b"BDAFBgMrZXAE",
    // OpenSSH: the length and then "ssh-rsa", "ssh-ed", "ecdsa-".
    b"AAAAB3NzaC1yc2",
    b"AAAAC3NzaC1lZD",
    b"AAAAE2VjZHNhLX",
    b"AAAAFGVjZHNhLX",
];

/// The algorithm identifiers of public keys in DER (RFC 8017 §A.1, RFC 5480 §2.1.1, RFC 8410 §3).
const OIDS: [&[u8]; 3] = [
    b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01",
    b"\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01",
    b"\x30\x05\x06\x03\x2B\x65\x70",
];

/// Whether a secret is the text or the DER of a key.
pub(super) fn looks_like_a_key(secret: &[u8]) -> bool {
    TEXTS.iter().any(|mark| holds_text(secret, mark))
        || BASE64.iter().chain(&OIDS).any(|mark| secret.windows(mark.len()).any(|window| window == *mark))
        || (0..secret.len()).any(|start| secret.get(start..).is_some_and(begins_pkcs1))
        || is_bare_base64_der(secret)
}

fn holds_text(secret: &[u8], mark: &[u8]) -> bool {
    (0..secret.len()).any(|start| {
        // Four bytes a character, and no more: the work must not grow with a run of NULs.
        let text = secret.iter().skip(start).take(mark.len() * 4).filter(|byte| **byte != 0);
        text.take(mark.len()).eq(mark)
    })
}

/// PKCS#1 in DER names no algorithm: a SEQUENCE of two-byte length, and in it, for a private key behind the
/// version, an INTEGER of nearly that length (X.690 §8.1; RFC 8017 §A.1.1). Under 2⁻⁴⁰ a place for random bytes.
fn begins_pkcs1(bytes: &[u8]) -> bool {
    let (outer, inner) = match bytes {
        [0x30, 0x82, a, b, 0x02, 0x82, c, d, ..]
        | [0x30, 0x82, a, b, 0x02, 0x01, 0x00, 0x02, 0x82, c, d, ..] => ([*a, *b], [*c, *d]),
        [0x30, 0x81, a, 0x02, 0x81, c, ..] | [0x30, 0x81, a, 0x02, 0x01, 0x00, 0x02, 0x81, c, ..] => {
            ([0, *a], [0, *c])
        }
        _ => return false,
    };
    let (outer, inner) = (usize::from(u16::from_be_bytes(outer)), usize::from(u16::from_be_bytes(inner)));
    inner < outer && inner >= 64
}

/// PKCS#1 in base64: it begins with `MI` (0x30 0x8.) and goes on for long, perhaps over several lines.
fn is_bare_base64_der(secret: &[u8]) -> bool {
    let body = secret.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(secret).trim_ascii();
    let begins = [&b"MIGf"[..], b"MIGJ", b"MIIB", b"MIIC", b"MIID", b"MIIE", b"MIIF", b"MIIJ"];
    begins.iter().any(|begin| body.starts_with(begin))
        && body.len() >= 60
        && body.iter().all(|byte| {
            byte.is_ascii_alphanumeric()
                || byte.is_ascii_whitespace()
                || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
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
        // What a SEQUENCE of just this length begins with is no key as long as nothing of a key is in it.
        assert!(!looks_like_a_key(&[&[0x30, 0x2a][..], &[7; 42]].concat()));
    }

    #[test]
    fn keys_in_any_dress_do_not() {
        let pkcs1 = [&[0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00][..], &[7; 261]].concat();
        assert!(looks_like_a_key(&pkcs1));
        assert!(looks_like_a_key(&[b"junk".as_slice(), &pkcs1, b"junk"].concat()));
        assert!(looks_like_a_key("\u{feff}-----BEGIN PUBLIC KEY-----\nAAAA".as_bytes()));
        assert!(looks_like_a_key(b"junk -----BEGIN RSA PUBLIC KEY-----"));
        assert!(looks_like_a_key(b"{ \"kty\": \"RSA\", \"n\": \"AQAB\" }"));
        assert!(looks_like_a_key(b"{\"keys\":[]}"));
        assert!(looks_like_a_key(b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ"));
        let bare = [&b"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"[..], &[b'x'; 40]].concat();
        assert!(looks_like_a_key(&bare));
    }
}
