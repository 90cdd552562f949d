//! A file of keys under a gate: every way a file can become another, and every way it can be none.

use doorward::Now;
use doorward::api_keys::file::{KeyFile, KeyRecord};
use doorward::api_keys::{ApiKey, ApiKeys, KeyFormat};
use doorward::gate::{Gate, Step};
use doorward_axum::{KeysFile, KeysFileError, KeysStatus};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

fn key(number: u8) -> String {
    let format = KeyFormat::default();
    format.mint("test", "Zy9Xw8Vu7Ts6", &[number; 20]).unwrap().expose().to_owned()
}

/// A file's text with the keys of these numbers.
fn text(numbers: &[u8]) -> String {
    let mut file = KeyFile::new();
    for number in numbers {
        let minted = KeyFormat::default().mint("test", "Zy9Xw8Vu7Ts6", &[*number; 20]).unwrap();
        file.push(KeyRecord::of_key(&minted, ApiKey::new(number.to_string()), None, 1.0)).unwrap();
    }
    file.print().unwrap()
}

struct Watched {
    gate: Arc<Gate>,
    status: KeysStatus,
    folder: tempfile::TempDir,
}

impl Watched {
    fn start(first: &str, more: impl FnOnce(KeysFile) -> KeysFile) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.jsonl");
        fs::write(&path, first).unwrap();
        let gate = gate();
        let file = KeysFile::new(Arc::clone(&gate), &path).every(Duration::from_millis(10));
        let status = more(file).watch().unwrap();
        Self { gate, status, folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("keys.jsonl")
    }

    fn replace(&self, text: &str) {
        let new = self.folder.path().join("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.path()).unwrap();
    }

    /// What the gate says of a key's head: 200 or a refusal's status.
    fn status_of(&self, key: &str) -> u16 {
        status_of(&self.gate, key)
    }

    fn until(&self, what: &str, is: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is(self) {
            assert!(began.elapsed() < PATIENCE, "not {what} in time");
            sleep(Duration::from_millis(5));
        }
    }
}

fn gate() -> Arc<Gate> {
    Arc::new(Gate::builder().keys_come_later().slots(64, 64).build_random().unwrap())
}

fn status_of(gate: &Gate, key: &str) -> u16 {
    let headers =
        [("host", &b"localhost"[..]), ("x-api-key", key.as_bytes()), ("content-type", b"application/json")];
    // Another address each time, so that failures use up no bucket.
    let peer = std::net::Ipv4Addr::from(rand());
    match gate.begin(&gate.head("POST", Some(peer.into()), headers), Now::system()) {
        Step::NeedBody(_) => 200,
        Step::Denied(denial) => denial.status,
        other => panic!("{other:?}"),
    }
}

fn rand() -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0) as u32
}

#[test]
fn a_changed_file_is_another_set_however_it_changed() {
    let watched = Watched::start(&text(&[1]), |file| file);
    assert_eq!((watched.status_of(&key(1)), watched.status_of(&key(2))), (200, 401));
    assert_eq!((watched.status.keys(), watched.status.is_stale()), (1, false));

    watched.replace(&text(&[1, 2]));
    watched.until("renamed", |watched| watched.status_of(&key(2)) == 200);
    assert_eq!((watched.status_of(&key(1)), watched.status.keys()), (200, 2));

    fs::write(watched.path(), text(&[2])).unwrap();
    watched.until("written in place", |watched| watched.status_of(&key(1)) == 401);
    // Of the same length, and so soon that times may not tell.
    for number in 3..9 {
        fs::write(watched.path(), text(&[number])).unwrap();
        watched.until("written again", |watched| watched.status_of(&key(number)) == 200);
        assert_eq!(watched.status_of(&key(number - 1)), 401);
    }
    watched.replace("{\"doorward_keys\":1}\n");
    watched.until("emptied", |watched| watched.status.keys() == 0);
    assert_eq!((watched.status_of(&key(8)), watched.status.is_stale()), (401, false));
}

#[cfg(unix)]
#[test]
fn swapped_symlinks_are_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let put = |name: &str, numbers: &[u8]| {
        fs::create_dir(at(name)).unwrap();
        fs::write(at(name).join("keys.jsonl"), text(numbers)).unwrap();
    };
    // As Kubernetes mounts a secret: the file is a link through a folder that is a link.
    put("one", &[1]);
    put("two", &[2]);
    symlink("one", at("..data")).unwrap();
    symlink("..data/keys.jsonl", at("keys.jsonl")).unwrap();
    let gate = gate();
    let file = KeysFile::new(Arc::clone(&gate), at("keys.jsonl")).every(Duration::from_millis(10));
    let _status = file.watch().unwrap();
    assert_eq!(status_of(&gate, &key(1)), 200);
    symlink("two", at("..data_tmp")).unwrap();
    fs::rename(at("..data_tmp"), at("..data")).unwrap();
    let began = Instant::now();
    while status_of(&gate, &key(2)) != 200 {
        assert!(began.elapsed() < PATIENCE);
        sleep(Duration::from_millis(5));
    }
    assert_eq!(status_of(&gate, &key(1)), 401);
}

#[test]
fn what_cannot_be_used_changes_nothing() {
    let watched = Watched::start(&text(&[1]), |file| file);
    type Spoil = (&'static str, fn(&Watched));
    let spoil: [Spoil; 6] = [
        ("broken", |watched| watched.replace("nonsense\n")),
        ("cut short", |watched| watched.replace(&text(&[1, 2, 3])[..200])),
        ("empty", |watched| watched.replace("")),
        ("gone", |watched| fs::remove_file(watched.path()).unwrap()),
        ("a folder", |watched| {
            fs::remove_file(watched.path()).unwrap();
            fs::create_dir(watched.path()).unwrap();
        }),
        ("a pepper that nobody gave", |watched| {
            watched.replace("{\"doorward_keys\":1,\"pepper\":\"0123456789abcdef\"}\n");
        }),
    ];
    for (what, spoil) in spoil {
        spoil(&watched);
        watched.until(what, |watched| watched.status.is_stale());
        assert_eq!((watched.status_of(&key(1)), watched.status_of(&key(2))), (200, 401), "{what}");
        sleep(Duration::from_millis(100));
        assert!(watched.status.is_stale() && watched.status.stale_for() > Some(Duration::from_millis(50)));
        assert_eq!((watched.status_of(&key(1)), watched.status.keys()), (200, 1), "{what}");
        if watched.path().is_dir() {
            fs::remove_dir(watched.path()).unwrap();
        }
        // The very text that is in use: it was never left.
        watched.replace(&text(&[1]));
        watched.until("mended", |watched| !watched.status.is_stale());
        assert_eq!((watched.status_of(&key(1)), watched.status.stale_for()), (200, None));
    }
}

#[test]
fn a_set_that_is_refused_is_like_a_broken_file() {
    let watched = Watched::start(&text(&[1]), |file| {
        file.build_with(|file| match file.records().len() {
            2 => Err("two is too many"),
            _ => ApiKeys::builder().add_file(file).map(|keys| keys.build([1; 32]).unwrap()).map_err(|_| ""),
        })
    });
    watched.replace(&text(&[1, 2]));
    watched.until("refused", |watched| watched.status.is_stale());
    sleep(Duration::from_millis(100));
    assert!(watched.status.is_stale() && watched.status_of(&key(2)) == 401);
    watched.replace(&text(&[1, 2, 3]));
    watched.until("mended", |watched| watched.status_of(&key(3)) == 200);
    assert!(!watched.status.is_stale());
}

#[test]
fn a_build_that_panics_is_like_a_broken_file() {
    let watched = Watched::start(&text(&[1]), |file| {
        file.build_with(|file: &KeyFile| {
            assert!(file.records().len() != 2, "two are too many");
            ApiKeys::builder().add_file(file).unwrap().build_random()
        })
    });
    watched.replace(&text(&[1, 2]));
    watched.until("stale", |watched| watched.status.is_stale());
    assert_eq!(watched.status_of(&key(1)), 200);
    watched.replace(&text(&[2]));
    watched.until("followed again", |watched| watched.status_of(&key(2)) == 200);
    assert!(!watched.status.is_stale());
}

#[test]
fn a_file_that_is_too_stale_denies_its_keys_and_no_others() {
    let watched = Watched::start(&text(&[1]), |file| {
        let file = file.max_stale(Duration::from_millis(300));
        file.build_with(|file| {
            let builder = ApiKeys::builder().add("a-key-from-elsewhere", ApiKey::new("else"));
            builder.add_file(file).map(|keys| keys.build([1; 32]).unwrap())
        })
    });
    sleep(Duration::from_millis(600));
    assert_eq!(watched.status_of(&key(1)), 200, "a file that does not change is not stale");
    watched.replace("nonsense\n");
    watched.until("stale", |watched| watched.status.is_stale());
    watched.until("denied", |watched| watched.status_of(&key(1)) == 503);
    assert!(watched.status.stale_for() > Some(Duration::from_millis(300)));
    assert_eq!((watched.status_of("a-key-from-elsewhere"), watched.status_of(&key(9))), (200, 503));
    watched.replace(&text(&[1]));
    watched.until("mended", |watched| watched.status_of(&key(1)) == 200);
    assert_eq!((watched.status_of(&key(9)), watched.status.is_stale()), (401, false));
}

#[test]
fn a_file_that_is_bad_at_the_start_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let try_on = |path: &Path| KeysFile::new(gate(), path).watch().unwrap_err();
    let path = folder.path().join("keys.jsonl");
    assert!(matches!(try_on(&path), KeysFileError::Read(_)));
    assert!(matches!(try_on(folder.path()), KeysFileError::Read(_)));
    fs::write(&path, "").unwrap();
    assert_eq!(try_on(&path).code(), "key_file_empty");
    fs::write(&path, "{\"doorward_keys\":1,\"count\":2}\n").unwrap();
    let error = try_on(&path);
    assert!(error.code() == "key_file_count_wrong" && error.to_string().starts_with("line 1 "), "{error}");
}
