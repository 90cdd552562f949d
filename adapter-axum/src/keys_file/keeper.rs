//! What is done about what was seen: swap, keep, tell, and in the end deny.

use super::read::{Look, Looker};
use super::{Build, KeysFile, KeysFileError, KeysStatus, State};
use doorward::api_keys::ApiKeys;
use doorward::api_keys::file::KeyFile;
use doorward::gate::Gate;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// How often the log is told again.
const AGAIN: Duration = Duration::from_secs(60);
/// How long a look may take before the file counts as unreadable.
const PATIENCE: Duration = Duration::from_secs(10);

type Seen = Result<Look, KeysFileError>;

struct Keeper {
    gate: Weak<Gate>,
    path: PathBuf,
    build: Build,
    max_stale: Option<Duration>,
    status: KeysStatus,
    /// Why the file as it is now makes no set.
    refused: Option<KeysFileError>,
    /// Set to have the file read even if it is as it was.
    anew: Arc<AtomicBool>,
    told: Told,
    denying: bool,
}

/// When the log was told last, and what.
#[derive(Default)]
struct Told(Option<(Instant, String)>);

impl Told {
    /// Whether it is to be told now: what is new at once, and the same each minute.
    fn is_due(&mut self, message: &str, now: Instant) -> bool {
        let same = |(when, told): &(Instant, String)| now.duration_since(*when) < AGAIN && told == message;
        if self.0.as_ref().is_some_and(same) {
            return false;
        }
        self.0 = Some((now, message.to_owned()));
        true
    }
}

/// Reads the file once, and starts the threads.
pub(super) fn start(file: KeysFile) -> Result<KeysStatus, KeysFileError> {
    let KeysFile { gate, path, build, max_stale, every } = file;
    let state = State { keys: 0, good: Instant::now(), failing: false };
    let status = KeysStatus(Arc::new(Mutex::new(state)));
    let mut looker = Looker::new(path.clone());
    let mut keeper = Keeper {
        gate: Arc::downgrade(&gate),
        path,
        build,
        max_stale,
        status: status.clone(),
        refused: None,
        anew: Arc::default(),
        told: Told::default(),
        denying: false,
    };
    if let Look::Other(file, open) = looker.look()? {
        keeper.take(&gate, &file, open.as_deref())?;
    }
    let (sender, receiver) = sync_channel(0);
    let (watched, anew) = (Arc::downgrade(&gate), Arc::clone(&keeper.anew));
    let spawn = |name: &str, body: Box<dyn FnOnce() + Send>| {
        thread::Builder::new().name(name.into()).spawn(body).map_err(KeysFileError::Read)
    };
    spawn("doorward-keys-look", Box::new(move || look(&mut looker, &watched, every, &anew, &sender)))?;
    spawn("doorward-keys", Box::new(move || keeper.keep(&receiver, every)))?;
    Ok(status)
}

fn look(looker: &mut Looker, gate: &Weak<Gate>, every: Duration, anew: &AtomicBool, seen: &SyncSender<Seen>) {
    while gate.strong_count() > 0 {
        thread::sleep(every);
        if anew.swap(false, Ordering::Relaxed) {
            looker.forget();
        }
        if seen.send(looker.look()).is_err() {
            return;
        }
    }
}

impl Keeper {
    fn keep(&mut self, seen: &Receiver<Seen>, every: Duration) {
        let mut looked = Instant::now();
        loop {
            let news = seen.recv_timeout(every);
            let Some(gate) = self.gate.upgrade() else { return };
            match news {
                Ok(seen) => {
                    self.consider(&gate, seen);
                    looked = Instant::now();
                }
                Err(RecvTimeoutError::Timeout)
                    if looked.elapsed() < PATIENCE.max(every.saturating_mul(3)) => {}
                Err(error) => {
                    if error == RecvTimeoutError::Disconnected {
                        thread::sleep(every);
                    }
                    self.anew.store(true, Ordering::Relaxed);
                    self.complain(&KeysFileError::Stuck);
                }
            }
            self.deny_if_too_old(&gate);
        }
    }

    fn consider(&mut self, gate: &Gate, seen: Seen) {
        match seen {
            Ok(Look::Other(file, open)) => {
                self.refused = self.take(gate, &file, open.as_deref()).err();
            }
            // As it was when it was refused, and as bad.
            Ok(Look::Same) => {
                self.status.with(|state| {
                    if !state.failing {
                        state.good = Instant::now();
                    }
                });
            }
            Err(error) => {
                self.refused = None;
                self.complain(&error);
            }
        }
        if let Some(error) = self.refused.take() {
            self.complain(&error);
            self.refused = Some(error);
        }
    }

    /// A set by the host's own function. One that panics must not end this thread: the file would silently be followed no
    /// more, and withdrawn keys would work for ever.
    fn built(&self, file: &KeyFile) -> Result<ApiKeys, KeysFileError> {
        catch_unwind(AssertUnwindSafe(|| (self.build)(file)))
            .unwrap_or_else(|_| Err("the function that makes the set panicked".into()))
            .map_err(KeysFileError::Set)
    }

    /// Puts the file's keys in the place of those in use.
    fn take(&mut self, gate: &Gate, file: &KeyFile, open: Option<&str>) -> Result<(), KeysFileError> {
        let keys = self.built(file)?;
        let count = keys.len();
        gate.swap_api_keys(keys).map_err(KeysFileError::Gate)?;
        self.status.with(|state| *state = State { keys: count, good: Instant::now(), failing: false });
        (self.told, self.denying) = (Told::default(), false);
        let path = self.path.display();
        tracing::info!(target: "doorward", code = "keys_loaded", %path, keys = count, "API keys loaded");
        if let Some(mend) = open {
            tracing::warn!(
                target: "doorward",
                code = "keys_file_open",
                "the file of API keys can be read by other users of this machine: {mend}"
            );
        }
        Ok(())
    }

    /// Tells the log, at once and then each minute.
    fn complain(&mut self, error: &KeysFileError) {
        let for_seconds = self.status.with(|state| {
            state.failing = true;
            state.good.elapsed().as_secs()
        });
        let (path, message) = (self.path.display(), error.to_string());
        if !self.told.is_due(&message, Instant::now()) {
            return;
        }
        let meanwhile = if self.denying { "its keys are refused" } else { "the last good keys stay in use" };
        tracing::error!(
            target: "doorward",
            code = error.code(),
            %path,
            for_seconds,
            "the file of API keys cannot be used, and {meanwhile}: {message}"
        );
    }

    fn deny_if_too_old(&mut self, gate: &Gate) {
        let age = self.status.stale_for();
        let Some(limit) = self.max_stale.filter(|limit| age.is_some_and(|age| age > *limit)) else { return };
        if self.denying {
            return;
        }
        // The keys that need no file go on.
        let rest = self.built(&KeyFile::new());
        let swapped = rest.and_then(|rest| {
            let count = rest.len();
            gate.swap_incomplete_api_keys(rest).map_err(KeysFileError::Gate).map(|()| count)
        });
        match swapped {
            Ok(count) => {
                self.denying = true;
                self.status.with(|state| state.keys = count);
                tracing::error!(
                    target: "doorward",
                    code = "keys_too_stale",
                    path = %self.path.display(),
                    seconds = limit.as_secs(),
                    "the file of API keys could not be used for too long: its keys are refused with 503"
                );
            }
            Err(error) => self.complain(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_told_at_once_and_each_minute() {
        let (mut told, start) = (Told::default(), Instant::now());
        let mut due = |message, seconds| told.is_due(message, start + Duration::from_secs(seconds));
        let asked = [("gone", 0), ("gone", 1), ("gone", 59), ("gone", 60), ("gone", 119), ("broken", 119)];
        assert_eq!(asked.map(|(message, at)| due(message, at)), [true, false, false, true, false, true]);
        assert!(!due("broken", 178) && due("broken", 179) && due("gone", 180));
    }
}
