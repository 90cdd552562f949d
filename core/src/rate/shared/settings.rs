//! What the user of a shared limit chooses.

use crate::rate::QuotaError;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

/// What holds while the server can't be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fallback {
    /// Nobody is admitted: [`Verdict::Unavailable`](super::Verdict::Unavailable).
    Deny,
    /// This process counts by itself, to the limit divided by this number of processes: together they admit what the
    /// shared limit would, and one full bucket more at the start of an outage. A burst of less than one is one.
    LocalAtLimitOver(u32),
    /// Everybody is admitted. Layers before this one still hold.
    Allow,
}

impl Default for Fallback {
    /// Each process for itself, at the whole limit: right where there is one, and several must say how many.
    fn default() -> Self {
        Self::LocalAtLimitOver(1)
    }
}

/// How a shared limit is kept.
///
/// ```
/// use core::time::Duration;
/// use doorward::rate::shared::{Fallback, Settings};
/// let settings = Settings::new("principal")
///     .prefix("shop")
///     .fallback(Fallback::LocalAtLimitOver(4))
///     .deadline(Duration::from_millis(30))
///     .lease(10);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Settings {
    pub(super) prefix: String,
    pub(super) name: String,
    pub(super) fallback: Fallback,
    pub(super) deadline: Duration,
    pub(super) lease: u32,
    pub(super) lease_time: Duration,
    pub(super) failures: u32,
    pub(super) cool_down: Duration,
    pub(super) remembered: usize,
    pub(super) slots: usize,
}

impl Settings {
    /// A limit of that name: processes share it where server, prefix and name are the same. Keys begin with `doorward`;
    /// the fallback is local; a reply has 50 ms; no leases; five failures in a row open the breaker for a second; 16,384
    /// keys are remembered, and 2¹⁷ counted in an outage.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            prefix: "doorward".into(),
            name: name.into(),
            fallback: Fallback::default(),
            deadline: Duration::from_millis(50),
            lease: 1,
            lease_time: Duration::from_secs(1),
            failures: 5,
            cool_down: Duration::from_secs(1),
            remembered: 1 << 14,
            slots: 1 << 17,
        }
    }

    /// What keys begin with: 1 to 64 letters, digits, and `_`, `.`, `-` or `:`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// What holds in an outage.
    pub fn fallback(mut self, fallback: Fallback) -> Self {
        self.fallback = fallback;
        self
    }

    /// How long a decision may wait for the server, a second attempt included: 20 to 50 ms are usual.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = time;
        self
    }

    /// Takes up to this many units at once and spends them here: one round trip for so many decisions. Units that are not
    /// spent within [`lease_time`](Self::lease_time) are lost to everybody, and those that are may be late by as much.
    pub fn lease(mut self, units: u32) -> Self {
        self.lease = units.max(1);
        self
    }

    /// How long leased units are good: a second by default.
    pub fn lease_time(mut self, time: Duration) -> Self {
        self.lease_time = time;
        self
    }

    /// How many failures in a row open the breaker, and for how long nobody then asks; afterwards one does, and what
    /// comes of it decides.
    pub fn breaker(mut self, failures: u32, cool_down: Duration) -> Self {
        self.failures = failures.max(1);
        self.cool_down = cool_down;
        self
    }

    /// How many keys' denials and leases are remembered: some 80 bytes each. 0 remembers nothing, and takes no leases.
    pub fn remembered(mut self, keys: usize) -> Self {
        self.remembered = keys;
        self
    }

    /// The slots of the table that counts in an outage: see [`Limiter`](crate::rate::Limiter) for sizing.
    pub fn slots(mut self, slots: usize) -> Self {
        self.slots = slots;
        self
    }

    pub(super) fn check(&self) -> Result<(), SharedError> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
        let is_name = |text: &str, extra: &[u8]| {
            (1..=64).contains(&text.len()) && text.bytes().all(|byte| plain(&byte) || extra.contains(&byte))
        };
        match self.fallback {
            _ if !is_name(&self.prefix, b":") => Err(SharedError::Prefix),
            // No colon: the last one before the brace ends the prefix.
            _ if !is_name(&self.name, b"") => Err(SharedError::Name),
            Fallback::LocalAtLimitOver(0) => Err(SharedError::Processes),
            _ => Ok(()),
        }
    }
}

/// Why a shared limit can't be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharedError {
    /// The quota can't be counted in microseconds, or its share not in a table.
    Quota(QuotaError),
    /// The prefix of keys is not 1 to 64 letters, digits, `_`, `.`, `-` or `:`.
    Prefix,
    /// The limit's name is not 1 to 64 letters, digits, `_`, `.` or `-`.
    Name,
    /// A limit can't be divided among no processes.
    Processes,
}

impl SharedError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Quota(error) => error.code(),
            Self::Prefix => "shared_prefix_invalid",
            Self::Name => "shared_name_invalid",
            Self::Processes => "shared_no_processes",
        }
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quota(error) => error.fmt(f),
            Self::Prefix => f.write_str("the prefix must be 1 to 64 letters, digits, and _ . - or :"),
            Self::Name => f.write_str("the limit's name must be 1 to 64 letters, digits, and _ . or -"),
            Self::Processes => f.write_str("the limit must be divided among at least one process"),
        }
    }
}

impl core::error::Error for SharedError {}

impl From<QuotaError> for SharedError {
    fn from(error: QuotaError) -> Self {
        Self::Quota(error)
    }
}
