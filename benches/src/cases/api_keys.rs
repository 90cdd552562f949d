//! API keys: found and not found, beside a hash map of digests and beside a constant-time scan of all.

use crate::material::{NOW, Random, Round};
use crate::{Budget, Case, Run, timed};
use cpu_time::ThreadTime;
use doorward::api_keys::{ApiKey, ApiKeys, KeyDigest, KeyFormat};
use sha2::{Digest as _, Sha256};
use std::any::Any;
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

const MAP: &str = "std HashMap of SHA-256 digests";
const SCAN: &str = "subtle scan of SHA-256 digests";

/// The cases of this domain.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for keys in [1, 1000, 1_000_000] {
        for (id, hit) in
            [(format!("api_key/find/{keys}"), true), (format!("api_key/find/{keys}/miss"), false)]
        {
            let beside = |vs, theirs: fn(usize, bool) -> Run| {
                Case::versus(id.as_str(), vs, move || find(keys, hit), move || theirs(keys, hit))
                    .budget(Budget::Nanos(250.0))
            };
            let beside = |vs, theirs| {
                let case = beside(vs, theirs);
                if keys == 1_000_000 { case.long_batches() } else { case }
            };
            cases.push(beside(MAP, find_in_map));
            if keys <= 1000 {
                cases.push(beside(SCAN, find_by_scan));
            }
        }
    }
    cases
}

/// A lookup in a set of so many keys, all present or all unknown, in random order.
#[must_use]
pub fn find(keys: usize, hit: bool) -> Run {
    let stored = minted(keys, 0);
    let mut builder = ApiKeys::builder();
    for (n, key) in stored.iter().enumerate() {
        builder = builder.add(key, entry(n));
    }
    let set = builder.build([9; 32]).expect("distinct keys");
    let mut presented = presented(stored, hit);
    timed(move || {
        let found = black_box(set.find(black_box(presented.turn().as_bytes()), NOW));
        assert_eq!(found.is_ok(), hit);
    })
}

fn find_in_map(keys: usize, hit: bool) -> Run {
    let stored = minted(keys, 0);
    let map: HashMap<[u8; 32], usize> = stored.iter().map(|key| digest(key)).zip(0..).collect();
    let mut presented = presented(stored, hit);
    timed(move || assert_eq!(black_box(map.get(&digest(black_box(presented.turn())))).is_some(), hit))
}

fn find_by_scan(keys: usize, hit: bool) -> Run {
    let stored = minted(keys, 0);
    let digests: Vec<[u8; 32]> = stored.iter().map(|key| digest(key)).collect();
    let mut presented = presented(stored, hit);
    timed(move || {
        let wanted = digest(black_box(presented.turn()));
        let mut found = u32::MAX;
        for (at, digest) in (0_u32..).zip(&digests) {
            found.conditional_assign(&at, digest.ct_eq(&wanted));
        }
        assert_eq!(black_box(found) != u32::MAX, hit);
    })
}

fn entry(n: usize) -> ApiKey {
    ApiKey::new(format!("client-{n}")).role("user")
}

/// A set, how long it took to build, and what must stay alive while its bytes are counted.
pub struct Built {
    /// From digests and entries in memory to a set that can be asked.
    pub took: Duration,
    /// The set.
    pub set: Box<dyn Any>,
}

/// A set of so many keys, built from their digests as a file of them would be.
#[must_use]
pub fn build(keys: usize) -> Built {
    let stored: Vec<_> =
        digests(keys).into_iter().map(|digest| KeyDigest::from_bytes(&digest)).zip(entries(keys)).collect();
    let start = ThreadTime::now();
    let mut builder = ApiKeys::builder();
    for (digest, entry) in stored {
        builder = builder.add_digest(digest, entry);
    }
    let set = builder.build([9; 32]).expect("distinct keys");
    let took = start.elapsed();
    Built { took, set: Box::new(set) }
}

/// The same digests and entries in a map.
#[must_use]
pub fn build_map(keys: usize) -> Built {
    let stored: Vec<_> = digests(keys).into_iter().zip(entries(keys)).collect();
    let start = ThreadTime::now();
    let map: HashMap<[u8; 32], ApiKey> = stored.into_iter().collect();
    let took = start.elapsed();
    Built { took, set: Box::new(map) }
}

fn digests(keys: usize) -> Vec<[u8; 32]> {
    (0..keys as u64).map(|n| Sha256::digest(n.to_le_bytes()).into()).collect()
}

fn entries(keys: usize) -> impl Iterator<Item = ApiKey> {
    (0..keys).map(entry)
}

fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// What is presented: the stored keys, or as many others that are well formed.
fn presented(stored: Vec<String>, hit: bool) -> Round<String> {
    let mut keys = if hit { stored } else { minted(stored.len().max(1000), 1) };
    Random(11).shuffle(&mut keys);
    Round::new(&keys)
}

/// Keys of doorward's format; those of different series differ.
fn minted(count: usize, series: u64) -> Vec<String> {
    let format = KeyFormat::default();
    let mut random = Random(series << 32);
    let mint = |n| {
        let mut secret = [0; 20];
        for part in secret.chunks_mut(8) {
            part.copy_from_slice(&random.word().to_ne_bytes()[..part.len()]);
        }
        format.mint("bench", &format!("{series:02}{n:010}"), &secret).expect("a good id").expose().into()
    };
    (0..count).map(mint).collect()
}
