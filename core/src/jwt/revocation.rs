//! Tokens that are no longer good before their time (RFC 7009 in spirit): a bounded set that never forgets early.
//!
//! An entry lives until the tokens it is about have expired by themselves. When the set is full, revoking is an error
//! and changes nothing: what was revoked stays so. The set is per process; a host that has many revokes in each.

use crate::Now;
use ahash::RandomState;
use core::cmp::Ordering;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering::Acquire, Ordering::Release};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// What is revoked, as 32 bytes: nothing of a token is kept.
type Name = [u8; 32];

#[derive(Clone, Copy)]
struct Entry {
    /// Tokens issued before this moment are revoked; infinity for all.
    before: f64,
    /// When the last of them has expired by itself, in seconds since the epoch.
    until: f64,
}

impl Entry {
    /// Whether every token it is about has expired by itself. By a clock that is no number, none has.
    fn is_over(&self, now: Now) -> bool {
        self.until <= now.unix
    }
}

/// The set is full of entries that are still needed; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationsFull;

impl RevocationsFull {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "revocations_full"
    }
}

impl fmt::Display for RevocationsFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the set of revocations is full: make it larger, or change the key that signed the tokens",
        )
    }
}

impl core::error::Error for RevocationsFull {}

/// A token, by what it may be revoked by.
#[derive(Clone, Copy)]
pub struct Revocable<'a> {
    /// The token itself, as it was sent.
    pub token: &'a [u8],
    /// Its `iss`, empty where it has none.
    pub issuer: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// Whether that is the id of a client whose tokens have no `sub`: it is no user's of the same name.
    pub client: bool,
    /// Its `jti`.
    pub id: Option<&'a str>,
    /// Its `iat`, in seconds since the epoch. Without one it counts as issued before any moment.
    pub issued_at: Option<f64>,
}

/// A bounded set of revocations, shared between threads.
///
/// ```
/// use doorward::{Now, jwt::{Revocable, Revocations}};
///
/// let revocations = Revocations::new(1000, [1, 2, 3, 4]);
/// let now = Now::new(1_700_000_000.0, 0);
/// // Anna's key was lost at noon: everything of hers from before is void. Her tokens live a day at most.
/// revocations.revoke_subject("https://issuer.example", "anna", now.unix, now.unix + 86_400.0, now)?;
/// let token = Revocable {
///     token: b"eyJ", issuer: "https://issuer.example", subject: "anna", client: false, id: None,
///     issued_at: Some(now.unix - 60.0),
/// };
/// assert!(revocations.is_revoked(token, now));
/// # Ok::<(), doorward::jwt::RevocationsFull>(())
/// ```
pub struct Revocations {
    capacity: usize,
    entries: RwLock<HashMap<Name, Entry, RandomState>>,
    /// How many entries of each way there are, so that a set without any costs a load and no lock. They may lag
    /// behind `entries` only while a call that revokes is still under way.
    counts: [AtomicUsize; 4],
}

/// The ways to revoke, each with a name space of its own.
#[derive(Clone, Copy)]
enum Way {
    Id,
    Token,
    Subject,
    Client,
}

impl Way {
    const ALL: [Self; 4] = [Self::Id, Self::Token, Self::Subject, Self::Client];

    /// SHA-256 over the way and the parts, each behind its length, so that no two lists of parts are alike.
    fn name(self, parts: &[&[u8]]) -> Name {
        let mut hash = Sha256::new_with_prefix([self as u8]);
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut name: Name = hash.finalize().into();
        // The first byte tells the way, for counting what is let go.
        if let Some(first) = name.first_mut() {
            *first = self as u8;
        }
        name
    }
}

impl Revocations {
    /// An empty set for up to `capacity` entries, about 100 bytes each. `seed` should be random.
    #[must_use]
    pub fn new(capacity: usize, seed: [u64; 4]) -> Self {
        let [a, b, c, d] = seed;
        Self {
            capacity,
            entries: RwLock::new(HashMap::with_hasher(RandomState::with_seeds(a, b, c, d))),
            counts: [const { AtomicUsize::new(0) }; 4],
        }
    }

    /// Revokes the token of that issuer and `jti`, which expires at `until` (seconds since the epoch).
    ///
    /// # Errors
    /// The set is full; nothing was changed.
    pub fn revoke_id(&self, issuer: &str, id: &str, until: f64, now: Now) -> Result<(), RevocationsFull> {
        let name = Way::Id.name(&[issuer.as_bytes(), id.as_bytes()]);
        self.add(name, Entry { before: f64::INFINITY, until }, now)
    }

    /// Revokes that very token, which expires at `until` (seconds since the epoch). Of the token, its SHA-256 is kept.
    ///
    /// # Errors
    /// The set is full; nothing was changed.
    pub fn revoke_token(&self, token: &[u8], until: f64, now: Now) -> Result<(), RevocationsFull> {
        self.add(Way::Token.name(&[token]), Entry { before: f64::INFINITY, until }, now)
    }

    /// Revokes every token of that issuer and subject that was issued before `before`, the last of which expires at
    /// `until` (both in seconds since the epoch). Said twice, the later moments count.
    ///
    /// # Errors
    /// The set is full; nothing was changed.
    pub fn revoke_subject(
        &self,
        issuer: &str,
        subject: &str,
        before: f64,
        until: f64,
        now: Now,
    ) -> Result<(), RevocationsFull> {
        let name = Way::Subject.name(&[issuer.as_bytes(), subject.as_bytes()]);
        self.add(name, Entry { before, until }, now)
    }

    /// As [`revoke_subject`](Self::revoke_subject), of a client whose tokens have no `sub`: see
    /// [`ClaimMapping::client_in`](crate::oauth::ClaimMapping::client_in).
    ///
    /// # Errors
    /// The set is full; nothing was changed.
    pub fn revoke_client(
        &self,
        issuer: &str,
        client: &str,
        before: f64,
        until: f64,
        now: Now,
    ) -> Result<(), RevocationsFull> {
        let name = Way::Client.name(&[issuer.as_bytes(), client.as_bytes()]);
        self.add(name, Entry { before, until }, now)
    }

    /// Whether a token is revoked. With an empty set, one load; otherwise one SHA-256 for each way in use.
    #[must_use]
    pub fn is_revoked(&self, token: Revocable<'_>, now: Now) -> bool {
        Way::ALL.into_iter().any(|way| {
            if self.count(way).is_none_or(|count| count.load(Acquire) == 0) {
                return false;
            }
            let name = match way {
                Way::Token => way.name(&[token.token]),
                Way::Subject | Way::Client if token.client != matches!(way, Way::Client) => return false,
                Way::Subject | Way::Client => way.name(&[token.issuer.as_bytes(), token.subject.as_bytes()]),
                Way::Id => match token.id {
                    Some(id) => way.name(&[token.issuer.as_bytes(), id.as_bytes()]),
                    None => return false,
                },
            };
            let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
            entries.get(&name).is_some_and(|entry| {
                // A moment that is no number is one before which everything was issued.
                let is_before = |issued: f64| issued.partial_cmp(&entry.before).is_none_or(Ordering::is_lt);
                !entry.is_over(now) && token.issued_at.is_none_or(is_before)
            })
        })
    }

    /// How many entries there are, those whose time is over included until room is needed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn count(&self, way: Way) -> Option<&AtomicUsize> {
        self.counts.get(way as usize)
    }

    fn add(&self, name: Name, entry: Entry, now: Now) -> Result<(), RevocationsFull> {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = entries.get_mut(&name) {
            known.before = known.before.max(entry.before);
            known.until = known.until.max(entry.until);
            return Ok(());
        }
        if entries.len() >= self.capacity {
            // Only what has expired by itself makes room.
            entries.retain(|_, entry| !entry.is_over(now));
            self.recount(&entries);
        }
        if entries.len() >= self.capacity {
            return Err(RevocationsFull);
        }
        entries.insert(name, entry);
        let way = name.first().and_then(|way| self.counts.get(usize::from(*way)));
        way.map(|count| count.fetch_add(1, Release));
        Ok(())
    }

    /// Under the lock, so that the counts are those of one moment.
    fn recount(&self, entries: &HashMap<Name, Entry, RandomState>) {
        for way in Way::ALL {
            let held = entries.keys().filter(|name| name.first() == Some(&(way as u8))).count();
            if let Some(count) = self.count(way) {
                count.store(held, Release);
            }
        }
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Now = Now::new(1000.0, 0);

    fn token<'a>(token: &'a [u8], id: Option<&'a str>, issued_at: Option<f64>) -> Revocable<'a> {
        Revocable { token, issuer: "i", subject: "s", client: false, id, issued_at }
    }

    #[test]
    fn each_way_revokes_its_own_and_nothing_else() {
        let set = Revocations::new(10, [1; 4]);
        let mine = token(b"t", Some("j"), Some(500.0));
        assert!(!set.is_revoked(mine, NOW));
        set.revoke_id("i", "j", 2000.0, NOW).unwrap();
        assert!(set.is_revoked(mine, NOW));
        assert!(!set.is_revoked(token(b"t", Some("k"), Some(500.0)), NOW));
        assert!(!set.is_revoked(token(b"t", None, Some(500.0)), NOW));
        assert!(!set.is_revoked(Revocable { issuer: "other", ..mine }, NOW), "ids are an issuer's own");
        set.revoke_token(b"t", 2000.0, NOW).unwrap();
        assert!(set.is_revoked(token(b"t", None, None), NOW));
        assert!(!set.is_revoked(token(b"u", None, None), NOW));
    }

    #[test]
    fn a_subjects_later_tokens_are_good() {
        let set = Revocations::new(10, [1; 4]);
        set.revoke_subject("i", "s", 600.0, 2000.0, NOW).unwrap();
        assert!(set.is_revoked(token(b"t", None, Some(599.9)), NOW));
        assert!(!set.is_revoked(token(b"t", None, Some(600.0)), NOW));
        assert!(set.is_revoked(token(b"t", None, None), NOW), "of unknown age");
        set.revoke_subject("i", "s", 500.0, 1500.0, NOW).unwrap();
        assert!(set.is_revoked(token(b"t", None, Some(599.9)), NOW), "the later moment counts");
        assert_eq!(set.len(), 1);
        assert!(!set.is_revoked(Revocable { issuer: "is", subject: "", ..token(b"t", None, None) }, NOW));
    }

    #[test]
    fn a_client_is_no_user_of_its_name() {
        let set = Revocations::new(10, [1; 4]);
        let user = token(b"t", None, None);
        let client = Revocable { client: true, ..user };
        set.revoke_client("i", "s", f64::INFINITY, 2000.0, NOW).unwrap();
        assert!(set.is_revoked(client, NOW) && !set.is_revoked(user, NOW));
        let set = Revocations::new(10, [1; 4]);
        set.revoke_subject("i", "s", f64::INFINITY, 2000.0, NOW).unwrap();
        assert!(set.is_revoked(user, NOW) && !set.is_revoked(client, NOW));
    }

    #[test]
    fn full_is_an_error_and_nothing_is_forgotten() {
        let set = Revocations::new(2, [1; 4]);
        set.revoke_id("i", "a", 1500.0, NOW).unwrap();
        set.revoke_id("i", "b", 2000.0, NOW).unwrap();
        assert_eq!(set.revoke_id("i", "c", 2000.0, NOW), Err(RevocationsFull));
        set.revoke_id("i", "a", 1500.0, NOW).unwrap();
        let revoked = |id, unix| set.is_revoked(token(b"t", Some(id), None), Now::new(unix, 0));
        assert!(revoked("a", 1000.0) && revoked("b", 1000.0) && !revoked("c", 1000.0));
        // Once a has expired by itself, there is room.
        set.revoke_id("i", "c", 2000.0, Now::new(1500.0, 0)).unwrap();
        assert!(revoked("b", 1500.0) && revoked("c", 1500.0) && !revoked("a", 1500.0));
    }

    #[test]
    fn a_moment_that_is_no_number_revokes_everything() {
        let set = Revocations::new(2, [1; 4]);
        set.revoke_subject("i", "s", f64::NAN, 2000.0, NOW).unwrap();
        assert!(set.is_revoked(token(b"t", None, Some(599.9)), NOW));
    }

    #[test]
    fn a_clock_that_is_no_number_lets_nothing_pass() {
        let set = Revocations::new(2, [1; 4]);
        set.revoke_id("i", "a", 1500.0, NOW).unwrap();
        assert!(set.is_revoked(token(b"t", Some("a"), None), Now::new(f64::NAN, 0)));
    }
}
