//! Which secrets are marked, what the core declassifies, and what is to be made of both.

use crate::valgrind;
use std::cell::RefCell;

thread_local! {
    /// What the core declassified, and whether it had been computed from a secret.
    static DECLASSIFIED: RefCell<Vec<(&'static str, bool)>> = const { RefCell::new(Vec::new()) };
}

/// Which side of a comparison is secret. Either alone must do as well: a leak of one could hide behind the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Secret {
    Presented,
    Stored,
    Both,
}

impl Secret {
    pub(crate) const ALL: [Self; 3] = [Self::Presented, Self::Stored, Self::Both];

    /// What is presented, marked if it is secret.
    pub(crate) fn presented(self, bytes: &[u8]) -> Vec<u8> {
        marked(bytes, self != Self::Stored)
    }

    /// What is stored, marked if it is secret.
    pub(crate) fn stored(self, bytes: &[u8]) -> Vec<u8> {
        marked(bytes, self != Self::Presented)
    }
}

fn marked(bytes: &[u8], secret: bool) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if secret {
        valgrind::make_undefined(&mut bytes);
    }
    bytes
}

/// A value the core is to declassify.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// Computed from a secret: were it not, the marks would have been lost on the way, and silence prove nothing.
    Secret(&'static str),
    /// Computed from a secret or not, as chance has it: in a bucket that happens to hold no key, every verdict is a miss.
    Either(&'static str),
}

impl Value {
    const fn name(self) -> &'static str {
        match self {
            Self::Secret(name) | Self::Either(name) => name,
        }
    }

    fn is(self, (name, secret): (&str, bool)) -> bool {
        self.name() == name && (secret || matches!(self, Self::Either(_)))
    }
}

/// Has the core declassify what it holds to be no secret.
pub(crate) fn begin() {
    doorward::memcheck::on_declassify(|what, bytes, len| {
        let secret = valgrind::is_undefined(bytes, len);
        DECLASSIFIED.with_borrow_mut(|all| all.push((what, secret)));
        valgrind::make_defined(bytes, len);
    });
}

/// Runs an operation of the core's on secrets. Nothing may be reported, and exactly these values be declassified.
pub(crate) fn watched<R>(name: &str, values: &[Value], operation: impl FnOnce() -> R) -> R {
    DECLASSIFIED.take();
    let before = valgrind::errors();
    let result = operation();
    let reports = valgrind::errors() - before;
    let seen = DECLASSIFIED.take();
    let names: Vec<_> = values.iter().map(|value| value.name()).collect();
    println!("{name}: {reports} reports; declassified: {}", names.join(", "));
    let as_expected =
        seen.len() == values.len() && values.iter().zip(&seen).all(|(value, seen)| value.is(*seen));
    assert!(as_expected, "{name}: {values:?} was expected, and this seen: {seen:?}");
    assert_eq!(reports, 0, "{name}");
    result
}
