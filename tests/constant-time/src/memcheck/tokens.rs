//! Tokens: the tag of an HMAC, and the cache of tokens that were verified.

use crate::api_keys::NOW;
use crate::valgrind::unwatched;
use crate::watch::Value::{self, Either, Secret as Of};
use crate::watch::{Secret, watched};
use doorward::jwt::{self, Algorithm, Rules, SigningKey, TokenCache, TokenError, Verifier, Window};
use doorward::keys::{Key, KeySet};
use doorward::memcheck::equal;

const CLAIMS: &str = r#"{"iss":"https://issuer.example","sub":"anna","exp":4102444800,"scope":"mcp:read"}"#;
const SECRET: &[u8; 64] = b"a secret of sixty-four bytes, which is long enough for HS512 too";
const WINDOW: Window = Window { from: f64::NEG_INFINITY, until: f64::INFINITY };

pub(crate) fn run() {
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        tags(algorithm);
    }
    comparisons();
    cache();
}

/// The key is secret, and so is the tag computed with it. The token is not: it was presented.
fn tags(algorithm: Algorithm) {
    let good = token(algorithm);
    let forged = |at: usize| {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        bytes
    };
    let signature = good.rfind('.').expect("a token") + 1;
    // The last character has bits that must be zero; the one before is all signature.
    let (first, last) = (forged(signature), forged(good.len() - 2));
    let refused = Err(TokenError::InvalidSignature);
    let cases = [
        ("a good token", good.as_bytes(), Ok(())),
        ("a signature but for its first bits", &first, refused),
        ("a signature but for its last bits", &last, refused),
    ];

    let key = unwatched(|| Key::hmac(algorithm, &Secret::Stored.stored(SECRET)).expect("a long secret"));
    let keys = unwatched(|| Key::hmac(algorithm, &Secret::Stored.stored(SECRET)).expect("a long secret"));
    let verifier = Verifier::new(KeySet::from(keys), Rules::new()).expect("a key");
    let mut scratch = [0; 512];
    for (what, token, expected) in cases {
        watched(&format!("{algorithm:?}, verify: {what}"), &[Of("equality")], || {
            let verified = jwt::verify(token, &key, &Rules::new(), &mut scratch, NOW).map(drop);
            assert_eq!(verified, expected);
        });
        watched(&format!("{algorithm:?}, Verifier: {what}"), &[Of("equality")], || {
            assert_eq!(verifier.verify_in(token, &mut scratch, NOW).map(drop), expected);
        });
    }
}

/// What tags and tokens are compared with, differing anywhere.
fn comparisons() {
    for secret in Secret::ALL {
        for len in [1, 7, 8, 32, 48, 64, 325, 640] {
            let stored = vec![b'x'; len];
            let differing = |at: usize| {
                let mut bytes = stored.clone();
                bytes[at] ^= 1;
                bytes
            };
            for (what, presented) in [
                ("equal", stored.clone()),
                ("but for the first byte", differing(0)),
                ("but for the last byte", differing(len - 1)),
            ] {
                let (a, b) = (secret.stored(&stored), secret.presented(&presented));
                let name = format!("{len} bytes, {secret:?} secret: {what}");
                watched(&name, &[Of("equality")], || assert_eq!(equal(&a, &b), what == "equal"));
            }
        }
    }
}

fn cache() {
    let token = token(Algorithm::HS256);
    // The hash is of the end alone.
    let beginning = token.replacen("eyJ", "eyK", 1);
    let ending = format!("{}A", &token[..token.len() - 1]);
    assert_ne!(ending, token);
    for secret in Secret::ALL {
        let cache = TokenCache::new(64, 60_000_000, [1, 2, 3, 4]);
        unwatched(|| cache.insert(&secret.stored(token.as_bytes()), WINDOW, NOW, 7_u32));
        let presented = secret.presented(token.as_bytes());
        let (beginning, ending) = (secret.presented(beginning.as_bytes()), secret.presented(ending.as_bytes()));
        // Where only what is stored is a secret, what is presented has a hash that is none.
        let hash: Value = if secret == Secret::Stored { Either("token hash") } else { Of("token hash") };
        let compared = [hash, Of("equality")];
        let name = |what| format!("cache, {secret:?} secret: {what}");
        watched(&name("a token it has"), &compared, || assert_eq!(cache.get(&presented, NOW), Some(7)));
        watched(&name("another beginning"), &compared, || assert_eq!(cache.get(&beginning, NOW), None));
        watched(&name("another end"), &[hash], || assert_eq!(cache.get(&ending, NOW), None));
        watched(&name("kept again"), &compared, || cache.insert(&presented, WINDOW, NOW, 8));
    }
}

fn token(algorithm: Algorithm) -> String {
    let key = SigningKey::hmac(algorithm, SECRET).expect("a long secret");
    jwt::sign(CLAIMS, &key).expect("claims with an expiry")
}
