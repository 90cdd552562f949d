//! API keys: minting, storing and recognising them.
//!
//! A set holds the SHA-256 of each key and never the key. What is presented is first read by its public form
//! ([`KeyFormat`]): a length over the bound, a character no header carries, or this set's prefix with a
//! wrong checksum ends the matter. Everything else is hashed, led to one bucket of the table by SipHash-2-4
//! under a key drawn for this set, and compared with every slot there. The time is the same for one key and
//! for a million, but for cache misses.
//!
//! # What is claimed
//! Once the form is accepted, *control flow and addresses depend only on a keyed PRF of what the caller
//! presented; comparisons inside a bucket take the same time whatever matches; two values are declassified:
//! the bucket index, and the verdict with its entry.*
//!
//! # What is not claimed
//! - Reading the form takes a time that depends on the presented key, and SHA-256 one that depends on its
//!   length: both are known to whoever presents it, and neither depends on a stored key.
//! - Who can watch the caches of this machine sees which bucket and which entry was read: that two requests
//!   brought the same key, and not which. Without `std`, or on a processor that cannot multiply without carry,
//!   they may also learn of a genuine key, as it is presented, what CRC table look-ups betray.
//! - Rust promises no constant time. The code is written for it (`subtle`'s barriers, no branch on a
//!   comparison), and `SIDE-CHANNELS.md` says what was found in the emitted program.
//! - Digests are not salted or slow: a file of them keeps random keys safe, and chosen words only under a
//!   [`Pepper`] that is kept elsewhere.
//! - Texts, seeds and table keys are overwritten when done with, on a best effort: not the copies a compiler
//!   makes, not what the host keeps, not the digests in a dropped set.
//! - A set does not count, limit or log attempts, nor remember when a key was last used.
//!
//! # Example
//! See [`ApiKeys`].

mod base62;
mod builder;
mod digest;
mod entry;
mod error;
#[cfg(feature = "key-file")]
pub mod file;
mod format;
mod mint;
mod pepper;
mod set;
mod table;
#[cfg(test)]
mod tests;

pub use builder::{ApiKeysBuilder, MAX_PRESENTED};
pub use digest::KeyDigest;
pub use entry::ApiKey;
pub use error::{ApiKeyError, ApiKeyRefusal};
pub use format::{KeyFormat, KeyShape, ParsedKey, SECRET_SCANNER_REGEX};
pub use mint::NewKey;
pub use pepper::Pepper;
pub use set::ApiKeys;
