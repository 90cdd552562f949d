//! A file of API keys that is read again when it changes.
//!
//! Two threads of its own, so that neither a slow disk nor a million keys hold a request up: one looks at the file once a
//! second (by its name, so that renames and swapped symlinks are seen, and as well on network disks and in containers,
//! where watching is not possible), the other builds the set and swaps it whole. What can't be used changes nothing:
//! the last good keys stay in use, and the log says so at once and then each minute.

mod keeper;
mod read;

use doorward::api_keys::file::{KeyFile, KeyFileError};
use doorward::api_keys::{ApiKeyError, ApiKeys};
use doorward::gate::{Gate, GateError};
use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

type Build = Box<dyn Fn(&KeyFile) -> Result<ApiKeys, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// Keeps a gate's API keys by a file of digests: see [`doorward::api_keys::file`] for its format, which the command
/// `doorward keys` writes.
///
/// ```no_run
/// use std::{sync::Arc, time::Duration};
/// use doorward::{gate::Gate, policy::Policy};
/// use doorward_axum::KeysFile;
///
/// # fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let gate = Arc::new(Gate::builder().keys_come_later().policy(Policy::allow_all()).build_random()?);
/// let status = KeysFile::new(Arc::clone(&gate), "keys.jsonl").max_stale(Duration::from_secs(3600)).watch()?;
/// println!("{} keys, stale: {}", status.keys(), status.is_stale());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read before `watch`"]
pub struct KeysFile {
    gate: Arc<Gate>,
    path: PathBuf,
    build: Build,
    max_stale: Option<Duration>,
    every: Duration,
}

/// Why a file of keys can't be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeysFileError {
    /// It can't be read, or is none.
    Read(io::Error),
    /// Somebody writes to it without end.
    Unsettled,
    /// Its text is not right.
    Text(KeyFileError),
    /// The keys make no set.
    Set(Box<dyn Error + Send + Sync>),
    /// The gate can't take the set.
    Gate(GateError),
    /// Reading takes too long, or has ended by itself.
    Stuck,
}

impl KeysFileError {
    /// The stable code, the same in every language.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "keys_file_unreadable",
            Self::Unsettled => "keys_file_unsettled",
            Self::Text(error) => error.code(),
            Self::Set(error) => error.downcast_ref().map_or("keys_file_set_invalid", ApiKeyError::code),
            Self::Gate(error) => error.code(),
            Self::Stuck => "keys_file_stuck",
        }
    }
}

impl fmt::Display for KeysFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "it cannot be read: {error}"),
            Self::Unsettled => f.write_str("it changed each time it was read"),
            Self::Text(error) => error.fmt(f),
            Self::Set(error) => error.fmt(f),
            Self::Gate(error) => error.fmt(f),
            Self::Stuck => f.write_str("reading it does not end"),
        }
    }
}

impl Error for KeysFileError {}

impl KeysFile {
    /// The keys of the file at `path` for that gate, and no others.
    pub fn new(gate: Arc<Gate>, path: impl Into<PathBuf>) -> Self {
        let build = |file: &KeyFile| Ok(ApiKeys::builder().add_file(file)?.build_random()?);
        let every = Duration::from_secs(1);
        Self { gate, path: path.into(), build: Box::new(build), max_stale: None, every }
    }

    /// Makes the set of the file's keys otherwise: with a pepper, with a prefix, with keys from elsewhere. It is asked with
    /// an empty file too: see [`max_stale`](Self::max_stale).
    pub fn build_with<E: Into<Box<dyn Error + Send + Sync>>>(
        mut self,
        build: impl Fn(&KeyFile) -> Result<ApiKeys, E> + Send + Sync + 'static,
    ) -> Self {
        self.build = Box::new(move |file| build(file).map_err(Into::into));
        self
    }

    /// How long the last good keys are used while the file can't be. After that, keys of the file are refused with 503;
    /// what the set holds for an empty file goes on. For ever by default.
    pub const fn max_stale(mut self, time: Duration) -> Self {
        self.max_stale = Some(time);
        self
    }

    /// How often the file is looked at: each second by default, at most each millisecond.
    pub const fn every(mut self, time: Duration) -> Self {
        const LEAST: Duration = Duration::from_millis(1);
        self.every = if time.as_nanos() < LEAST.as_nanos() { LEAST } else { time };
        self
    }

    /// Reads the file, gives its keys to the gate, and goes on doing so until the gate is gone.
    ///
    /// # Errors
    /// The file can't be used as it is now, or there can be no further thread.
    pub fn watch(self) -> Result<KeysStatus, KeysFileError> {
        keeper::start(self)
    }
}

impl fmt::Debug for KeysFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeysFile")
            .field("path", &self.path)
            .field("max_stale", &self.max_stale)
            .finish_non_exhaustive()
    }
}

/// How a [`KeysFile`] is doing; for `/health`.
#[derive(Clone, Debug)]
pub struct KeysStatus(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    keys: usize,
    /// When the file was last as good as what is in use.
    good: Instant,
    failing: bool,
}

impl KeysStatus {
    /// Whether the keys in use are older than the file: it can't be used as it is.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.with(|state| state.failing)
    }

    /// For how long that has been so.
    #[must_use]
    pub fn stale_for(&self) -> Option<Duration> {
        self.with(|state| state.failing.then(|| state.good.elapsed()))
    }

    /// How many keys the set in use has, those from elsewhere included.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.with(|state| state.keys)
    }

    fn with<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
