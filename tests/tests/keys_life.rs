//! A key's life by command line, and a running server that follows it.

use doorward_tests::fixtures::protected;
use doorward_tests::http::Request;
use doorward_tests::{Ended, Server, Setup, USER_KEY, mcp};
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PEPPER: &str = "a pepper of thirty-two bytes or so";

/// A folder with a file of keys to be.
struct Life {
    folder: tempfile::TempDir,
    pepper: bool,
}

impl Life {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), pepper: false }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("keys.jsonl")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = doorward_tests::process::doorward();
        command.args(["keys"]).args(args).env("API_KEYS_FILE", self.path()).current_dir(self.folder.path());
        if self.pepper {
            command.env("API_KEY_PEPPER", PEPPER);
        }
        command
    }

    fn run(&self, args: &[&str], stdin: &str) -> Ended {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may have ended without reading.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What it prints when all is well.
    fn ok(&self, args: &[&str]) -> String {
        let ended = self.run(args, "");
        assert!(ended.status.success(), "{args:?}: {ended:?}");
        ended.stdout
    }

    fn refused(&self, args: &[&str]) -> String {
        let ended = self.run(args, "");
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{args:?}: {ended:?}");
        let sentence = ended.stderr.strip_prefix("doorward: ").unwrap_or_else(|| panic!("{ended:?}"));
        sentence.trim_end().to_owned()
    }

    fn new_key(&self, args: &[&str]) -> String {
        let printed = self.ok(&[&["new"], args].concat());
        let key = printed.strip_suffix('\n').unwrap().to_owned();
        assert!(key.starts_with("dw_") && !key.contains('\n'), "{key}");
        key
    }

    fn list(&self) -> Vec<Value> {
        self.ok(&["list", "--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn check(&self, key: &str) -> Value {
        let ended = self.run(&["check", "--json"], &format!("{key}\n"));
        let found: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
        assert_eq!(ended.status.success(), found["status"] == "good", "{ended:?}");
        assert!(!ended.stdout.contains(key) && !ended.stderr.contains(key), "{ended:?}");
        found
    }

    fn serve(&self) -> Setup {
        let setup = Setup::new().var("API_KEYS_FILE", self.path()).var("PREAUTH_RATE_LIMIT_MAX", "10000");
        if self.pepper { setup.var("API_KEY_PEPPER", PEPPER) } else { setup }
    }
}

fn status(server: &Server, key: &str) -> u16 {
    server.send(&Request::post(mcp::whoami()).key(key)).status
}

/// Waits until the server answers a key so; it may take two seconds.
fn until(server: &Server, key: &str, wanted: u16) {
    let began = Instant::now();
    while status(server, key) != wanted {
        assert!(began.elapsed() < Duration::from_secs(20), "not {wanted}:\n{}", server.log());
        sleep(Duration::from_millis(100));
    }
}

fn health(server: &Server) -> Value {
    server.send(&Request::get("/health")).json()
}

#[test]
fn a_key_is_made_listed_rotated_checked_and_ended() {
    let mut life = Life::new();
    for pepper in [false, true] {
        // The second time round, the file gets a pepper, and the keys there are stay good.
        life.pepper = pepper;
        let name = if pepper { "late" } else { "ci" };
        let key =
            life.new_key(&["--name", name, "--scope", "read", "--meta", "owner=anna", "--expires", "90d"]);
        let text = fs::read_to_string(life.path()).unwrap();
        assert!(!text.contains(&key) && text.contains(if pepper { "hmac-sha256:" } else { "\"sha256:" }));
        assert_eq!(text.contains("\"sha256:"), !pepper, "all digests are under the pepper");

        let found = life.check(&key);
        assert_eq!((&found["name"], &found["status"]), (&json!(name), &json!("good")));
        assert_eq!((&found["roles"], &found["scopes"]), (&json!(["user"]), &json!(["read"])));
        assert_eq!(found["metadata"], json!({"owner": "anna"}));
        assert!(key.contains(found["id"].as_str().unwrap()));

        let second = life.ok(&["rotate", name, "--overlap", "1h"]);
        let second = second.trim_end();
        let (old, new) = (life.check(&key), life.check(second));
        assert_eq!((&old["status"], &new["status"]), (&json!("good"), &json!("good")));
        assert_eq!((&new["name"], &new["scopes"]), (&json!(name), &json!(["read"])));
        assert!(new["expires"].is_null() && old["expires"].is_string() && old["id"] != new["id"]);

        life.ok(&["disable", new["id"].as_str().unwrap()]);
        assert_eq!(life.check(second)["status"], "api_key_disabled");
        assert_eq!(life.check(&key)["status"], "good");
        life.ok(&["disable", name]);
        assert_eq!(life.check(&key)["status"], "api_key_disabled");
        assert!(life.refused(&["rotate", name]).contains("none to go on from"));
        life.ok(&["disable", "--undo", name]);
        assert_eq!(life.check(second)["status"], "good");
        let mut changed = key.clone();
        changed.replace_range(30..31, if &key[30..31] == "a" { "b" } else { "a" });
        assert_eq!(life.check(&changed), json!({"status": "api_key_malformed"}));
        assert_eq!(
            life.check("dw_live_Zy9Xw8Vu7Ts6_0029sS3yqsuDyR1vGFhTuuRAq1b0qqGGk")["status"],
            "api_key_unknown"
        );
    }
    assert_eq!(life.list().len(), 4);
    let table = life.ok(&["list"]);
    assert!(table.starts_with("ID") && table.lines().count() == 5, "{table}");
    for secret in ["sha256", PEPPER] {
        assert!(!table.contains(secret) && !life.ok(&["list", "--json"]).contains(&format!("{secret}:")));
    }
    life.pepper = false;
    assert!(life.refused(&["new"]).contains("line 1 says the keys need a pepper"));
    assert!(life.refused(&["rotate", "ci"]).contains("API_KEY_PEPPER"));
}

#[test]
fn what_makes_no_sense_is_refused_in_a_sentence() {
    let life = Life::new();
    assert!(life.refused(&["list"]).contains("cannot be read"));
    assert!(life.refused(&["disable", "x"]).contains("cannot be read"));
    let key = life.new_key(&["--env", "test"]);
    for (args, saying) in [
        (&["disable", "nobody"][..], "no key of that id or name"),
        (&["rotate", "nobody"], "no key of that id or name"),
        (&["rotate", "nobody", "--overlap", "7"], "--overlap"),
        (&["new", "--env", "Live"], "environment"),
        (&["new", "--expires", "soon"], "--expires"),
        (&["new", "--quota", "100"], "--quota"),
        (&["new", "--meta", "x"], "--meta"),
        (&["new", "--name", ""], "an id or a name that is empty"),
        (&["new", "--name", &key], "a key for its id"),
        (&["check", &key], "unexpected"),
        (&["new", "--starts-in", "2h", "--expires", "1h"], "no moment"),
    ] {
        let sentence = life.refused(args);
        assert!(sentence.contains(saying) && !sentence.contains(&key[24..]), "{args:?}: {sentence}");
        assert!(!sentence.contains('\n'), "{sentence}");
    }
    assert_eq!(life.list().len(), 1);
    fs::write(life.path(), "").unwrap();
    assert!(life.refused(&["new"]).contains("the file is empty"));
    // Without the setting.
    let mut command = doorward_tests::process::doorward();
    let output = command.args(["keys", "list"]).current_dir(life.folder.path()).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("set API_KEYS_FILE, or give --file"));
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let life = Life::new();
    life.new_key(&[]);
    let mode = fs::metadata(life.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(life.run(&["list"], "").stderr, "");
    fs::set_permissions(life.path(), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(life.run(&["list"], "").stderr.contains("chmod 600"));
    let server = life.serve().start();
    assert!(server.logged("keys_file_open")["message"].as_str().unwrap().contains("chmod 600"));
}

#[test]
fn a_running_server_follows_the_file() {
    let life = Life::new();
    let first = life.new_key(&["--name", "ci", "--quota", "7/1m"]);
    let server = life.serve().var("ADMIN_API_KEYS", "admin-key-9b3e55f0c81d7a").start();
    let answer = server.send(&Request::post(mcp::whoami()).key(&first));
    assert_eq!(mcp::result(&answer)["id"], "key:ci");
    assert_eq!(
        (answer.number("x-ratelimit-limit"), health(&server)),
        (7, json!({"status": "ok", "keys_stale": false}))
    );

    let second = life.new_key(&[]);
    until(&server, &second, 200);
    life.ok(&["disable", "ci"]);
    until(&server, &first, 401);
    assert_eq!(server.logged("api_key_disabled")["status"], 401);

    // A broken file changes nothing but what /health and the log say.
    let good = fs::read(life.path()).unwrap();
    fs::write(life.path(), "nonsense\n").unwrap();
    let log = server.logged("cannot be used");
    assert_eq!((&log["code"], &log["level"]), (&json!("key_file_header_invalid"), &json!("ERROR")));
    assert_eq!(health(&server), json!({"status": "ok", "keys_stale": true}));
    assert_eq!((status(&server, &second), status(&server, &first)), (200, 401));
    fs::remove_file(life.path()).unwrap();
    let _ = server.logged("keys_file_unreadable");
    assert_eq!((status(&server, &second), health(&server)["keys_stale"].clone()), (200, json!(true)));
    fs::write(life.path(), good).unwrap();
    let began = Instant::now();
    while health(&server)["keys_stale"] == true {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", server.log());
        sleep(Duration::from_millis(100));
    }
    assert_eq!(status(&server, "admin-key-9b3e55f0c81d7a"), 200);
}

#[test]
fn a_file_that_is_stale_for_too_long_denies() {
    let life = Life::new();
    let key = life.new_key(&[]);
    let server = life.serve().var("API_KEYS", USER_KEY).var("API_KEYS_MAX_STALE", "2s").start();
    assert_eq!(status(&server, &key), 200);
    fs::rename(life.path(), life.folder.path().join("away")).unwrap();
    until(&server, &key, 503);
    let answer = server.send(&Request::post(mcp::whoami()).key(&key));
    assert_eq!(answer.json()["error"], "unavailable");
    assert_eq!(status(&server, USER_KEY), 200, "a key that needs no file is as good as ever");
    fs::rename(life.folder.path().join("away"), life.path()).unwrap();
    until(&server, &key, 200);
}

#[test]
fn a_server_does_not_start_with_a_file_it_cannot_use() {
    let life = Life::new();
    let refused = |setup: &Setup, saying: &str| {
        let ended = setup.run();
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
        let line = ended.stderr.lines().last().unwrap_or_default();
        assert!(line.starts_with("doorward: API_KEYS_FILE ") && line.contains(saying), "{ended:?}");
    };
    refused(&life.serve(), "cannot be read");
    fs::write(life.path(), "").unwrap();
    refused(&life.serve(), "the file is empty");
    fs::remove_file(life.path()).unwrap();
    let key = life.new_key(&["--quota", "5/365d"]);
    refused(&life.serve(), "line 2 has a quota that can't be kept");
    fs::remove_file(life.path()).unwrap();
    let other = life.new_key(&[]);
    refused(&life.serve().var("API_KEYS", &other), "line 2 is a key of API_KEYS");
    let peppered = Life { pepper: true, ..life };
    peppered.new_key(&[]);
    refused(&peppered.serve().without("API_KEY_PEPPER"), "need a pepper");
    refused(&peppered.serve().var("API_KEY_PEPPER", "another pepper of thirty-two bytes"), "another pepper");
    // No keys at all is a list like any other.
    fs::write(peppered.path(), "{\"doorward_keys\":1}\n").unwrap();
    let server = peppered.serve().start();
    assert_eq!((status(&server, &key), status(&server, &other)), (401, 401));
}

#[test]
fn two_writers_lose_nothing() {
    let life = Life::new();
    life.new_key(&["--name", "before"]);
    let keys: Vec<String> = std::thread::scope(|scope| {
        let writers = [(); 3].map(|()| scope.spawn(|| (0..5).map(|_| life.new_key(&[])).collect::<Vec<_>>()));
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(life.list().len(), 16);
    assert!(keys.iter().all(|key| life.check(key)["status"] == "good"));
}

#[test]
fn a_writer_killed_at_any_moment_loses_nothing() {
    let life = Life::new();
    let mut shown = vec![life.new_key(&[])];
    let mut killed = 0;
    for delay in 0..30 {
        let output = life.folder.path().join("out");
        let mut child = life
            .command(&["new"])
            .stdout(fs::File::create(&output).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        sleep(Duration::from_micros(delay * 700));
        // It may have ended already.
        let _ = child.kill();
        killed += u32::from(!child.wait().unwrap().success());
        // A key that was shown is there for good.
        shown.extend(fs::read_to_string(&output).unwrap().lines().map(str::to_owned));
        let before = life.list().len();
        assert!(before >= shown.len(), "{before} of {}", shown.len());
    }
    assert!(killed > 0, "nothing was killed");
    assert!(shown.iter().all(|key| life.check(key)["status"] == "good"));
    // And the lock died with its holder.
    life.new_key(&[]);
}

#[test]
fn names_that_are_nearly_settings_are_told_of() {
    let env = format!("API_KEYS={USER_KEY}\nRATE_LIMT_MAX=7\nDATABASE_URL=x\n");
    let server = Setup::new().file(".env", &env).start();
    server.secret(USER_KEY);
    let told = server.logged("setting_unknown");
    assert!(told["message"].as_str().unwrap().contains("is it RATE_LIMIT_MAX?"), "{told}");
    assert!(!server.log().contains("DATABASE_URL"));
}

#[test]
fn off_loopback_a_short_plain_key_is_refused() {
    let setup = Setup::new().var("HOST", "0.0.0.0").var("PUBLIC_URL", "https://mcp.example/mcp");
    let ended = setup.clone().var("API_KEYS", "k").run();
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.starts_with("doorward: API_KEYS item 1 has under 16 bytes"), "{ended:?}");
    drop(setup.var("API_KEYS", USER_KEY).start());
    drop(protected().start());
}

/// The path is only named by settings: nothing else is written beside it but its lock.
#[test]
fn nothing_is_left_beside_the_file() {
    let life = Life::new();
    life.new_key(&[]);
    life.ok(&["list"]);
    let mut names: Vec<_> = fs::read_dir(life.folder.path())
        .unwrap()
        .map(|one| one.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["keys.jsonl", "keys.jsonl.lock"]);
    assert!(Path::new(&life.path()).is_file());
}
