//! The list of disagreements (`disagreements.json`), held to in both directions: a disagreement that no entry explains
//! fails, and so does an entry that explains none.

use crate::case::Case;
use crate::facts::facts;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One way in which a peer differs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    peer: String,
    /// `ok` or our code.
    ours: String,
    /// `ok` or the peer's name for its error.
    theirs: String,
    /// What is remarkable about the token: see `facts.rs`.
    fact: String,
    why: String,
}

/// Verdicts compared, and what was found.
pub(crate) struct Comparison {
    peer: &'static str,
    entries: Vec<Entry>,
    /// How often each entry explained something, by its place.
    used: BTreeMap<usize, u64>,
    /// What nothing explains, by kind, with the first of each kind.
    unexplained: BTreeMap<String, (u64, String)>,
    accepted: u64,
    refused: u64,
}

impl Comparison {
    pub(crate) fn new(peer: &'static str) -> Self {
        let entries: Vec<Entry> =
            serde_json::from_str(include_str!("disagreements.json")).expect("disagreements.json");
        assert!(entries.iter().all(|entry| !entry.why.is_empty()), "every entry says why");
        let entries = entries.into_iter().filter(|entry| entry.peer == peer).collect();
        Self { peer, entries, used: BTreeMap::new(), unexplained: BTreeMap::new(), accepted: 0, refused: 0 }
    }

    /// Compares two verdicts on a token.
    pub(crate) fn add(&mut self, case: &Case, ours: &str, theirs: &str) {
        match (ours == "ok", theirs == "ok") {
            (true, true) => return self.accepted += 1,
            (false, false) => return self.refused += 1,
            _ => {}
        }
        let facts = facts(case);
        let mut explained = false;
        for (place, entry) in self.entries.iter().enumerate() {
            if entry.ours == ours && entry.theirs == theirs && facts.contains(&entry.fact) {
                *self.used.entry(place).or_default() += 1;
                explained = true;
            }
        }
        if !explained {
            let kind = format!("doorward: {ours}, {}: {theirs}, facts: {facts:?}", self.peer);
            let unexplained = self.unexplained.entry(kind).or_insert_with(|| (0, format!("{case:?}")));
            unexplained.0 += 1;
        }
    }

    /// Takes in what another thread found.
    pub(crate) fn join(&mut self, other: Self) {
        for (place, count) in other.used {
            *self.used.entry(place).or_default() += count;
        }
        for (kind, (count, first)) in other.unexplained {
            self.unexplained.entry(kind).or_insert((0, first)).0 += count;
        }
        self.accepted += other.accepted;
        self.refused += other.refused;
    }

    /// What was found, in a line; fails unless the list is exactly right. `whole` tells whether there were so many
    /// tokens that every entry must have come up.
    pub(crate) fn check(&self, whole: bool) -> String {
        let mut report = String::new();
        for (kind, (count, first)) in &self.unexplained {
            let _ = write!(report, "\n{count} × {kind}\n    first: {first}");
        }
        assert!(report.is_empty(), "{}: unexplained disagreements:{report}", self.peer);
        for (place, entry) in self.entries.iter().enumerate() {
            if whole && !self.used.contains_key(&place) {
                let _ = write!(report, "\n{} / {} / {}: {}", entry.ours, entry.theirs, entry.fact, entry.why);
            }
        }
        assert!(report.is_empty(), "{}: entries that explain nothing (take them out):{report}", self.peer);
        // Were all of one kind, nothing would have been compared.
        let total = self.accepted + self.refused;
        assert!(self.accepted * 10 > total && self.refused * 10 > total, "{} of {total}", self.accepted);
        let differ: u64 = self.used.values().sum();
        let least = self.used.iter().min_by_key(|(_, count)| **count);
        let least = least.map(|(place, count)| format!("{count} × {}", self.entries[*place].fact));
        format!(
            "{}: both accept {}, both refuse {}, {} entries explain the others {differ} times, at least {}",
            self.peer,
            self.accepted,
            self.refused,
            self.entries.len(),
            least.unwrap_or_default()
        )
    }
}
