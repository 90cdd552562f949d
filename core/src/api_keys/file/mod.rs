//! A file of API keys: JSON Lines (RFC 8259 a line), a key a line, digests and never keys.
//!
//! ```text
//! {"doorward_keys":1,"count":1}
//! {"id":"Zy9Xw8Vu7Ts6","name":"ci","digest":"sha256:2bb8…5b","public":"dw_live_Zy9Xw8Vu7Ts6","roles":["user"],"expires":"2027-01-01T00:00:00Z"}
//! ```
//!
//! | first line | |
//! |---|---|
//! | `doorward_keys` | the format's version: 1 |
//! | `pepper` | optional: the [mark](super::Pepper::mark) of the pepper, 16 hexadecimal digits |
//! | `count` | optional: how many keys follow, so that a file cut short is seen to be |
//!
//! | a key's line | |
//! |---|---|
//! | `id` | unique in the file; 1 to 128 bytes |
//! | `digest` | `sha256:` and 64 hexadecimal digits, or `hmac-sha256:` under the pepper ([`KeyDigest::peppered`]) |
//! | `name` | optional: the caller's name, as [`ApiKey::named`] |
//! | `public` | optional: prefix, environment and id of a key of doorward's own format, `dw_live_Zy9Xw8Vu7Ts6` |
//! | `roles`, `scopes` | optional: arrays of strings |
//! | `quota` | optional: `{"max":100,"window":"1m"}` |
//! | `not_before`, `expires`, `created` | optional: times in UTC, `2027-01-01T00:00:00Z` (RFC 3339) |
//! | `disabled` | optional: `true` or `false` |
//! | `metadata` | optional: an object of strings |
//!
//! A member that is none of these is refused, so that a misspelt `expires` is no key for ever; every line ends, the last one
//! too; an empty file is refused, and a list of no keys is its first line alone. Reading and writing the file, its lock and
//! its rights are the host's: this is text to keys and back.
//!
//! What is not checked here: that a digest is of any key, and that `public` is that key's.

mod error;
mod parse;
mod print;
#[cfg(test)]
mod tests;

pub use error::{KeyFileError, KeyFileProblem};

use super::builder::{check_entry, repeated};
use super::{ApiKey, ApiKeysBuilder, KeyDigest, KeyFormat, NewKey, Pepper};
use alloc::string::String;
use alloc::vec::Vec;

/// The largest file that is read, in bytes: two million keys of the usual length.
pub const MAX_FILE: usize = 512 * 1024 * 1024;
/// The longest line, in bytes.
pub const MAX_LINE: usize = 16 * 1024;

/// The keys of one file, in its order, their ids and digests unlike.
///
/// ```
/// use doorward::api_keys::file::{KeyFile, KeyRecord};
/// use doorward::api_keys::{ApiKey, ApiKeys, KeyFormat};
/// use doorward::Now;
///
/// let key = KeyFormat::default().mint_random("live")?;
/// let mut file = KeyFile::new();
/// file.push(KeyRecord::of_key(&key, ApiKey::new("ci").role("user"), None, 1_800_000_000.0))?;
/// let text = file.print()?;
/// assert!(!text.contains(key.expose()));
///
/// let keys = ApiKeys::builder().add_file(&KeyFile::parse(text.as_bytes())?)?.build_random()?;
/// assert_eq!(keys.find(key.expose().as_bytes(), Now::system()).map(ApiKey::id), Ok("ci"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyFile {
    mark: Option<[u8; 8]>,
    records: Vec<KeyRecord>,
}

/// One key of a file. `Debug` shows nothing of its digest.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRecord {
    entry: ApiKey,
    stored: Stored,
    public: Option<String>,
    created: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stored {
    Plain(KeyDigest),
    Peppered(KeyDigest),
}

impl Stored {
    const fn digest(&self) -> &KeyDigest {
        match self {
            Self::Plain(digest) | Self::Peppered(digest) => digest,
        }
    }
}

impl KeyRecord {
    /// The record of a key just minted, its digest under the pepper of the file it is for. `created` is now, in seconds
    /// since the epoch.
    #[must_use]
    pub fn of_key(key: &NewKey, entry: ApiKey, pepper: Option<&Pepper>, created: f64) -> Self {
        let stored = match pepper {
            Some(pepper) => Stored::Peppered(key.digest().peppered(pepper)),
            None => Stored::Plain(key.digest()),
        };
        Self { entry, stored, public: Some(key.public().into()), created: Some(created) }
    }

    /// Who presents it, what they may do, and when.
    #[must_use]
    pub const fn entry(&self) -> &ApiKey {
        &self.entry
    }

    /// Prefix, environment and id, where the key is of doorward's own format.
    #[must_use]
    pub fn public(&self) -> Option<&str> {
        self.public.as_deref()
    }

    /// When it was made, in seconds since the epoch.
    #[must_use]
    pub const fn created(&self) -> Option<f64> {
        self.created
    }

    /// Whether its digest depends on a pepper.
    #[must_use]
    pub const fn is_peppered(&self) -> bool {
        matches!(self.stored, Stored::Peppered(_))
    }

    fn is_of(&self, format: &KeyFormat) -> bool {
        self.public.as_ref().is_some_and(|public| format.looks_like(public))
    }
}

impl KeyFile {
    /// A list of no keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// The first line that is wrong, and why; never anything of what it says.
    pub fn parse(text: &[u8]) -> Result<Self, KeyFileError> {
        parse::file(text)
    }

    /// The file's text.
    ///
    /// # Errors
    /// What the file has no words for: a time outside 1970 to 9999, a quota with a burst of its own, a line too long.
    pub fn print(&self) -> Result<String, KeyFileError> {
        print::file(self)
    }

    /// The keys, in the file's order.
    #[must_use]
    pub fn records(&self) -> &[KeyRecord] {
        &self.records
    }

    /// Adds a key.
    ///
    /// # Errors
    /// It can't be an entry, or one of that id or digest is there.
    pub fn push(&mut self, record: KeyRecord) -> Result<(), KeyFileError> {
        self.records.push(record);
        let checked = self.check();
        if checked.is_err() {
            self.records.pop();
        }
        checked
    }

    /// Changes the entries of the keys that `which` picks, and says how many those are. An entry's id stays.
    pub fn change(
        &mut self,
        mut which: impl FnMut(&KeyRecord) -> bool,
        mut change: impl FnMut(ApiKey) -> ApiKey,
    ) -> usize {
        let picked = self.records.iter_mut().filter(|record| which(record));
        picked.map(|record| record.entry = change(record.entry.clone())).count()
    }

    /// Puts every digest under that pepper, and says so in the first line. No key is needed for it.
    ///
    /// # Errors
    /// The file has another pepper.
    pub fn pepper(&mut self, pepper: &Pepper) -> Result<(), KeyFileError> {
        self.check_pepper(Some(pepper))?;
        self.mark = Some(pepper.mark());
        for record in &mut self.records {
            if let Stored::Plain(digest) = record.stored {
                record.stored = Stored::Peppered(digest.peppered(pepper));
            }
        }
        Ok(())
    }

    /// Whether that is the pepper the file needs, if it needs any.
    ///
    /// # Errors
    /// It needs one, or another.
    pub fn check_pepper(&self, pepper: Option<&Pepper>) -> Result<(), KeyFileError> {
        let problem = match (self.mark, pepper) {
            (Some(_), None) => KeyFileProblem::PepperMissing,
            (Some(mark), Some(pepper)) if mark != pepper.mark() => KeyFileProblem::PepperWrong,
            _ => return Ok(()),
        };
        Err(KeyFileError::at(1, problem))
    }

    /// What is wrong with the keys, one by one and together.
    fn check(&self) -> Result<(), KeyFileError> {
        // Whether an id is a key is asked again for the set's own format, when there is one.
        let format = KeyFormat::default();
        for (record, at) in self.records.iter().zip(0..) {
            check_entry(at, &record.entry, &format)
                .map_err(|error| KeyFileError::of_key(at, KeyFileProblem::Entry(error)))?;
            if record.is_peppered() && self.mark.is_none() {
                return Err(KeyFileError::of_key(at, KeyFileProblem::PepperUnnamed));
            }
        }
        let twice = |found: Option<(usize, usize)>, problem: fn(usize) -> KeyFileProblem| match found {
            Some((first, at)) => Err(KeyFileError::of_key(at, problem(error::line_of(first)))),
            None => Ok(()),
        };
        let ids = self.records.iter().map(|record| record.entry.id());
        twice(repeated(ids), |first| KeyFileProblem::IdRepeated { first })?;
        let digests = self.records.iter().map(|record| record.stored.digest().words_vartime());
        twice(repeated(digests), |first| KeyFileProblem::DigestRepeated { first })
    }
}

impl ApiKeysBuilder {
    /// Adds the keys of a file. Say the set's [format](Self::format) and its [pepper](Self::pepper) before.
    ///
    /// # Errors
    /// The file needs a pepper, or another one.
    pub fn add_file(mut self, file: &KeyFile) -> Result<Self, KeyFileError> {
        let (format, pepper) = self.format_and_pepper();
        file.check_pepper(pepper)?;
        let strong: Vec<bool> = file.records.iter().map(|record| record.is_of(format)).collect();
        for (record, strong) in file.records.iter().zip(strong) {
            let entry = record.entry.clone().strong(strong);
            self = match record.stored {
                Stored::Plain(digest) => self.add_digest(digest, entry),
                Stored::Peppered(digest) => self.add_peppered(digest, entry),
            };
        }
        Ok(self)
    }
}
