//! API keys: found and not found, by key and by digest, in one bucket and in many.

use crate::valgrind::unwatched;
use crate::watch::Value::{self, Either, Secret as Of};
use crate::watch::{Secret, watched};
use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeyRefusal, ApiKeys, KeyDigest, KeyFormat};

pub(crate) const NOW: Now = Now::new(1_800_000_000.0, 0);

pub(crate) fn run() {
    for secret in Secret::ALL {
        // Three keys have one bucket, so that whatever is presented is compared with all of them.
        for count in [1, 3, 1000] {
            for (kind, keys) in [("minted", minted(count)), ("plain", plain(count))] {
                let name = |what: &str| format!("api keys, {count} {kind}, {secret:?} secret: {what}");
                found(&keys, secret, name);
            }
        }
    }
}

fn found(keys: &[String], secret: Secret, name: impl Fn(&str) -> String) {
    let set = set(keys, secret);
    let values = |id: Option<usize>| {
        let verdict = if id.is_some() || keys.len() < 4 { Of("verdict") } else { Either("verdict") };
        [Of("bucket"), verdict]
    };
    let key = |what, key: &str, id| {
        let presented = secret.presented(key.as_bytes());
        // Where only what is stored is a secret, the form of what is presented is none.
        let form: Value = if secret == Secret::Stored { Either("form") } else { Of("form") };
        let values = [&[form][..], &values(id)].concat();
        watched(&name(what), &values, || expect(&set, set.find(&presented, NOW), id));
    };
    let digest = |what, digest: [u8; 32], id| {
        let presented = digest_of(&secret.presented(&digest));
        watched(&name(what), &values(id), || expect(&set, set.find_digest(&presented, NOW), id));
    };
    let last = keys.len() - 1;
    key("the first key", &keys[0], Some(0));
    key("the last key", &keys[last], Some(last));
    key("a key of nobody's", &stranger(&keys[0]), None);

    let stored = KeyDigest::of(keys[0].as_bytes()).to_bytes();
    digest("a digest", stored, Some(0));
    let (mut first_byte, mut last_byte) = (stored, stored);
    first_byte[0] ^= 1;
    last_byte[31] ^= 0x80;
    digest("a digest but for its first byte", first_byte, None);
    digest("a digest but for its last byte", last_byte, None);
}

/// The result is looked at, as a gate does: it is no secret.
fn expect(set: &ApiKeys, found: Result<&ApiKey, ApiKeyRefusal>, at: Option<usize>) {
    match at {
        Some(at) => assert_eq!(found, Ok(set.iter().nth(at).expect("so many keys"))),
        None => assert_eq!(found, Err(ApiKeyRefusal::Unknown)),
    }
}

/// A set whose digests, and the seed of whose hash, are secret where what is stored is. Building one looks at them.
pub(crate) fn set(keys: &[String], secret: Secret) -> ApiKeys {
    unwatched(|| {
        let mut builder = ApiKeys::builder();
        for (n, key) in keys.iter().enumerate() {
            let digest = digest_of(&secret.stored(&KeyDigest::of(key.as_bytes()).to_bytes()));
            builder = builder.add_digest(digest, ApiKey::new(format!("client-{n}")));
        }
        let seed = secret.stored(&[9; 32]);
        builder.build(*seed.first_chunk().expect("32 bytes")).expect("distinct keys")
    })
}

fn digest_of(bytes: &[u8]) -> KeyDigest {
    KeyDigest::from_bytes(bytes.first_chunk().expect("32 bytes"))
}

pub(crate) fn minted(count: usize) -> Vec<String> {
    (0..count).map(|n| mint(n, 1)).collect()
}

fn mint(n: usize, secret: u8) -> String {
    let format = KeyFormat::default();
    let minted = format.mint("live", &format!("{n:012}"), &[secret; 20]).expect("twelve digits");
    minted.expose().to_owned()
}

fn plain(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("a-secret-of-an-older-system-{n:04}")).collect()
}

/// A key of the same form that no set has.
fn stranger(key: &str) -> String {
    if key.starts_with("dw_") { mint(0, 2) } else { key.replace("older", "other") }
}
