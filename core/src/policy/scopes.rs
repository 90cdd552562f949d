//! The scopes there are: what each reaches, and what each implies.

use super::error::check_scope;
use super::{Grants, PolicyError};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Scopes by name. Implications are followed to their end when they are said, so that nothing is left to follow when
/// somebody asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Scopes {
    /// Where in `all` each is.
    places: BTreeMap<String, usize>,
    all: Vec<Scope>,
}

#[derive(Clone, Debug, Default)]
struct Scope {
    grants: Option<Grants>,
    /// What it implies by itself.
    implies: Vec<usize>,
    /// All that whoever holds it holds, itself among them; sorted.
    gives: Vec<usize>,
}

impl Scopes {
    pub(super) fn grant(&mut self, name: &str, grants: Grants) -> Result<(), PolicyError> {
        let place = self.note(name)?;
        if let Some(scope) = self.all.get_mut(place) {
            scope.grants = Some(grants);
        }
        Ok(())
    }

    pub(super) fn imply<T: AsRef<str>>(
        &mut self,
        name: &str,
        implied: impl IntoIterator<Item = T>,
    ) -> Result<(), PolicyError> {
        let place = self.note(name)?;
        for other in implied {
            let other = self.note(other.as_ref())?;
            if let Some(scope) = self.all.get_mut(place) {
                scope.implies.push(other);
            }
        }
        for place in 0..self.all.len() {
            let gives = self.follow(place);
            if let Some(scope) = self.all.get_mut(place) {
                scope.gives = gives;
            }
        }
        Ok(())
    }

    /// The place of a scope, which is made where there is none.
    pub(super) fn note(&mut self, name: &str) -> Result<usize, PolicyError> {
        check_scope(name)?;
        if let Some(place) = self.places.get(name) {
            return Ok(*place);
        }
        let place = self.all.len();
        self.all.push(Scope { gives: vec![place], ..Scope::default() });
        self.places.insert(name.into(), place);
        Ok(place)
    }

    /// All that is implied from there on. Each is visited once, so circles end.
    fn follow(&self, from: usize) -> Vec<usize> {
        let mut seen = vec![from];
        let mut next = 0;
        while let Some(scope) = seen.get(next).and_then(|place| self.all.get(*place)) {
            for place in &scope.implies {
                if !seen.contains(place) {
                    seen.push(*place);
                }
            }
            next += 1;
        }
        seen.sort_unstable();
        seen
    }

    fn find(&self, name: &str) -> Option<&Scope> {
        self.all.get(*self.places.get(name)?)
    }

    /// What whoever holds the scope may reach.
    pub(super) fn reached(&self, held: &str) -> impl Iterator<Item = &Grants> {
        let places = self.find(held).into_iter().flat_map(|scope| &scope.gives);
        places.filter_map(|place| self.all.get(*place)?.grants.as_ref())
    }

    /// Whether whoever holds the one holds the other, which is known.
    pub(super) fn gives(&self, held: &str, wanted: &str) -> bool {
        held == wanted
            || self.places.get(wanted).is_some_and(|wanted| {
                self.find(held).is_some_and(|scope| scope.gives.binary_search(wanted).is_ok())
            })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Those that reach something by themselves, in the order of their names.
    pub(super) fn granting(&self) -> impl Iterator<Item = (&str, &Grants)> {
        self.places
            .iter()
            .filter_map(|(name, place)| Some((name.as_str(), self.all.get(*place)?.grants.as_ref()?)))
    }
}
