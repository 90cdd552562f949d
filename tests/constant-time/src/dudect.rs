//! Statistics on time, after dudect (Reparaz, Balasch, Verbauwhede 2017): two classes of input, drawn by lot for every
//! operation, and Welch's t-test on what they took. Below 5, no difference was seen; controls that compare naively show
//! what one looks like. Evidence and no gate: a busy machine, or more samples, give other numbers.
//!
//! `make dudect`; what came of it is in `SIDE-CHANNELS.md`.
//!
//! By key, each class draws from as many keys as the other, and from many: a key's bucket decides which lines of the set
//! are read, and the verdict which entry. Both are public, and still measured. By digest there is one set, warm, and no form: what is measured is little more than what is claimed.

use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeys, KeyDigest, KeyFormat};
use doorward::jwt::{self, Algorithm, Rules, SigningKey};
use doorward::keys::Key;
use dudect_bencher::rand::RngExt as _;
use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main};
use std::hint::black_box;

const SAMPLES: usize = 1_000_000;
/// Sets, keys or tokens a class draws from.
const DRAWN: usize = 64;
const NOW: Now = Now::new(1_800_000_000.0, 0);

/// Draws a class for every sample, has its input made, and times `operation` on one after the other.
fn compare<I>(
    runner: &mut CtRunner,
    rng: &mut BenchRng,
    mut input: impl FnMut(bool, &mut BenchRng) -> I,
    operation: impl Fn(&I),
) {
    let mut sample = || {
        let left = rng.random::<bool>();
        (left, input(left, rng))
    };
    let samples: Vec<(bool, I)> = (0..SAMPLES).map(|_| sample()).collect();
    for (left, input) in &samples {
        let class = if *left { Class::Left } else { Class::Right };
        runner.run_one(class, || operation(black_box(input)));
    }
}

fn minted(rng: &mut BenchRng) -> String {
    let minted = KeyFormat::default().mint("live", "Zy9Xw8Vu7Ts6", &rng.random()).expect("a good id");
    minted.expose().to_owned()
}

/// A set, and the keys it has.
struct Known {
    set: ApiKeys,
    keys: Vec<String>,
}

/// Sets of so many keys each. Up to four have one bucket.
fn known(keys: usize, rng: &mut BenchRng) -> Vec<Known> {
    let mut one = || {
        let keys: Vec<String> = (0..keys).map(|_| minted(rng)).collect();
        let mut builder = ApiKeys::builder();
        for (n, key) in keys.iter().enumerate() {
            builder = builder.add(key, ApiKey::new(format!("client-{n}")));
        }
        Known { set: builder.build(rng.random()).expect("distinct keys"), keys }
    };
    (0..DRAWN).map(|_| one()).collect()
}

fn find(set: &ApiKeys, key: &str) {
    let _ = black_box(set.find(key.as_bytes(), NOW));
}

fn find_digest(set: &ApiKeys, digest: &KeyDigest) {
    let _ = black_box(set.find_digest(digest, NOW));
}

/// A key that is there, or another that is not.
fn find_hit_or_miss(runner: &mut CtRunner, rng: &mut BenchRng) {
    let sets = known(3, rng);
    let strangers: Vec<[String; 3]> = (0..DRAWN).map(|_| [minted(rng), minted(rng), minted(rng)]).collect();
    let input = |hit: bool, rng: &mut BenchRng| {
        let (at, n) = (rng.random_range(0..DRAWN), rng.random_range(0..3));
        (at, if hit { sets[at].keys[n].clone() } else { strangers[at][n].clone() })
    };
    compare(runner, rng, input, |(at, key)| find(&sets[*at].set, key));
}

/// The first or the last of three keys, which share a bucket.
fn find_first_or_last_of_3(runner: &mut CtRunner, rng: &mut BenchRng) {
    find_first_or_last(3, runner, rng);
}

/// The first or the last of a thousand.
fn find_first_or_last_of_1000(runner: &mut CtRunner, rng: &mut BenchRng) {
    find_first_or_last(1000, runner, rng);
}

fn find_first_or_last(count: usize, runner: &mut CtRunner, rng: &mut BenchRng) {
    let sets = known(count, rng);
    let input = |first: bool, rng: &mut BenchRng| {
        let at = rng.random_range(0..DRAWN);
        (at, sets[at].keys[if first { 0 } else { count - 1 }].clone())
    };
    compare(runner, rng, input, |(at, key)| find(&sets[*at].set, key));
}

/// Plain secrets that have their first 31 characters in common with the stored one, or none of them. Their digests have
/// nothing in common.
fn find_secret_sharing_31_or_0(runner: &mut CtRunner, rng: &mut BenchRng) {
    let stored = b"a-plain-secret-of-32-characters!";
    let set = ApiKeys::builder().add(stored, ApiKey::new("one")).build([9; 32]).expect("one key");
    let input = |shared: bool, rng: &mut BenchRng| {
        let mut bytes = *stored;
        let others = if shared { 31..32 } else { 0..32 };
        bytes[others].fill_with(|| rng.random_range(b'0'..=b'9'));
        bytes
    };
    compare(runner, rng, input, |key| {
        let _ = black_box(set.find(key, NOW));
    });
}

/// A digest that is there, or any other.
fn digest_hit_or_miss(runner: &mut CtRunner, rng: &mut BenchRng) {
    let Known { set, keys } = known(3, rng).remove(0);
    let stored = KeyDigest::of(keys[1].as_bytes());
    let input = |hit: bool, rng: &mut BenchRng| {
        if hit { stored } else { KeyDigest::from_bytes(&rng.random()) }
    };
    compare(runner, rng, input, |digest| find_digest(&set, digest));
}

/// The digest of the first key or of the last, of three.
fn digest_first_or_last_of_3(runner: &mut CtRunner, rng: &mut BenchRng) {
    digest_first_or_last(3, runner, rng);
}

/// The same of a thousand.
fn digest_first_or_last_of_1000(runner: &mut CtRunner, rng: &mut BenchRng) {
    digest_first_or_last(1000, runner, rng);
}

fn digest_first_or_last(count: usize, runner: &mut CtRunner, rng: &mut BenchRng) {
    let Known { set, keys } = known(count, rng).remove(0);
    let ends = [&keys[0], &keys[count - 1]].map(|key| KeyDigest::of(key.as_bytes()));
    compare(runner, rng, |first, _| ends[usize::from(!first)], |digest| find_digest(&set, digest));
}

/// A digest that shares its first 31 bytes with the stored one, or none: handed in as a digest, for nobody finds keys
/// that have such.
fn digest_sharing_31_or_0(runner: &mut CtRunner, rng: &mut BenchRng) {
    let stored = KeyDigest::of(b"one");
    let set = ApiKeys::builder().add_digest(stored, ApiKey::new("one")).build([9; 32]).expect("one key");
    let stored = stored.to_bytes();
    let input = |shared, rng: &mut BenchRng| KeyDigest::from_bytes(&near(&stored, shared, rng));
    compare(runner, rng, input, |digest| find_digest(&set, digest));
}

fn near(stored: &[u8; 32], shared: bool, rng: &mut BenchRng) -> [u8; 32] {
    let mut bytes = if shared { *stored } else { rng.random() };
    let at = if shared { 31 } else { 0 };
    bytes[at] = stored[at] ^ rng.random_range(1..=255_u8);
    bytes
}

/// Tags that differ from the right one in their first bits, or in their last.
fn hmac_first_or_last_bits(runner: &mut CtRunner, rng: &mut BenchRng) {
    let secret = b"a secret of at least 32 bytes, kept well";
    let signing = SigningKey::hmac(Algorithm::HS256, secret).expect("a long secret");
    let mut token = || {
        let claims = format!(r#"{{"sub":"{:016x}","exp":4102444800}}"#, rng.random::<u64>());
        jwt::sign(&claims, &signing).expect("claims with an expiry").into_bytes()
    };
    let tokens: Vec<Vec<u8>> = (0..DRAWN).map(|_| token()).collect();
    let key = Key::hmac(Algorithm::HS256, secret).expect("a long secret");
    let input = |first: bool, rng: &mut BenchRng| {
        let mut bytes = tokens[rng.random_range(0..DRAWN)].clone();
        // Of 43 characters. The last has bits that must be zero; the one before is all signature.
        let at = bytes.len() - if first { 43 } else { 2 };
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        bytes
    };
    compare(runner, rng, input, |token| {
        assert!(black_box(jwt::verify(token, &key, &Rules::new(), &mut [0; 256], NOW)).is_err());
    });
}

/// One key of nobody's again and again, or any: where the checksum is read from tables, this shows which lines of them
/// were read before (t = 60).
fn find_one_stranger_or_any(runner: &mut CtRunner, rng: &mut BenchRng) {
    let sets = known(3, rng);
    let one = minted(rng);
    let input = |same: bool, rng: &mut BenchRng| if same { one.clone() } else { minted(rng) };
    compare(runner, rng, input, |key| find(&sets[0].set, key));
}

/// The control: digests compared until they differ.
fn naive_digest_sharing_31_or_0(runner: &mut CtRunner, rng: &mut BenchRng) {
    let stored = KeyDigest::of(b"one").to_bytes();
    let input = |shared, rng: &mut BenchRng| near(&stored, shared, rng);
    compare(runner, rng, input, |digest| {
        black_box(stored.iter().zip(digest).all(|(a, b)| black_box(a) == b));
    });
}

/// The control: digests looked at until one is found.
fn naive_scan_first_or_last_of_16(runner: &mut CtRunner, rng: &mut BenchRng) {
    let stored: Vec<KeyDigest> = (0..16).map(|_| KeyDigest::of(minted(rng).as_bytes())).collect();
    let input = |first: bool, _: &mut BenchRng| stored[if first { 0 } else { 15 }];
    compare(runner, rng, input, |digest| {
        black_box(stored.iter().position(|one| one == digest));
    });
}

ctbench_main!(
    find_hit_or_miss,
    find_first_or_last_of_3,
    find_first_or_last_of_1000,
    find_secret_sharing_31_or_0,
    find_one_stranger_or_any,
    digest_hit_or_miss,
    digest_first_or_last_of_3,
    digest_first_or_last_of_1000,
    digest_sharing_31_or_0,
    hmac_first_or_last_bits,
    naive_digest_sharing_31_or_0,
    naive_scan_first_or_last_of_16
);
