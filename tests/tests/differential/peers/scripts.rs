//! Peers in other languages: a file of cases in, a line of verdict a case out.

use crate::case::Case;
use crate::generator::Plan;
use crate::keys::KeyId;
use crate::list::Comparison;
use serde_json::json;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A script, and what runs it.
pub(crate) struct Script {
    pub(crate) peer: &'static str,
    /// Below `tests/clients`.
    pub(crate) program: &'static str,
    pub(crate) script: &'static str,
    /// What `make deps` puts there.
    pub(crate) needs: &'static str,
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

impl Script {
    /// Compares these cases of a plan with doorward's answers to them.
    pub(crate) fn compare(&self, plan: Plan, cases: &[(Case, &'static str)]) -> Comparison {
        let needs = clients().join(self.needs);
        assert!(needs.exists(), "{} is not installed: run make deps", self.peer);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cases.jsonl");
        write(&path, plan, cases).expect("room for the cases");
        let program = match self.program {
            "node" => "node".into(),
            below => clients().join(below),
        };
        let mut child = Command::new(program)
            .arg(clients().join(self.script))
            .arg(&path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.peer));
        let mut verdicts = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut comparison = Comparison::new(self.peer);
        for (case, ours) in cases {
            let theirs = verdicts.next().unwrap_or_else(|| panic!("{} gave up", self.peer)).expect("text");
            comparison.add(case, ours, &theirs);
        }
        assert!(verdicts.next().is_none(), "{}: more verdicts than tokens", self.peer);
        assert!(child.wait().expect("its end").success(), "{} failed", self.peer);
        comparison
    }
}

/// The time and the keys in the first line, then a line a case.
fn write(path: &Path, plan: Plan, cases: &[(Case, &str)]) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let keys: serde_json::Map<String, serde_json::Value> = KeyId::ALL
        .into_iter()
        .map(|key| {
            let hex: String = key.secret().iter().map(|byte| format!("{byte:02x}")).collect();
            let text = if key.is_secret() { json!({"secret_hex": hex}) } else { json!({"pem": key.pem()}) };
            (key.name().to_owned(), text)
        })
        .collect();
    writeln!(file, "{}", json!({"now": plan.now, "keys": keys}))?;
    for (case, _) in cases {
        writeln!(file, "{}", case.line())?;
    }
    file.flush()
}
