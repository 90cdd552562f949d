//! Looking at the file: whether it is another, and what is in it.

use super::KeysFileError;
use doorward::api_keys::file::{KeyFile, MAX_FILE};
use std::fs::{File, Metadata};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

/// How often a file that changes while it is read is read again.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(50);
/// A file changed so lately may change once more without a trace in its times.
const SETTLED: Duration = Duration::from_secs(2);

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sign {
    /// Device, inode and the change of either, where there are such.
    place: (u64, u64, i64, i64),
    length: u64,
    written: Option<SystemTime>,
}

impl Sign {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let place = {
            use std::os::unix::fs::MetadataExt as _;
            (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
        };
        #[cfg(not(unix))]
        let place = (0, 0, 0, 0);
        Self { place, length: metadata.len(), written: metadata.modified().ok() }
    }

    fn is_settled(&self) -> bool {
        let age = self.written.and_then(|written| SystemTime::now().duration_since(written).ok());
        age.is_some_and(|age| age > SETTLED)
    }
}

/// What came of a look.
#[derive(Debug)]
pub(super) enum Look {
    /// As it was last time.
    Same,
    /// Another, or the first. Says how it is to be closed to others, where they can read it.
    Other(KeyFile, Option<String>),
}

/// Remembers what was seen last.
pub(super) struct Looker {
    path: PathBuf,
    seen: Option<Sign>,
    content: Option<u64>,
}

impl Looker {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, seen: None, content: None }
    }

    /// Makes the next look read the file whatever its times say.
    pub(super) const fn forget(&mut self) {
        (self.seen, self.content) = (None, None);
    }

    /// Looks at what is under the path now, be it a link or a file, the same or another.
    pub(super) fn look(&mut self) -> Result<Look, KeysFileError> {
        let looked = self.try_look();
        if looked.is_err() {
            // Whatever comes next is new.
            self.forget();
        }
        looked
    }

    fn try_look(&mut self) -> Result<Look, KeysFileError> {
        for _ in 0..TRIES {
            let metadata = std::fs::metadata(&self.path).map_err(KeysFileError::Read)?;
            // Opening a pipe would wait for somebody to write.
            if !metadata.is_file() {
                return Err(KeysFileError::Read(io::Error::other("it is no file")));
            }
            let sign = Sign::of(&metadata);
            if self.seen == Some(sign) {
                return Ok(Look::Same);
            }
            let text = read(&self.path).map_err(KeysFileError::Read)?;
            let after = std::fs::metadata(&self.path).map_err(KeysFileError::Read)?;
            if Sign::of(&after) != sign {
                thread::sleep(PAUSE);
                continue;
            }
            self.seen = sign.is_settled().then_some(sign);
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            let content = hasher.finish();
            if self.content == Some(content) {
                return Ok(Look::Same);
            }
            let file = KeyFile::parse(&text).map_err(KeysFileError::Text)?;
            self.content = Some(content);
            return Ok(Look::Other(file, too_open(&self.path, &metadata)));
        }
        Err(KeysFileError::Unsettled)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    // One byte more than is read: the parser then says that it is too long.
    File::open(path)?.take(MAX_FILE as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}

/// The command that closes the file to others, where they can read it.
#[cfg(unix)]
fn too_open(path: &Path, metadata: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.mode() & 0o077 != 0).then(|| format!("chmod 600 {}", path.display()))
}

#[cfg(not(unix))]
fn too_open(_: &Path, _: &Metadata) -> Option<String> {
    None
}
