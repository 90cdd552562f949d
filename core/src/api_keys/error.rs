//! What can be wrong with a set, and why a key is turned away.

use core::fmt;

/// Why a key, a format or a set cannot be made. Nothing here comes from a request.
///
/// Keys are named by their position, counted from 0 in the order they were added, and never quoted; nor are
/// ids, since the likeliest mistake is to give the key where the id belongs.
///
/// ```
/// use doorward::api_keys::{ApiKey, ApiKeyError, ApiKeys};
///
/// let set = ApiKeys::builder().add("first", ApiKey::new("a")).add("", ApiKey::new("b"));
/// let error = set.build([7; 32]).unwrap_err();
/// assert_eq!(error, ApiKeyError::Empty { at: 1 });
/// assert_eq!(error.code(), "api_key_empty");
/// assert_eq!(error.to_string(), "the api key at position 1 is empty");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// The key has no characters.
    Empty {
        /// Position of the key.
        at: usize,
    },
    /// The key is longer than a presented key may be.
    TooLong {
        /// Position of the key.
        at: usize,
    },
    /// The key has a character outside visible ASCII (0x21 to 0x7e), spaces around it included, and could
    /// not be sent in a header as it stands.
    NotVisibleAscii {
        /// Position of the key.
        at: usize,
    },
    /// The key begins with the set's own prefix, but its layout or checksum is wrong: a typing error, or a
    /// key cut short.
    Damaged {
        /// Position of the key.
        at: usize,
    },
    /// The key was already added.
    Duplicate {
        /// Position of the second key.
        at: usize,
        /// Position of the first.
        first: usize,
    },
    /// The id already belongs to another key.
    IdDuplicate {
        /// Position of the second key.
        at: usize,
        /// Position of the first.
        first: usize,
    },
    /// The id, or the name, is empty, longer than 128 bytes, or has control characters.
    IdInvalid {
        /// Position of the key.
        at: usize,
    },
    /// The id, or the name, is the key itself, or reads like a whole key: they are public and appear in logs.
    IdIsKey {
        /// Position of the key.
        at: usize,
    },
    /// The times are not finite, or leave no moment at which the key is valid.
    NeverValid {
        /// Position of the key.
        at: usize,
    },
    /// The set has more keys than can be numbered (4,294,967,294).
    TooMany,
    /// No table was found for the keys within the bounded number of tries: not to be expected of any set
    /// that fits in memory.
    TableCrowded,
    /// A digest is not 64 hexadecimal digits.
    DigestInvalid,
    /// A key prefix is not 1 to 16 characters of `a-z0-9`.
    PrefixInvalid,
    /// A key's environment is not 1 to 16 characters of `a-z0-9`.
    EnvInvalid,
    /// The public id within a key is not 12 characters of `0-9A-Za-z`.
    PublicIdInvalid,
    /// A pepper has under 32 bytes.
    PepperShort,
    /// A peppered digest was added, and the set has no pepper.
    PepperMissing {
        /// Position of the key.
        at: usize,
    },
    /// The operating system gave no random numbers.
    NoRandomness,
}

impl ApiKeyError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "api_key_empty",
            Self::TooLong { .. } => "api_key_too_long",
            Self::NotVisibleAscii { .. } => "api_key_not_visible_ascii",
            Self::Damaged { .. } => "api_key_damaged",
            Self::Duplicate { .. } => "api_key_duplicate",
            Self::IdDuplicate { .. } => "api_key_id_duplicate",
            Self::IdInvalid { .. } => "api_key_id_invalid",
            Self::IdIsKey { .. } => "api_key_id_is_key",
            Self::NeverValid { .. } => "api_key_never_valid",
            Self::TooMany => "api_key_too_many",
            Self::TableCrowded => "api_key_table_crowded",
            Self::DigestInvalid => "api_key_digest_invalid",
            Self::PrefixInvalid => "api_key_prefix_invalid",
            Self::EnvInvalid => "api_key_env_invalid",
            Self::PublicIdInvalid => "api_key_public_id_invalid",
            Self::PepperShort => "api_key_pepper_short",
            Self::PepperMissing { .. } => "api_key_pepper_missing",
            Self::NoRandomness => "api_key_no_randomness",
        }
    }
}

impl fmt::Display for ApiKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { at } => write!(f, "the api key at position {at} is empty"),
            Self::TooLong { at } => {
                write!(f, "the api key at position {at} is longer than a presented key may be")
            }
            Self::NotVisibleAscii { at } => {
                write!(f, "the api key at position {at} has a space or a character outside visible ascii")
            }
            Self::Damaged { at } => {
                write!(f, "the api key at position {at} has the set's prefix but a wrong layout or checksum")
            }
            Self::Duplicate { at, first } => {
                write!(f, "the api key at position {at} is the one at position {first} again")
            }
            Self::IdDuplicate { at, first } => {
                write!(f, "the api key at position {at} has the id of the one at position {first}")
            }
            Self::IdInvalid { at } => write!(
                f,
                "the id of the api key at position {at} is empty, over 128 bytes, or has control characters"
            ),
            Self::IdIsKey { at } => {
                write!(f, "the id of the api key at position {at} is a key, and ids are public")
            }
            Self::NeverValid { at } => {
                write!(f, "the times of the api key at position {at} are not finite or leave no valid moment")
            }
            Self::TooMany => f.write_str("too many api keys for one set"),
            Self::TableCrowded => f.write_str("no table was found for the api keys, try another seed"),
            Self::DigestInvalid => f.write_str("a key digest must be 64 hexadecimal digits"),
            Self::PrefixInvalid => f.write_str("a key prefix must be 1 to 16 characters of a-z and 0-9"),
            Self::EnvInvalid => f.write_str("a key environment must be 1 to 16 characters of a-z and 0-9"),
            Self::PublicIdInvalid => {
                f.write_str("the public id of a key must be 12 characters of 0-9, A-Z and a-z")
            }
            Self::PepperShort => f.write_str("a pepper must be at least 32 bytes"),
            Self::PepperMissing { at } => {
                write!(f, "the digest of the api key at position {at} is peppered, and there is no pepper")
            }
            Self::NoRandomness => f.write_str("the operating system gave no random numbers"),
        }
    }
}

impl core::error::Error for ApiKeyError {}

/// Why a presented key was not accepted. For the operator's log: the caller is told the same in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiKeyRefusal {
    /// Empty, too long, not visible ASCII, or with the set's prefix and a wrong layout or checksum. Also a
    /// key of any other form, where the set has none such. Decided from the public form alone, before hashing.
    Malformed,
    /// Of good form, and not in the set.
    Unknown,
    /// In the set, and past its end.
    Expired,
    /// In the set, and before its beginning.
    NotYetValid,
    /// In the set, and switched off.
    Disabled,
}

impl ApiKeyRefusal {
    /// The stable code, the same in every language.
    ///
    /// ```
    /// use doorward::api_keys::ApiKeyRefusal;
    /// assert_eq!(ApiKeyRefusal::Unknown.code(), "api_key_unknown");
    /// ```
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "api_key_malformed",
            Self::Unknown => "api_key_unknown",
            Self::Expired => "api_key_expired",
            Self::NotYetValid => "api_key_not_yet_valid",
            Self::Disabled => "api_key_disabled",
        }
    }
}

impl fmt::Display for ApiKeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the presented api key is malformed",
            Self::Unknown => "the presented api key is unknown",
            Self::Expired => "the presented api key has expired",
            Self::NotYetValid => "the presented api key is not valid yet",
            Self::Disabled => "the presented api key is disabled",
        })
    }
}

impl core::error::Error for ApiKeyRefusal {}
