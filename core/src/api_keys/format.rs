//! The public form of a key: `<prefix>_<env>_<id>_<secret><checksum>`.
//!
//! | part | characters | meaning |
//! |---|---|---|
//! | prefix | 1–16 of `a-z0-9`, `dw` by default | whose key it is; secret scanners look for it |
//! | env | 1–16 of `a-z0-9` | `live`, `test`, … |
//! | id | 12 of base62 | public name of the key |
//! | secret | 27 of base62 | 160 random bits |
//! | checksum | 6 of base62 | CRC-32 (IEEE 802.3) of everything before it |
//!
//! A typing error, a truncated paste or a scanner's false hit is told apart without a look at any set. The
//! checksum is no proof of anything: anybody can compute it. Reading the form takes a time that depends on the
//! presented key itself, never on a stored one. CRC tables are read at such addresses too, unless there is `std` and
//! a processor with PCLMULQDQ or CRC32 instructions.

use super::ApiKeyError;
use super::base62::{encode, is_base62};
use alloc::string::String;
use core::fmt;

pub(super) const ID_LEN: usize = 12;
pub(super) const SECRET_LEN: usize = 27;
pub(super) const CHECKSUM_LEN: usize = 6;
/// Longest prefix, and longest environment, in characters.
pub(super) const WORD_MAX: usize = 16;

/// A regular expression (PCRE, RE2 and Rust's `regex` alike) that finds keys of the default format in
/// sources and logs. For another prefix, put it in the place of `dw`.
///
/// ```
/// assert_eq!(
///     doorward::api_keys::SECRET_SCANNER_REGEX,
///     r"\bdw_[a-z0-9]{1,16}_[0-9A-Za-z]{12}_[0-9A-Za-z]{33}\b",
/// );
/// ```
pub const SECRET_SCANNER_REGEX: &str = r"\bdw_[a-z0-9]{1,16}_[0-9A-Za-z]{12}_[0-9A-Za-z]{33}\b";

/// The key format of one prefix.
///
/// ```
/// use doorward::api_keys::{KeyFormat, KeyShape};
///
/// let format = KeyFormat::new("acme")?;
/// let key = format.mint("live", "Zy9Xw8Vu7Ts6", &[7; 20])?;
/// let parsed = format.parse(key.expose()).ok_or("not a key")?;
/// assert_eq!((parsed.env, parsed.id), ("live", "Zy9Xw8Vu7Ts6"));
///
/// let cut = &key.expose()[..50];
/// assert_eq!(format.shape(cut), KeyShape::Damaged);
/// assert_eq!(format.shape("hunter2"), KeyShape::NotOurs);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct KeyFormat {
    /// With its underscore.
    prefix: String,
}

/// What the form of a key says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyShape<'k> {
    /// Does not begin with the prefix and an underscore.
    NotOurs,
    /// Begins like a key of this format, but its layout, alphabet or checksum is wrong.
    Damaged,
    /// A whole key of this format. Nothing is said about whether anybody issued it.
    WellFormed(ParsedKey<'k>),
}

/// The public parts of a key, borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedKey<'k> {
    /// The environment, as `live` or `test`.
    pub env: &'k str,
    /// The public id: 12 characters of base62.
    pub id: &'k str,
}

impl KeyFormat {
    /// The format of keys that begin with `prefix` and an underscore.
    ///
    /// # Errors
    /// [`ApiKeyError::PrefixInvalid`] unless it is 1 to 16 characters of `a-z0-9`.
    pub fn new(prefix: &str) -> Result<Self, ApiKeyError> {
        if !is_word(prefix.as_bytes()) {
            return Err(ApiKeyError::PrefixInvalid);
        }
        let mut with_underscore = String::with_capacity(prefix.len() + 1);
        with_underscore.push_str(prefix);
        with_underscore.push('_');
        Ok(Self { prefix: with_underscore })
    }

    /// The prefix, without its underscore.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.prefix.strip_suffix('_').unwrap_or(&self.prefix)
    }

    /// Whether a text begins with the prefix and its underscore: enough to choose how a credential is to be
    /// read, not to trust its form.
    #[must_use]
    pub fn looks_like(&self, key: impl AsRef<[u8]>) -> bool {
        key.as_ref().starts_with(self.prefix.as_bytes())
    }

    /// The public parts of a whole key; nothing of any other text.
    #[must_use]
    pub fn parse<'k, K: AsRef<[u8]> + ?Sized>(&self, key: &'k K) -> Option<ParsedKey<'k>> {
        match self.shape(key) {
            KeyShape::WellFormed(parsed) => Some(parsed),
            KeyShape::NotOurs | KeyShape::Damaged => None,
        }
    }

    /// Length, layout, alphabet and checksum, in that order; nothing is hashed.
    #[must_use]
    pub fn shape<'k, K: AsRef<[u8]> + ?Sized>(&self, key: &'k K) -> KeyShape<'k> {
        let key = key.as_ref();
        match key.strip_prefix(self.prefix.as_bytes()) {
            None => KeyShape::NotOurs,
            Some(rest) => match read(rest).filter(|_| checksum_holds(key)) {
                Some(parsed) => KeyShape::WellFormed(parsed),
                None => KeyShape::Damaged,
            },
        }
    }
}

impl Default for KeyFormat {
    /// The prefix `dw`.
    fn default() -> Self {
        Self { prefix: String::from("dw_") }
    }
}

impl fmt::Debug for KeyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFormat").field("prefix", &self.prefix()).finish()
    }
}

/// What follows the prefix. All parts but the environment have a fixed length, so the parts are cut off from
/// the end, and no key is read in two ways.
fn read(rest: &[u8]) -> Option<ParsedKey<'_>> {
    if rest.len() > WORD_MAX + 1 + ID_LEN + 1 + SECRET_LEN + CHECKSUM_LEN {
        return None;
    }
    let (rest, tail) = rest.split_last_chunk::<{ SECRET_LEN + CHECKSUM_LEN }>()?;
    let (rest, id) = rest.strip_suffix(b"_")?.split_last_chunk::<ID_LEN>()?;
    let env = rest.strip_suffix(b"_")?;
    if !(is_word(env) && is_base62(id) && is_base62(tail)) {
        return None;
    }
    Some(ParsedKey { env: core::str::from_utf8(env).ok()?, id: core::str::from_utf8(id).ok()? })
}

/// 1 to 16 characters of `a-z0-9`.
pub(super) fn is_word(bytes: &[u8]) -> bool {
    matches!(bytes.len(), 1..=WORD_MAX) && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// The checksum of everything before it.
pub(super) fn checksum(body: &[u8]) -> [u8; CHECKSUM_LEN] {
    encode(&mut [crc32fast::hash(body)])
}

fn checksum_holds(key: &[u8]) -> bool {
    key.split_last_chunk::<CHECKSUM_LEN>().is_some_and(|(body, last)| checksum(body) == *last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString as _;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// Made once, with Python's `zlib.crc32`: the format is a promise to keys already in the world.
    const MINTED: &str = "dw_live_Zy9Xw8Vu7Ts6_0029sS3yqsuDyR1vGFhTuuRAq1b0qqGGk";

    fn whole(body: &str) -> String {
        format!("{body}{}", core::str::from_utf8(&checksum(body.as_bytes())).unwrap())
    }

    #[test]
    fn a_key_of_old_is_still_read() {
        let parsed = KeyFormat::default().parse(MINTED).unwrap();
        assert_eq!((parsed.env, parsed.id), ("live", "Zy9Xw8Vu7Ts6"));
        assert_eq!(KeyFormat::new("dw"), Ok(KeyFormat::default()));
        assert_eq!(KeyFormat::default().prefix(), "dw");
        assert_eq!(KeyFormat::new("acme").unwrap().shape(MINTED), KeyShape::NotOurs);
        assert_eq!(KeyFormat::new("d").unwrap().shape(MINTED), KeyShape::NotOurs);
    }

    #[test]
    fn words_are_short_and_lower_case() {
        for prefix in ["", "Dw", "d_w", "d-w", "dé", "d w", "abcdefghijklmnopq"] {
            assert_eq!(KeyFormat::new(prefix), Err(ApiKeyError::PrefixInvalid), "{prefix}");
        }
        assert!(KeyFormat::new("abcdefghijklmno9").is_ok());
    }

    #[test]
    fn a_good_checksum_does_not_excuse_a_bad_layout() {
        let format = KeyFormat::default();
        let (id, secret) = ("a".repeat(12), "b".repeat(27));
        let good = |env: &str, id: &str, secret: &str| whole(&format!("dw_{env}_{id}_{secret}"));
        assert!(format.parse(&good("live", &id, &secret)).is_some());
        assert!(format.parse(&good(&"e".repeat(16), &id, &secret)).is_some());
        for damaged in [
            good("", &id, &secret),
            good(&"e".repeat(17), &id, &secret),
            good("Live", &id, &secret),
            good("li_ve", &id, &secret),
            good("li-ve", &id, &secret),
            good("live", &id[1..], &secret),
            good("live", &format!("{id}a"), &secret),
            good("live", &id.replacen('a', "_", 1), &secret),
            good("live", &id, &secret[1..]),
            good("live", &id, &format!("{secret}b")),
            good("live", &id, &secret.replacen('b', "-", 1)),
            good("live", &id, &secret.replacen("bb", "é", 1)),
            whole(&format!("dw_live{id}_{secret}")),
            whole(&format!("dw_live_{id}{secret}")),
            whole(&format!("dw_live-{id}_{secret}")),
            whole("dw_"),
            "dw_".to_string(),
        ] {
            assert_eq!(format.shape(&damaged), KeyShape::Damaged, "{damaged}");
        }
        for foreign in ["", "d", "dw", "DW_live", " dw_live"] {
            assert_eq!(format.shape(foreign), KeyShape::NotOurs);
            assert!(!format.looks_like(foreign));
        }
    }

    #[test]
    fn every_single_character_change_is_seen() {
        let format = KeyFormat::default();
        for at in 0..MINTED.len() {
            for byte in (0..=255).filter(|byte| *byte != MINTED.as_bytes()[at]) {
                let mut changed = MINTED.as_bytes().to_vec();
                changed[at] = byte;
                let expected = if at < 3 { KeyShape::NotOurs } else { KeyShape::Damaged };
                assert_eq!(format.shape(&changed), expected, "byte {byte} at {at}");
            }
            assert_eq!(format.parse(&MINTED[..at]), None);
            assert_eq!(format.parse(&MINTED[at + 1..]), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_shape(bytes: Vec<u8>, tail: Vec<u8>) {
            let format = KeyFormat::default();
            prop_assert!(format.parse(&bytes).is_none());
            let ours = [b"dw_".as_slice(), &tail].concat();
            prop_assert_eq!(format.shape(&ours), KeyShape::Damaged);
        }

        #[test]
        fn what_the_scanner_finds_has_our_layout(
            text in proptest::string::string_regex(SECRET_SCANNER_REGEX.trim_matches(['\\', 'b'])).unwrap(),
        ) {
            let body = &text[..text.len() - CHECKSUM_LEN];
            prop_assert!(KeyFormat::default().parse(&whole(body)).is_some());
        }
    }
}
