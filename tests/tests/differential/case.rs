//! One question to every verifier: a token, a key, what is asked of the token, and the time.

use crate::keys::KeyId;
use doorward::Now;
use doorward::jwt::{self, Algorithm, Rules, TokenError, Verifier};
use doorward::keys::{Key, KeySet};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Whom a token must be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Audience {
    /// Nothing was said; for secrets only.
    Unset,
    Any,
    OneOf(&'static [&'static str]),
}

/// What is asked of a token. `exp` is required, always.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Options {
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) issuer: Option<&'static [&'static str]>,
    pub(crate) audience: Audience,
    pub(crate) subject: Option<&'static str>,
    /// Seconds.
    pub(crate) tolerance: u32,
    /// The key's own name; peers that are given one key have none.
    pub(crate) kid: Option<&'static str>,
}

#[derive(Clone, Debug)]
#[expect(dead_code, reason = "number and made are printed when a case fails")]
pub(crate) struct Case {
    pub(crate) number: u64,
    pub(crate) token: String,
    pub(crate) key: KeyId,
    pub(crate) options: Options,
    /// Seconds since the epoch.
    pub(crate) now: u64,
    /// What was done to a good token, in order; for whoever reads a failure.
    pub(crate) made: Vec<&'static str>,
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

impl Options {
    fn rules(&self) -> Rules<'static> {
        let mut rules = Rules::new().algorithms(&self.algorithms).tolerance(f64::from(self.tolerance));
        if let Some(issuer) = self.issuer {
            rules = rules.issuer(owned(issuer));
        }
        if let Some(subject) = self.subject {
            rules = rules.subject(subject);
        }
        match self.audience {
            Audience::Unset => rules,
            Audience::Any => rules.any_audience(),
            Audience::OneOf(audience) => rules.audience(owned(audience)),
        }
    }
}

/// What answers cases of one key and one set of options.
struct Ours {
    key: Key,
    rules: Rules<'static>,
    verifier: Verifier,
}

impl Ours {
    fn new(key: KeyId, options: &Options) -> Self {
        let keys = match options.kid {
            None => KeySet::from(key.key()),
            Some(kid) => KeySet::new().with_kid(kid, key.key()).expect("a good kid"),
        };
        let verifier = Verifier::new(keys, options.rules()).expect("a key and an audience");
        Self { key: key.key(), rules: options.rules(), verifier }
    }
}

thread_local! {
    /// Made once: to look at a secret takes far longer than to verify a token.
    static OURS: RefCell<HashMap<(KeyId, Options), Rc<Ours>>> = RefCell::default();
}

impl Case {
    /// Doorward's answer: `ok` or the code. All ways of asking must give the same.
    pub(crate) fn ours(&self) -> &'static str {
        let ours = OURS.with_borrow_mut(|made| {
            let made = made.entry((self.key, self.options.clone()));
            made.or_insert_with(|| Rc::new(Ours::new(self.key, &self.options))).clone()
        });
        #[expect(clippy::cast_precision_loss, reason = "times are below 2^53")]
        let now = Now::new(self.now as f64, 0);
        let token = self.token.as_bytes();
        let outcome = ours.verifier.verify(token, now).map(|_| ());
        let mut scratch = vec![0xA5; token.len()];
        if self.options.kid.is_none() {
            // One key by itself knows of no kid.
            let bare = jwt::verify(token, &ours.key, &ours.rules, &mut scratch, now).map(|_| ());
            assert_eq!(bare, outcome, "jwt::verify and Verifier::verify disagree: {self:?}");
        }
        outcome.map_or_else(TokenError::code, |()| "ok")
    }

    /// As a line for a script.
    pub(crate) fn line(&self) -> Value {
        let audience = match self.options.audience {
            Audience::Unset => json!("unset"),
            Audience::Any => json!("any"),
            Audience::OneOf(audience) => json!(audience),
        };
        json!({
            "token": self.token,
            "key": self.key.name(),
            "algorithms": self.options.algorithms.iter().map(|one| one.name()).collect::<Vec<_>>(),
            "issuer": self.options.issuer,
            "audience": audience,
            "subject": self.options.subject,
            "tolerance": self.options.tolerance,
        })
    }
}
