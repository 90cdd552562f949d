//! The file of keys on disk: locked while it is changed, and never half written.
//!
//! What is written goes to a new file in the same folder, is synced, and is renamed over the old one; then the folder is
//! synced. Whoever reads sees the old file or the new one, whole, whatever ends the writer and when. The lock is on a
//! file beside it, `<name>.lock`, because a lock on the file itself would stay with the one that was renamed away.

use super::Error;
use doorward::api_keys::file::{KeyFile, MAX_FILE};
use fs4::{FileExt, TryLockError};
use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long another writer may take.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// A file of keys that nobody else changes meanwhile.
pub(super) struct Store {
    /// Where it really is: a link stays one.
    path: PathBuf,
    file: KeyFile,
    before: Option<Metadata>,
    _lock: File,
}

/// Reads a file without changing it.
pub(super) fn read(path: &Path) -> Result<KeyFile, Error> {
    let mut text = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(MAX_FILE as u64 + 1).read_to_end(&mut text))
        .map_err(|error| format!("{} cannot be read: {error}", path.display()));
    read?;
    warn_if_open(path);
    KeyFile::parse(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}

impl Store {
    /// Locks and reads the file. One that is not there is a list of no keys, if it may be.
    pub(super) fn open(path: &Path, may_be_new: bool) -> Result<Self, Error> {
        let named = |error: io::Error| format!("{} cannot be changed: {error}", path.display());
        let path = match path.canonicalize() {
            Ok(path) => path,
            Err(error) if error.kind() == ErrorKind::NotFound && may_be_new => {
                // A link to nothing is not a file to be made.
                if path.symlink_metadata().is_ok() {
                    return Err(format!("{} is a link to a file that is not there", path.display()).into());
                }
                path.to_owned()
            }
            Err(error) => return Err(format!("{} cannot be read: {error}", path.display()).into()),
        };
        let lock = lock(&path).map_err(named)?;
        // What was there before the lock was had may be another by now.
        let before = match std::fs::metadata(&path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == ErrorKind::NotFound && may_be_new => None,
            Err(error) => return Err(named(error).into()),
        };
        let file = if before.is_some() { read(&path)? } else { KeyFile::new() };
        Ok(Self { path, file, before, _lock: lock })
    }

    pub(super) const fn file(&mut self) -> &mut KeyFile {
        &mut self.file
    }

    /// Puts the file in the place of the old one. When this returns, it is there for good.
    pub(super) fn save(self) -> Result<(), Error> {
        self.save_with(&mut |_| Ok(()))
    }

    /// As `save`, with a say between the steps, for tests.
    fn save_with(self, between: &mut dyn FnMut(&str) -> io::Result<()>) -> Result<(), Error> {
        let text = self.file.print()?;
        let wrong = |error: io::Error| format!("{} cannot be written: {error}", self.path.display());
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut write = || -> io::Result<()> {
            // For its owner alone from its first byte on; removed where this fails.
            let mut new = tempfile::Builder::new().prefix(".doorward-keys-").tempfile_in(folder)?;
            between("made")?;
            new.write_all(text.as_bytes())?;
            between("written")?;
            self.keep_owner(new.as_file())?;
            new.as_file().sync_all()?;
            between("synced")?;
            new.persist(&self.path).map_err(|error| error.error)?;
            between("renamed")?;
            sync_folder(folder)
        };
        write().map_err(|error| wrong(error).into())
    }

    /// The new file is as accessible as the old one was: the server that reads it may be another user's.
    #[cfg(unix)]
    fn keep_owner(&self, new: &File) -> io::Result<()> {
        use std::os::unix::fs::MetadataExt as _;
        let Some(before) = &self.before else { return Ok(()) };
        let made = new.metadata()?;
        if (made.uid(), made.gid()) != (before.uid(), before.gid()) {
            std::os::unix::fs::fchown(new, Some(before.uid()), Some(before.gid()))?;
        }
        new.set_permissions(before.permissions())
    }

    #[cfg(not(unix))]
    fn keep_owner(&self, _: &File) -> io::Result<()> {
        let _ = &self.before;
        Ok(())
    }
}

fn lock(path: &Path) -> io::Result<File> {
    let mut name = OsString::from(path);
    name.push(".lock");
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let lock = options.open(name)?;
    let began = Instant::now();
    loop {
        match FileExt::try_lock(&lock) {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another doorward keys has been changing it for half a minute"));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder can't be synced, and a rename is as durable as the system makes it.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Says on stderr how to close the file to others, where they can read it.
fn warn_if_open(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if std::fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
            let path = path.display();
            eprintln!("doorward: {path} can be read by other users of this machine: chmod 600 {path}");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward::api_keys::file::KeyRecord;
    use doorward::api_keys::{ApiKey, KeyFormat};

    fn add(store: &mut Store, id: &str) {
        let key = KeyFormat::default().mint_random("test").unwrap();
        store.file().push(KeyRecord::of_key(&key, ApiKey::new(id), None, 1.0)).unwrap();
    }

    fn ids(path: &Path) -> Vec<String> {
        read(path).unwrap().records().iter().map(|record| record.entry().id().to_owned()).collect()
    }

    #[test]
    fn a_writer_that_fails_at_any_step_leaves_the_old_file_or_the_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.jsonl");
        let mut store = Store::open(&path, true).unwrap();
        add(&mut store, "first");
        store.save().unwrap();
        let mut expected = vec!["first".to_owned()];
        for step in ["made", "written", "synced", "renamed"] {
            let mut store = Store::open(&path, false).unwrap();
            add(&mut store, step);
            let stop = |at: &str| if at == step { Err(io::Error::other("the disk is full")) } else { Ok(()) };
            let error = store.save_with(&mut { stop }).unwrap_err();
            assert!(error.to_string().contains("the disk is full"), "{error}");
            if step == "renamed" {
                expected.push(step.to_owned());
            }
            assert_eq!(ids(&path), expected, "{step}");
        }
        let left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "the file and its lock: {left:?}");
    }

    #[cfg(unix)]
    #[test]
    fn rights_are_narrow_at_first_and_kept_after() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.jsonl");
        let mode = || std::fs::metadata(&path).unwrap().mode() & 0o777;
        Store::open(&path, true).unwrap().save().unwrap();
        assert_eq!(mode(), 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("keys.jsonl", &link).unwrap();
        let mut store = Store::open(&link, false).unwrap();
        add(&mut store, "by link");
        store.save().unwrap();
        assert_eq!((mode(), ids(&path)), (0o640, vec!["by link".to_owned()]));
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn one_writer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.jsonl");
        Store::open(&path, true).unwrap().save().unwrap();
        thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for number in 0..8 {
                        let mut store = Store::open(path, false).unwrap();
                        add(&mut store, &format!("{writer}-{number}"));
                        store.save().unwrap();
                    }
                });
            }
        });
        assert_eq!(ids(&path).len(), 32);
    }
}
