//! The set a server asks: is this one of ours, and may it be used now?

use super::builder::ApiKeysBuilder;
use super::format::{KeyFormat, KeyShape};
use super::table::{NOBODY, Table};
use super::{ApiKey, ApiKeyRefusal, KeyDigest, Pepper};
use crate::Now;
use crate::constant_time::public_form;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::hint::black_box;

/// Slots of a bucket. Sixteen at a load of four make a second draw rare at a million keys; see the header of
/// `table.rs` for the odds.
const SLOTS: usize = 16;

/// An immutable set of API keys, held as digests.
///
/// Cost does not grow with the number of keys, but for what a larger table costs in cache misses. To add or
/// remove a key, build another set and put it in this one's place.
///
/// ```
/// use doorward::Now;
/// use doorward::api_keys::{ApiKey, ApiKeyRefusal, ApiKeys, KeyFormat};
///
/// let minted = KeyFormat::default().mint_random("live")?;
/// let keys = ApiKeys::builder()
///     .add(minted.expose(), ApiKey::new("ci").role("deploy"))
///     .add("a-secret-from-before", ApiKey::new("old-laptop").expires(1_900_000_000.0))
///     .build_random()?;
///
/// let now = Now::new(1_800_000_000.0, 0);
/// assert_eq!(keys.find(minted.expose().as_bytes(), now)?.id(), "ci");
/// assert_eq!(keys.find(b"a-secret-from-before", now)?.id(), "old-laptop");
/// assert_eq!(keys.find(b"a-guess", now), Err(ApiKeyRefusal::Unknown));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ApiKeys {
    table: Table<SLOTS>,
    /// Nobody, then the entries in the order they were added: the table's positions are indices. A miss
    /// reads nobody's entry as a hit reads its own.
    entries: Vec<ApiKey>,
    format: KeyFormat,
    pepper: Option<Pepper>,
    max_presented: usize,
    accepts_legacy: bool,
}

impl ApiKeys {
    /// An empty set to add keys to.
    ///
    /// ```
    /// use doorward::api_keys::ApiKeys;
    /// assert!(ApiKeys::builder().build([0; 32])?.is_empty());
    /// # Ok::<(), doorward::api_keys::ApiKeyError>(())
    /// ```
    pub fn builder() -> ApiKeysBuilder {
        ApiKeysBuilder::new()
    }

    /// The keys' entries follow nobody's, in `entries`; the table knows as many digests.
    pub(super) fn from_parts(
        digests: &[KeyDigest],
        entries: Vec<ApiKey>,
        (format, pepper): (KeyFormat, Option<Pepper>),
        max_presented: usize,
        seed: &[u8; 32],
    ) -> Option<Self> {
        let accepts_legacy = entries.iter().skip(1).any(|entry| !entry.is_strong());
        let table = Table::build(digests, seed).ok()?;
        Some(Self { table, entries, format, pepper, max_presented, accepts_legacy })
    }

    /// The entry of the key that was presented, if it may be used at `now.unix`.
    ///
    /// What cannot be a key of this set by its form alone is refused before it is hashed; for all else, the
    /// work depends on the length of what was presented.
    ///
    /// # Errors
    /// [`ApiKeyRefusal`], for the operator's log. Tell the caller the same in every case: that a key is
    /// expired is known to whoever presents it only by its being a key.
    pub fn find(&self, presented: &[u8], now: Now) -> Result<&ApiKey, ApiKeyRefusal> {
        self.position(presented, now).and_then(|at| self.iter().nth(at).ok_or(ApiKeyRefusal::Unknown))
    }

    /// The entry of the key, be it good now or not: for an operator who asks whose a key is, and never to admit.
    #[must_use]
    pub fn locate(&self, key: &[u8]) -> Option<&ApiKey> {
        let digest = KeyDigest::of(key);
        let stored = self.pepper.as_ref().map_or(digest, |pepper| digest.peppered(pepper));
        self.entries.get(self.table.find(&stored) as usize).filter(|entry| !entry.id().is_empty())
    }

    /// As [`find`](Self::find), the entry told by its place in [`iter`](Self::iter): for hosts that keep a value of their
    /// own for each.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn position(&self, presented: &[u8], now: Now) -> Result<usize, ApiKeyRefusal> {
        if presented.is_empty() || presented.len() > self.max_presented {
            return Err(ApiKeyRefusal::Malformed);
        }
        if !public_form(presented, |presented| self.may_be_a_key(presented)) {
            return Err(ApiKeyRefusal::Malformed);
        }
        let mut digest = KeyDigest::of(presented);
        let found = self.position_of_plain_digest(&digest, now);
        digest.wipe();
        found
    }

    fn position_of_plain_digest(&self, digest: &KeyDigest, now: Now) -> Result<usize, ApiKeyRefusal> {
        let Some(pepper) = &self.pepper else { return self.position_of_digest(digest, now) };
        let mut stored = digest.peppered(pepper);
        let found = self.position_of_digest(&stored, now);
        stored.wipe();
        found
    }

    /// What the form alone says.
    fn may_be_a_key(&self, presented: &[u8]) -> bool {
        match self.format.shape(presented) {
            KeyShape::WellFormed(_) => true,
            KeyShape::NotOurs => self.accepts_legacy && is_visible_ascii(presented),
            KeyShape::Damaged => false,
        }
    }

    /// The entry of the key with this SHA-256, if it may be used at `now.unix`. For hosts that are handed
    /// digests; a key as it was presented belongs in [`find`](Self::find), which checks its form.
    ///
    /// # Errors
    /// As [`find`](Self::find), `Malformed` excepted.
    pub fn find_digest(&self, digest: &KeyDigest, now: Now) -> Result<&ApiKey, ApiKeyRefusal> {
        self.position_of_plain_digest(digest, now)
            .and_then(|at| self.iter().nth(at).ok_or(ApiKeyRefusal::Unknown))
    }

    /// What is stored of each key, in the order of [`iter`](Self::iter).
    pub(crate) fn digests(&self) -> Vec<KeyDigest> {
        self.table.digests(self.len())
    }

    /// An empty set. There is nothing its secrets would keep.
    pub(crate) fn nobody() -> Option<Self> {
        let nobody = alloc::vec![ApiKey::new(String::new())];
        Self::from_parts(&[], nobody, (KeyFormat::default(), None), super::MAX_PRESENTED, &[0; 32])
    }

    /// By what is stored.
    pub(crate) fn position_of_digest(&self, digest: &KeyDigest, now: Now) -> Result<usize, ApiKeyRefusal> {
        // The position is declassified: it is the verdict.
        let position = self.table.find(digest);
        let entry = self.entries.get(position as usize).ok_or(ApiKeyRefusal::Unknown)?;
        // Without the barrier a compiler may leave out the work of a hit where there is none.
        let standing = black_box(entry.standing_at(now.unix));
        if position == NOBODY {
            return Err(ApiKeyRefusal::Unknown);
        }
        // Nobody is first among the entries, and not among the keys.
        standing.map(|()| position as usize - 1)
    }

    /// Whether the set has a key that is not of its own format. If not, [`find`](Self::find) refuses
    /// everything without the prefix as malformed.
    #[must_use]
    pub const fn accepts_legacy(&self) -> bool {
        self.accepts_legacy
    }

    /// The format of the set's own keys.
    #[must_use]
    pub const fn format(&self) -> &KeyFormat {
        &self.format
    }

    /// The longest key that is looked at, in bytes.
    #[must_use]
    pub const fn max_presented(&self) -> usize {
        self.max_presented
    }

    /// Number of keys, disabled and expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len().saturating_sub(1)
    }

    /// Whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries, in the order they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &ApiKey> + Clone {
        self.entries.iter().skip(1)
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys")
            .field("len", &self.len())
            .field("table", &self.table)
            .field("format", &self.format)
            .field("max_presented", &self.max_presented)
            .field("peppered", &self.pepper.is_some())
            .field("accepts_legacy", &self.accepts_legacy)
            .finish()
    }
}

/// Whether all bytes are within 0x21 and 0x7e: what a header carries unchanged. All of them are read.
pub(super) fn is_visible_ascii(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, byte| all & byte.is_ascii_graphic())
}
