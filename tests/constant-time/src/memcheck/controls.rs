//! What must be reported: comparisons as they would be written without a thought, and the core's own where nothing is
//! declassified. A check that lets one of these pass proves nothing.

use crate::api_keys::{NOW, minted, set};
use crate::watch::Secret;
use doorward::api_keys::KeyDigest;
use doorward::jwt::TokenCache;
use std::hint::black_box;

pub(crate) type Control = (&'static str, fn());

/// Each by its name.
pub(crate) const ALL: &[Control] = &[
    ("digests-byte-by-byte", digests_byte_by_byte),
    ("scan-that-stops", scan_that_stops),
    ("table-read-at-a-secret", table_read_at_a_secret),
    ("tokens-by-equality", tokens_by_equality),
    ("find-not-declassified", find_not_declassified),
    ("cache-not-declassified", cache_not_declassified),
];

/// Two digests until they differ.
fn digests_byte_by_byte() {
    let stored = Secret::Stored.stored(&KeyDigest::of(b"one").to_bytes());
    let presented = KeyDigest::of(b"two").to_bytes();
    black_box(stored.iter().zip(&presented).all(|(a, b)| black_box(a) == b));
}

/// A whole comparison each, but none after the one that matches.
fn scan_that_stops() {
    let stored: Vec<KeyDigest> = minted(16).iter().map(|key| KeyDigest::of(key.as_bytes())).collect();
    let key = Secret::Presented.presented(minted(1)[0].as_bytes());
    let presented = KeyDigest::of(&key);
    black_box(stored.iter().position(|digest| *digest == presented));
}

/// Nothing branches, but the address tells: a cache remembers it.
fn table_read_at_a_secret() {
    let table: [u8; 256] = std::array::from_fn(|n| n as u8 ^ 0x55);
    let secret = Secret::Presented.presented(&[7]);
    black_box(black_box(&table)[usize::from(secret[0])]);
}

/// `==` on two tokens that differ at the end.
fn tokens_by_equality() {
    let stored = Secret::Stored.stored(&[b'x'; 325]);
    let mut presented = vec![b'x'; 325];
    presented[324] = b'y';
    black_box(stored == presented);
}

/// The core's own look-up, nobody having asked to be told what is no secret.
fn find_not_declassified() {
    let keys = minted(3);
    let set = set(&keys, Secret::Stored);
    let _ = black_box(set.find_digest(&KeyDigest::of(keys[0].as_bytes()), NOW).is_ok());
}

/// The same of the token cache.
fn cache_not_declassified() {
    let cache = TokenCache::<u32>::new(64, 60_000_000, [1, 2, 3, 4]);
    black_box(cache.get(&Secret::Presented.presented(b"a.b.c"), NOW));
}
