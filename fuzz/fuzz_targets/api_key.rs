//! Any bytes as a presented key: read by a second reader of the format, and looked for in a set of two.
#![no_main]

use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeys, KeyFormat, KeyShape, Pepper};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const OWN: &str = "dw_live_Zy9Xw8Vu7Ts6_0029sS3yqsuDyR1vGFhTuuRAq1b0qqGGk";
const PLAIN: &str = "a-secret-from-before";
const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static SETS: LazyLock<[ApiKeys; 3]> = LazyLock::new(|| {
    let pepper = Pepper::new(&[7; 32]).unwrap();
    [
        ApiKeys::builder().add(OWN, ApiKey::new("own")),
        ApiKeys::builder().add(OWN, ApiKey::new("own")).add(PLAIN, ApiKey::new("plain")),
        ApiKeys::builder().pepper(pepper).add(OWN, ApiKey::new("own")).add(PLAIN, ApiKey::new("plain")),
    ]
    .map(|builder| builder.build([9; 32]).unwrap())
});

fuzz_target!(|key: &[u8]| {
    for prefix in ["dw", "d", "acme"] {
        let format = KeyFormat::new(prefix).unwrap();
        let expected = read(prefix, key);
        match format.shape(key) {
            KeyShape::WellFormed(parsed) => assert_eq!(expected, Some((parsed.env.into(), parsed.id.into()))),
            KeyShape::Damaged => assert!(expected.is_none() && key.starts_with(format!("{prefix}_").as_bytes())),
            KeyShape::NotOurs => assert!(!key.starts_with(format!("{prefix}_").as_bytes())),
        }
    }
    let [own, both, peppered] = &*SETS;
    for (keys, plain) in [(own, false), (both, true), (peppered, true)] {
        let found = keys.find(key, Now::new(0.0, 0)).ok().map(ApiKey::id);
        let expected = match key {
            _ if key == OWN.as_bytes() => Some("own"),
            _ if plain && key == PLAIN.as_bytes() => Some("plain"),
            _ => None,
        };
        assert_eq!(found, expected);
    }
});

/// The format's own words: environment and id of a whole key.
fn read(prefix: &str, key: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(key).ok()?;
    let parts: Vec<&str> = text.split('_').collect();
    let [first, env, id, tail] = parts.as_slice() else { return None };
    let digits = |text: &str, len: usize| text.len() == len && text.bytes().all(|b| DIGITS.contains(&b));
    let word = (1..=16).contains(&env.len()) && env.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if *first != prefix || !word || !digits(id, 12) || !digits(tail, 33) {
        return None;
    }
    let (body, checksum) = text.split_at(text.len() - 6);
    let mut number = crc32(body.as_bytes());
    let mut expected = [0; 6];
    for digit in expected.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    (checksum.as_bytes() == expected).then(|| ((*env).into(), (*id).into()))
}

/// IEEE 802.3, a bit at a time.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}
