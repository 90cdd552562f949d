//! Keys on their way into a set. All checks are made when the set is built.

use super::format::{KeyFormat, KeyShape};
use super::set::is_visible_ascii;
use super::{ApiKey, ApiKeyError, ApiKeys, KeyDigest, Pepper};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroize as _;

/// The longest presented key that is looked at unless the set says otherwise, in bytes.
pub const MAX_PRESENTED: usize = 512;

/// Longest id of an entry, in bytes.
const ID_MAX: usize = 128;

/// Collects keys and entries; [`ApiKeys::builder`] begins one.
///
/// Keys added as text are kept as text until the set is built, and overwritten then.
///
/// ```
/// use doorward::api_keys::{ApiKey, ApiKeys, KeyDigest, KeyFormat};
///
/// let digest = KeyDigest::from_hex("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b")?;
/// let keys = ApiKeys::builder()
///     .format(KeyFormat::new("acme")?)
///     .add_digest(digest, ApiKey::new("from-a-file"))
///     .build([9; 32])?;
/// assert_eq!(keys.len(), 1);
/// # Ok::<(), doorward::api_keys::ApiKeyError>(())
/// ```
#[must_use]
pub struct ApiKeysBuilder {
    pending: Vec<(Credential, ApiKey)>,
    format: KeyFormat,
    max_presented: usize,
    pepper: Option<Pepper>,
}

enum Credential {
    Text(Text),
    Digest(KeyDigest),
    Peppered(KeyDigest),
}

/// Overwritten when dropped.
struct Text(Box<[u8]>);

impl Drop for Text {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ApiKeysBuilder {
    pub(super) fn new() -> Self {
        Self { pending: Vec::new(), format: KeyFormat::default(), max_presented: MAX_PRESENTED, pepper: None }
    }

    /// Adds a key as its owner sends it: one of the set's format, or a plain secret of another origin.
    ///
    /// A plain secret is as good as whoever chose it: doorward sets no lower bound to its length.
    pub fn add(mut self, key: impl AsRef<[u8]>, entry: ApiKey) -> Self {
        self.pending.push((Credential::Text(Text(key.as_ref().into())), entry));
        self
    }

    /// Adds a key by the SHA-256 of its bytes. The key may have been of any form, so the set
    /// [accepts legacy keys](ApiKeys::accepts_legacy) unless the entry is said to be
    /// [strong](ApiKey::strong). Said wrongly, a set without legacy keys refuses the key by its form, and one
    /// with such keys calls it strong when it is not.
    ///
    /// A key with a space or a character outside visible ASCII has a digest too, but is never found.
    pub fn add_digest(mut self, digest: KeyDigest, entry: ApiKey) -> Self {
        self.pending.push((Credential::Digest(digest), entry));
        self
    }

    /// Adds a key by what is stored of it under the set's [pepper](Self::pepper): see [`KeyDigest::peppered`].
    /// Otherwise as [`add_digest`](Self::add_digest).
    pub fn add_peppered(mut self, stored: KeyDigest, entry: ApiKey) -> Self {
        self.pending.push((Credential::Peppered(stored), entry));
        self
    }

    /// Keeps digests under that pepper, whatever way the keys are added.
    pub fn pepper(mut self, pepper: Pepper) -> Self {
        self.pepper = Some(pepper);
        self
    }

    /// The format of the set's own keys, instead of the prefix `dw`.
    pub fn format(mut self, format: KeyFormat) -> Self {
        self.format = format;
        self
    }

    #[cfg(feature = "key-file")]
    pub(super) const fn format_and_pepper(&self) -> (&KeyFormat, Option<&Pepper>) {
        (&self.format, self.pepper.as_ref())
    }

    /// The longest key that is looked at, in bytes, instead of [`MAX_PRESENTED`]. It bounds what a stranger
    /// can have hashed.
    pub const fn max_presented(mut self, bytes: usize) -> Self {
        self.max_presented = bytes;
        self
    }

    /// Builds the set, its secrets derived from a seed of 32 random bytes that nobody else knows. The same
    /// seed makes the same set.
    ///
    /// # Errors
    /// [`ApiKeyError`]: of the keys and entries, the first that is wrong; then keys and ids that repeat.
    pub fn build(self, mut seed: [u8; 32]) -> Result<ApiKeys, ApiKeyError> {
        let set = self.build_with(&seed);
        seed.zeroize();
        set
    }

    /// Builds the set with a seed from the operating system.
    ///
    /// # Errors
    /// As [`build`](Self::build), and [`ApiKeyError::NoRandomness`].
    #[cfg(feature = "std")]
    pub fn build_random(self) -> Result<ApiKeys, ApiKeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| ApiKeyError::NoRandomness)?;
        let set = self.build(seed);
        seed.zeroize();
        set
    }

    fn build_with(self, seed: &[u8; 32]) -> Result<ApiKeys, ApiKeyError> {
        if u32::try_from(self.pending.len()).unwrap_or(u32::MAX) == u32::MAX {
            return Err(ApiKeyError::TooMany);
        }
        let mut digests = Vec::with_capacity(self.pending.len());
        let mut entries = Vec::with_capacity(self.pending.len() + 1);
        entries.push(ApiKey::new(String::new()));
        for (at, (credential, entry)) in self.pending.into_iter().enumerate() {
            check_entry(at, &entry, &self.format)?;
            let stored = |digest: KeyDigest| match &self.pepper {
                Some(pepper) => digest.peppered(pepper),
                None => digest,
            };
            match credential {
                Credential::Digest(digest) => {
                    digests.push(stored(digest));
                    entries.push(entry);
                }
                Credential::Peppered(_) if self.pepper.is_none() => {
                    return Err(ApiKeyError::PepperMissing { at });
                }
                Credential::Peppered(digest) => {
                    digests.push(digest);
                    entries.push(entry);
                }
                Credential::Text(text) => {
                    let strong = check_key(at, &text.0, &self.format, self.max_presented)?;
                    if [entry.id(), entry.name()].iter().any(|public| *public.as_bytes() == *text.0) {
                        return Err(ApiKeyError::IdIsKey { at });
                    }
                    digests.push(stored(KeyDigest::of(&text.0)));
                    entries.push(entry.strong(strong));
                }
            }
        }
        if let Some((first, at)) = repeated(digests.iter().map(KeyDigest::words_vartime)) {
            return Err(ApiKeyError::Duplicate { at, first });
        }
        if let Some((first, at)) = repeated(entries.iter().skip(1).map(ApiKey::id)) {
            return Err(ApiKeyError::IdDuplicate { at, first });
        }
        ApiKeys::from_parts(&digests, entries, (self.format, self.pepper), self.max_presented, seed)
            .ok_or(ApiKeyError::TableCrowded)
    }
}

impl fmt::Debug for ApiKeysBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeysBuilder")
            .field("len", &self.pending.len())
            .field("format", &self.format)
            .field("max_presented", &self.max_presented)
            .field("peppered", &self.pepper.is_some())
            .finish_non_exhaustive()
    }
}

/// Whether the key is of the set's own format, if it can be in a set at all.
fn check_key(at: usize, key: &[u8], format: &KeyFormat, max: usize) -> Result<bool, ApiKeyError> {
    if key.is_empty() {
        return Err(ApiKeyError::Empty { at });
    }
    if key.len() > max {
        return Err(ApiKeyError::TooLong { at });
    }
    if !is_visible_ascii(key) {
        return Err(ApiKeyError::NotVisibleAscii { at });
    }
    match format.shape(key) {
        KeyShape::Damaged => Err(ApiKeyError::Damaged { at }),
        KeyShape::NotOurs => Ok(false),
        KeyShape::WellFormed(_) => Ok(true),
    }
}

pub(super) fn check_entry(at: usize, entry: &ApiKey, format: &KeyFormat) -> Result<(), ApiKeyError> {
    for public in [entry.id(), entry.name()] {
        if public.is_empty() || public.len() > ID_MAX || public.chars().any(char::is_control) {
            return Err(ApiKeyError::IdInvalid { at });
        }
        if format.parse(public).is_some() {
            return Err(ApiKeyError::IdIsKey { at });
        }
    }
    if !entry.can_be_valid() {
        return Err(ApiKeyError::NeverValid { at });
    }
    Ok(())
}

/// The first position at which a value comes again, and where the value came before.
pub(super) fn repeated<T: Ord>(values: impl Iterator<Item = T>) -> Option<(usize, usize)> {
    let mut sorted: Vec<(T, usize)> = values.zip(0..).collect();
    sorted.sort_unstable();
    let pairs = sorted.windows(2).filter_map(|pair| match pair {
        [(one, first), (two, at)] if one == two => Some((*first, *at)),
        _ => None,
    });
    pairs.min_by_key(|(_, at)| *at)
}
