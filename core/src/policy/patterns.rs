//! Patterns of names: `*` for all, `prefix*`, or the name itself.

use super::uri::{canonical, climbs, is_ambiguous};
use crate::mcp::Kind;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// Names that are allowed: `*` for all, `prefix*` for those that begin so, or the name itself.
///
/// Kept sorted, and of prefixes only those that begin with no other, so that one binary search each finds what matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns {
    all: bool,
    exact: Box<[String]>,
    prefixes: Box<[String]>,
}

impl Patterns {
    /// Reads patterns. A `*` anywhere but at the end stands for itself.
    #[must_use]
    pub fn new<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Self {
        let (mut all, mut exact, mut prefixes) = (false, Vec::new(), Vec::new());
        for pattern in patterns {
            match pattern.as_ref().strip_suffix('*') {
                Some("") => all = true,
                Some(prefix) => prefixes.push(String::from(prefix)),
                None => exact.push(String::from(pattern.as_ref())),
            }
        }
        exact.sort_unstable();
        exact.dedup();
        prefixes.sort_unstable();
        // Behind one that it begins with, a longer prefix adds nothing; sorted, it stands right behind it.
        prefixes.dedup_by(|longer, shorter| longer.starts_with(shorter.as_str()));
        Self { all, exact: exact.into(), prefixes: prefixes.into() }
    }

    pub(super) fn matches(&self, kind: Kind, name: &str) -> bool {
        self.all
            || self.exact.binary_search_by(|one| one.as_str().cmp(name)).is_ok()
            // A server may resolve `dir/../other` or `dir/%2e%2e/other` to what lies outside the prefix.
            || (self.prefix_of(name).is_some() && (kind != Kind::Resource || !climbs(name)))
    }

    /// The prefix the name begins with. No prefix begins with another, so it is the last that is not behind the name.
    fn prefix_of(&self, name: &str) -> Option<&str> {
        let behind = self.prefixes.partition_point(|prefix| prefix.as_str() <= name);
        let prefix = self.prefixes.get(behind.checked_sub(1)?)?;
        name.starts_with(prefix.as_str()).then_some(prefix)
    }

    /// How narrow what matches the name is: 0 for `*`, more for a prefix, most for the name; nothing where none does.
    pub(super) fn narrowness(&self, kind: Kind, name: &str) -> Option<usize> {
        if !self.matches(kind, name) {
            return None;
        }
        if self.all {
            return Some(0);
        }
        let prefix = self.prefix_of(name).filter(|_| kind != Kind::Resource || !climbs(name));
        Some(prefix.map_or(usize::MAX, str::len))
    }

    /// Whether a resource whose URI begins with `start` could match.
    pub(super) fn may_begin(&self, start: &str) -> bool {
        let begins = |sorted: &[String]| {
            let at = sorted.partition_point(|one| one.as_str() < start);
            sorted.get(at).is_some_and(|one| one.starts_with(start))
        };
        self.all
            || begins(&self.exact)
            || begins(&self.prefixes)
            || (self.prefix_of(start).is_some() && !climbs(start))
    }
}

/// A pattern that restricts: what could be meant by a name it covers is covered too.
#[derive(Clone, Debug)]
pub(crate) enum Restricted {
    All,
    Prefix(Box<[u8]>),
    Exact(Box<[u8]>),
}

impl Restricted {
    pub(crate) fn new(kind: Kind, pattern: &str) -> Self {
        let bytes = |text: &str| -> Box<[u8]> {
            if kind == Kind::Resource { canonical(text).collect() } else { text.as_bytes().into() }
        };
        match pattern.strip_suffix('*') {
            Some("") => Self::All,
            Some(prefix) => Self::Prefix(bytes(prefix)),
            None => Self::Exact(bytes(pattern)),
        }
    }

    /// Whether it restricts that name. A resource's in any spelling that a server may read as one it covers; what could
    /// be read as anything is covered always.
    pub(crate) fn covers(&self, kind: Kind, name: &str) -> bool {
        match self {
            Self::All => true,
            _ if kind == Kind::Resource => is_ambiguous(name) || self.covers_uri(name),
            Self::Prefix(prefix) => name.as_bytes().starts_with(prefix),
            Self::Exact(exact) => name.as_bytes() == &**exact,
        }
    }

    fn covers_uri(&self, uri: &str) -> bool {
        let mut bytes = canonical(uri);
        let mut begins = |with: &[u8]| with.iter().all(|byte| bytes.next() == Some(*byte));
        match self {
            Self::All => true,
            Self::Prefix(prefix) => begins(prefix),
            // A server may leave a query, a fragment or a last slash out of account.
            Self::Exact(exact) => {
                begins(exact) && matches!(bytes.next(), None | Some(b'/' | b'?' | b'#' | b';'))
            }
        }
    }

    /// Whether it restricts every resource whose URI begins with `start`, and has more.
    pub(super) fn covers_beginning(&self, start: &str) -> bool {
        // An escape that may go on behind the end says nothing yet.
        let known = match start.as_bytes() {
            [.., b'%'] => start.get(..start.len() - 1),
            [.., b'%', _] => start.get(..start.len() - 2),
            _ => Some(start),
        };
        let Some(known) = known else { return false };
        if climbs(known) || known.contains(' ') || known.contains("/./") {
            return true;
        }
        match self {
            Self::Exact(exact) => canonical(known).count() > exact.len() && self.covers_uri(known),
            _ => self.covers_uri(known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_prefix_is_found_among_many() {
        let patterns = Patterns::new(["b*", "a*", "ab*", "abc", "c", "é*", "bb*"]);
        assert_eq!(&*patterns.prefixes, ["a", "b", "é"]);
        for name in ["a", "abc", "az", "b", "bz", "c", "éa"] {
            assert!(patterns.matches(Kind::Tool, name), "{name}");
        }
        for name in ["", "A", "ca", "cb", "d", "e", "z", "~"] {
            assert!(!patterns.matches(Kind::Tool, name), "{name}");
        }
        assert!(Patterns::new([""]).matches(Kind::Tool, "") && !Patterns::default().matches(Kind::Tool, ""));
    }

    #[test]
    fn the_broadest_match_counts() {
        let narrowness = |patterns: &[&str]| Patterns::new(patterns).narrowness(Kind::Tool, "read");
        assert_eq!(narrowness(&["read", "*"]), Some(0));
        assert_eq!(narrowness(&["read", "re*"]), Some(2));
        assert_eq!(narrowness(&["read"]), Some(usize::MAX));
        assert_eq!(narrowness(&["write"]), None);
    }

    #[test]
    fn a_restriction_holds_in_every_spelling() {
        let secret = Restricted::new(Kind::Resource, "docs://secret/*");
        let covers = |uri| secret.covers(Kind::Resource, uri);
        for uri in [
            "docs://secret/x",
            "DOCS://Secret/x",
            "docs://%73ecret/x",
            "docs:///secret//x",
            "docs://open/../secret/x",
            "docs://open/%2e%2e/secret",
            "docs://./secret/x",
            " docs://secret/x",
            "docs://se\tcret/x",
            "docs://open/x ",
        ] {
            assert!(covers(uri), "{uri}");
        }
        assert!(!covers("docs://open/x%20y") && !covers("docs://secre") && !covers("x"));

        let one = Restricted::new(Kind::Resource, "docs://One");
        let covers = |uri| one.covers(Kind::Resource, uri);
        for uri in ["docs://One", "docs://one", "docs://one/", "docs://one?a", "docs://one#b", "docs://one;c"]
        {
            assert!(covers(uri), "{uri}");
        }
        assert!(!covers("docs://ones") && !covers("docs://on"));

        let tool = Restricted::new(Kind::Tool, "a%41");
        assert!(tool.covers(Kind::Tool, "a%41") && !tool.covers(Kind::Tool, "aa"));
    }
}
