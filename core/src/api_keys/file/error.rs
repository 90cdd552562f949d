//! What is wrong with a file of keys: the line, and why. Never anything of what the line says.

use crate::api_keys::ApiKeyError;
use core::fmt;

/// Why a file of keys is refused.
///
/// ```
/// use doorward::api_keys::file::{KeyFile, KeyFileProblem};
///
/// let error = KeyFile::parse(b"{\"doorward_keys\":1}\n{\"id\":\"ci\",\"expirse\":\"2027-01-01T00:00:00Z\"}\n").unwrap_err();
/// assert_eq!((error.line(), error.problem()), (Some(2), KeyFileProblem::MemberUnknown));
/// assert_eq!(error.code(), "key_file_member_unknown");
/// assert_eq!(error.to_string(), "line 2 has a member that is none of a key's");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFileError {
    line: Option<usize>,
    problem: KeyFileProblem,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFileProblem {
    /// There is nothing in it.
    Empty,
    /// It is longer than [`MAX_FILE`](super::MAX_FILE).
    TooLarge,
    /// The last line does not end: somebody is still writing, or stopped halfway.
    Unfinished,
    /// There are more or fewer keys than the first line says.
    CountWrong,
    /// The first line is not `{"doorward_keys":1}` with what else may stand there.
    HeaderInvalid,
    /// The first line names a version that is not 1.
    VersionUnknown,
    /// A line is longer than [`MAX_LINE`](super::MAX_LINE).
    LineTooLong,
    /// A line is not UTF-8, or not one JSON object without repeated names.
    NotJson,
    /// A member that is none of a key's.
    MemberUnknown,
    /// `id` or `digest` is missing.
    MemberMissing(&'static str),
    /// A member's value is not what it must be.
    MemberInvalid(&'static str),
    /// A key of an earlier line has the id.
    IdRepeated {
        /// That line.
        first: usize,
    },
    /// A key of an earlier line has the digest.
    DigestRepeated {
        /// That line.
        first: usize,
    },
    /// A peppered digest, and no `pepper` in the first line.
    PepperUnnamed,
    /// The digests are peppered, and no pepper was given.
    PepperMissing,
    /// The digests were made with another pepper.
    PepperWrong,
    /// The key can be in no set.
    Entry(ApiKeyError),
}

/// The line of the key at a position counted from 0.
pub(super) const fn line_of(at: usize) -> usize {
    at + 2
}

impl KeyFileError {
    pub(super) const fn new(problem: KeyFileProblem) -> Self {
        Self { line: None, problem }
    }

    pub(super) const fn at(line: usize, problem: KeyFileProblem) -> Self {
        Self { line: Some(line), problem }
    }

    pub(super) const fn of_key(at: usize, problem: KeyFileProblem) -> Self {
        Self::at(line_of(at), problem)
    }

    /// The line at fault, counted from 1, where it is one.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// What is wrong.
    #[must_use]
    pub const fn problem(&self) -> KeyFileProblem {
        self.problem
    }

    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match &self.problem {
            KeyFileProblem::Empty => "key_file_empty",
            KeyFileProblem::TooLarge => "key_file_too_large",
            KeyFileProblem::Unfinished => "key_file_unfinished",
            KeyFileProblem::CountWrong => "key_file_count_wrong",
            KeyFileProblem::HeaderInvalid => "key_file_header_invalid",
            KeyFileProblem::VersionUnknown => "key_file_version_unknown",
            KeyFileProblem::LineTooLong => "key_file_line_too_long",
            KeyFileProblem::NotJson => "key_file_not_json",
            KeyFileProblem::MemberUnknown => "key_file_member_unknown",
            KeyFileProblem::MemberMissing(_) => "key_file_member_missing",
            KeyFileProblem::MemberInvalid(_) => "key_file_member_invalid",
            KeyFileProblem::IdRepeated { .. } => "key_file_id_repeated",
            KeyFileProblem::DigestRepeated { .. } => "key_file_digest_repeated",
            KeyFileProblem::PepperUnnamed => "key_file_pepper_unnamed",
            KeyFileProblem::PepperMissing => "key_file_pepper_missing",
            KeyFileProblem::PepperWrong => "key_file_pepper_wrong",
            KeyFileProblem::Entry(error) => error.code(),
        }
    }
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line} ")?;
        }
        match self.problem {
            KeyFileProblem::Empty => {
                f.write_str("the file is empty: a list of no keys is the line {\"doorward_keys\":1} alone")
            }
            KeyFileProblem::TooLarge => f.write_str("the file is longer than 512 MiB"),
            KeyFileProblem::Unfinished => f.write_str("does not end: the file is not whole"),
            KeyFileProblem::CountWrong => {
                f.write_str("gives another number of keys than there are: the file is not whole")
            }
            KeyFileProblem::HeaderInvalid => {
                f.write_str("must be {\"doorward_keys\":1}, with the mark of a pepper and a count at most")
            }
            KeyFileProblem::VersionUnknown => f.write_str("names a version that is not 1"),
            KeyFileProblem::LineTooLong => f.write_str("is longer than 16 KiB"),
            KeyFileProblem::NotJson => f.write_str("is not one JSON object without repeated names"),
            KeyFileProblem::MemberUnknown => f.write_str("has a member that is none of a key's"),
            KeyFileProblem::MemberMissing(name) => write!(f, "has no {name}"),
            KeyFileProblem::MemberInvalid(name) => write!(f, "{name} {}", must_be(name)),
            KeyFileProblem::IdRepeated { first } => write!(f, "has the id of line {first}"),
            KeyFileProblem::DigestRepeated { first } => write!(f, "is the key of line {first} again"),
            KeyFileProblem::PepperUnnamed => {
                f.write_str("has a peppered digest, and the first line names no pepper")
            }
            KeyFileProblem::PepperMissing => f.write_str("says the keys need a pepper, and none is given"),
            KeyFileProblem::PepperWrong => {
                f.write_str("says the keys were stored with another pepper than the one given")
            }
            KeyFileProblem::Entry(error) => f.write_str(match error {
                ApiKeyError::IdInvalid { .. } => {
                    "has an id or a name that is empty, over 128 bytes, or with control characters"
                }
                ApiKeyError::IdIsKey { .. } => "has a key for its id or its name, and those are public",
                ApiKeyError::NeverValid { .. } => "has times that leave no moment at which the key is valid",
                _ => "can't be an API key",
            }),
        }
    }
}

fn must_be(name: &str) -> &'static str {
    match name {
        "digest" => "must be sha256: or hmac-sha256: and 64 hexadecimal digits",
        "public" => "must be prefix, environment and id of a key, as dw_live_Zy9Xw8Vu7Ts6",
        "roles" | "scopes" => "must be an array of strings that are not empty",
        "quota" => "must be as {\"max\":100,\"window\":\"1m\"}",
        "not_before" | "expires" | "created" => "must be a time in UTC, as 2027-01-01T00:00:00Z",
        "disabled" => "must be true or false",
        "metadata" => "must be an object of strings",
        _ => "must be a string",
    }
}

impl core::error::Error for KeyFileError {}
