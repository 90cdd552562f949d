//! Any bytes as a public key, in PEM or DER. What is accepted is of one kind, reads the same in the other form, and
//! verifies no signature that nobody made.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::jwt::{self, Algorithm, Rules};
use doorward::keys::Key;
use doorward_fuzz::{NOW, garbage};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let der = match std::str::from_utf8(data) {
        Ok(text) if text.contains("-----BEGIN") => {
            let accepted = accepted(|algorithms| Key::from_pem(text, algorithms));
            if accepted.is_empty() {
                return;
            }
            let der = body(text);
            assert_eq!(self::accepted(|algorithms| Key::from_der(&der, algorithms)), accepted);
            der
        }
        _ => data.to_vec(),
    };
    let found = accepted(|algorithms| Key::from_der(&der, algorithms));
    if found.is_empty() {
        return;
    }
    if ![&RSA[..], &[Algorithm::ES256], &[Algorithm::ES384], &[Algorithm::EdDSA]].contains(&found.as_slice())
    {
        panic!("a key for {found:?}");
    }
    let mut forms = ["PUBLIC KEY", "RSA PUBLIC KEY"].into_iter().filter(|label| {
        let pem = wrap(label, &der);
        accepted(|algorithms| Key::from_pem(&pem, algorithms)) == found
    });
    assert!(forms.next().is_some() && forms.next().is_none(), "one form in PEM");

    let key = Key::from_der(&der, &found).expect("it was read before");
    let rules = Rules::new().any_audience();
    for token in garbage() {
        let mut scratch = vec![0; token.len()];
        let refused = jwt::verify(token.as_bytes(), &key, &rules, &mut scratch, NOW);
        refused.map(|_| ()).expect_err("nobody signed this");
    }
});

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// The algorithms a key can be had for.
fn accepted<E>(read: impl Fn(&[Algorithm]) -> Result<Key, E>) -> Vec<Algorithm> {
    let mut all = Algorithm::ALL.to_vec();
    all.retain(|algorithm| read(&[*algorithm]).is_ok());
    all
}

/// What is between the lines of a PEM text that was accepted. Before them may be anything (RFC 7468 §2), behind
/// them nothing.
fn body(text: &str) -> Vec<u8> {
    let (_, behind) = text.rsplit_once("-----BEGIN ").expect("it was read before");
    let (_, behind) = behind.split_once("-----").expect("it was read before");
    let (body, _) = behind.split_once("-----END ").expect("it was read before");
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).expect("it was read before")
}

fn wrap(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
