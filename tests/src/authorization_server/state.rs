//! What the authorization server remembers: its keys, its clients, what it granted, and what it was asked.

use super::keys::Keys;
use super::{Asked, Settings, What};
use crate::fixtures::unix;
use crate::jwt::encode;
use serde_json::json;
use std::collections::BTreeMap;

pub(super) struct State {
    pub(super) issuer: String,
    pub(super) keys: Keys,
    pub(super) settings: Settings,
    /// Redirect URIs by client id.
    pub(super) clients: BTreeMap<String, Vec<String>>,
    /// By authorization code: good for one use.
    pub(super) codes: BTreeMap<String, Code>,
    /// By refresh token: good for one use, for clients are public (OAuth 2.1 §4.3.1).
    pub(super) refresh: BTreeMap<String, Grant>,
    pub(super) asked: Vec<Asked>,
    /// Every token it made.
    pub(super) issued: Vec<String>,
}

/// What somebody consented to.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) client: String,
    pub(super) subject: String,
    pub(super) scope: String,
    pub(super) resource: String,
}

pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
}

impl State {
    pub(super) fn new(issuer: String) -> Self {
        Self {
            issuer,
            keys: Keys::new(),
            settings: Settings::default(),
            clients: BTreeMap::new(),
            codes: BTreeMap::new(),
            refresh: BTreeMap::new(),
            asked: Vec::new(),
            issued: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, what: What, status: u16) -> &mut Asked {
        self.asked.push(Asked { what, status, scope: None, resource: None });
        self.asked.last_mut().expect("it was just put there")
    }

    /// An access token by a grant, at the settings of now.
    pub(super) fn access_token(&mut self, grant: &Grant) -> String {
        let now = unix();
        let audience = self.settings.audience.as_ref().unwrap_or(&grant.resource);
        let token = self.keys.sign(&json!({
            "iss": self.issuer,
            "aud": audience,
            "sub": grant.subject,
            "client_id": grant.client,
            "scope": grant.scope,
            "iat": now,
            "exp": now + self.settings.lifetime,
            "jti": random(),
        }));
        self.issued.push(token.clone());
        token
    }

    /// What there is consent for, of the scopes asked for.
    pub(super) fn consented(&self, asked: &str) -> String {
        let consent = self.settings.consent.as_ref();
        let granted = asked.split(' ').filter(|one| !one.is_empty());
        let granted = granted.filter(|one| consent.is_none_or(|list| list.iter().any(|scope| scope == one)));
        granted.collect::<Vec<_>>().join(" ")
    }
}

/// 192 bits nobody guesses.
pub(super) fn random() -> String {
    let mut bytes = [0; 24];
    aws_lc_rs::rand::fill(&mut bytes).expect("there are random numbers");
    encode(bytes)
}
