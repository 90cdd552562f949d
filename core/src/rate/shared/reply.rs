//! What a server's reply means. Whatever is not exactly what the script answers is a failure.

use super::quota::{LONGEST_MICROS, SharedQuota};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What came of a command, from whatever client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// An array of integers.
    Integers(Vec<i64>),
    /// An error of the server's: its whole text, the code first.
    Error(String),
    /// Anything else.
    Other,
    /// Nothing within the deadline.
    TimedOut,
    /// There is no connection, or it broke.
    Unreachable,
}

/// Why the server could not be asked, or what it said not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// No reply within the deadline.
    TimedOut,
    /// No connection.
    Unreachable,
    /// The server refused: it is loading, a replica, out of memory, or does not let us.
    Refused,
    /// At the key is something of another type.
    WrongType,
    /// At the key is a text that is no bucket.
    NoBucket,
    /// The reply is none of the script's.
    Unreadable,
    /// The reply has the script's form and can't be true.
    OutOfRange,
    /// It failed too often just now, and was not asked.
    BreakerOpen,
}

impl Failure {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TimedOut => "store_timed_out",
            Self::Unreachable => "store_unreachable",
            Self::Refused => "store_refused",
            Self::WrongType => "store_wrong_type",
            Self::NoBucket => "store_no_bucket",
            Self::Unreadable => "store_reply_unreadable",
            Self::OutOfRange => "store_reply_out_of_range",
            Self::BreakerOpen => "store_breaker_open",
        }
    }

    /// Whether it says something of the server, and not of one key alone.
    pub(super) const fn is_of_the_server(self) -> bool {
        !matches!(self, Self::WrongType | Self::NoBucket)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "the server did not answer within the deadline",
            Self::Unreachable => "the server can't be reached",
            Self::Refused => "the server refused the command",
            Self::WrongType => "at the key is something of another type: is the prefix used by others?",
            Self::NoBucket => "at the key is a text that is no bucket: is the prefix used by others?",
            Self::Unreadable => "the reply is none of the script's",
            Self::OutOfRange => "the reply can't be true",
            Self::BreakerOpen => "the server failed too often just now and was not asked",
        })
    }
}

impl core::error::Error for Failure {}

/// What the script answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    /// Units taken: 0, or between what is needed and what is wanted.
    pub(super) taken: u32,
    pub(super) remaining: u32,
    /// Until the bucket is full, in µs.
    pub(super) reset: u64,
    /// Until what is needed fits, in µs; 0 where it did.
    pub(super) retry: u64,
}

/// Whether the server does not know the script: it was flushed, or has restarted.
pub(super) fn lacks_script(reply: &Reply) -> bool {
    matches!(reply, Reply::Error(text) if text.starts_with("NOSCRIPT"))
}

/// Reads the reply to a spend of `cost` to `want` units.
pub(super) fn read(reply: &Reply, quota: &SharedQuota, cost: u32, want: u32) -> Result<Grant, Failure> {
    let integers = match reply {
        Reply::Integers(integers) => integers,
        Reply::Error(text) if text.starts_with("WRONGTYPE") => return Err(Failure::WrongType),
        Reply::Error(text) if text.starts_with("DOORWARD") => return Err(Failure::NoBucket),
        Reply::Error(_) => return Err(Failure::Refused),
        Reply::Other => return Err(Failure::Unreadable),
        Reply::TimedOut => return Err(Failure::TimedOut),
        Reply::Unreachable => return Err(Failure::Unreachable),
    };
    let &[taken, remaining, reset, retry] = integers.as_slice() else { return Err(Failure::Unreadable) };
    let units = |number: i64| u32::try_from(number).ok().filter(|units| *units <= quota.capacity);
    let micros = |number: i64| u64::try_from(number).ok().filter(|micros| *micros <= LONGEST_MICROS);
    let grant = (|| {
        Some(Grant {
            taken: units(taken)?,
            remaining: units(remaining)?,
            reset: micros(reset)?,
            // At most as long as until the bucket is full.
            retry: micros(retry).filter(|retry| *retry as i64 <= reset)?,
        })
    })();
    let fits = |grant: &Grant| {
        if grant.taken == 0 && cost > 0 {
            grant.retry > 0 && grant.remaining < cost
        } else {
            (cost..=want).contains(&grant.taken) && grant.retry == 0
        }
    };
    grant.filter(fits).ok_or(Failure::OutOfRange)
}
