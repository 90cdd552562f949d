//! Step 5: what the body asks for, and whether the policy lets the principal have it.

use super::denial::for_the_log;
use super::limits::{Demand, Request};
use super::{Body, Code, Gate, NeedBody, Principal, Refused, Step, Told};
use crate::Now;
use crate::json::JsonStr;
use crate::mcp::{BodyError, Kind, Message, read_body};
use crate::policy::Refusal;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};

impl Gate {
    /// Goes on with the body.
    pub fn body(&self, need: NeedBody, body: Body<'_>, now: Now) -> Step {
        let bytes = match body {
            Body::Read(bytes) if bytes.len() <= need.limit => bytes,
            Body::Read(_) | Body::TooLarge => {
                return self.deny_principal(Code::BodyTooLarge, need, None, now);
            }
            Body::Broken => return self.deny_principal(Code::BodyUnreadable, need, None, now),
        };
        let mut found = Found::default();
        let mut demand = Demand::default();
        let read = read_body(bytes, need.said.version.has_batches(), |message| {
            self.judge(&need, &message, &mut found, &mut demand);
        });
        let Found { target, mismatch, refused, needs_credential } = found;
        match read {
            Ok(_) => {}
            Err(BodyError::Batch) => return self.deny_principal(Code::BatchInvalid, need, target, now),
            Err(BodyError::Unreadable) => {
                return self.deny_principal(Code::BodyUnreadable, need, target, now);
            }
        }
        if let Some(id) = mismatch {
            let mut step = self.deny_principal(Code::HeaderMismatch, need, target, now);
            if let Step::Denied(denial) = &mut step {
                denial.body = Cow::Owned(mismatch_body(&id));
            }
            return step;
        }
        if needs_credential {
            return self.deny_nobody(need, target, now);
        }
        if let Some(refusal) = refused {
            return self.deny_principal(refusal, need, target, now);
        }
        let NeedBody { entry, caller, .. } = need;
        self.admit(Request { entry, caller, target }, &demand, now)
    }

    /// Step 5: whether one message may pass, and what it counts for.
    fn judge(&self, need: &NeedBody, message: &Message<'_>, found: &mut Found, demand: &mut Demand) {
        if !need.said.agrees(message) {
            found.mismatch.get_or_insert_with(|| message.id_text());
            return;
        }
        let Message::Call { kind, name, resources, .. } = message else {
            // Nobody without a credential was asked anything that a reply could be to.
            found.needs_credential |= need.principal().is_anonymous();
            self.count(demand, None);
            return;
        };
        let text = name.to_cow();
        self.count(demand, Some((*kind, &text)));
        self.decide(need.principal(), *kind, *name, &text, found);
        // Who listens to a resource reads of it: each is decided as its reading would be.
        resources.each(|uri| self.decide(need.principal(), Kind::Resource, uri, &uri.to_cow(), found));
    }

    /// Whether somebody may have one thing that was asked for.
    fn decide(&self, principal: &Principal, kind: Kind, name: JsonStr<'_>, text: &str, found: &mut Found) {
        if principal.is_anonymous() {
            found.add_anonymous(self.anybody_may(principal, kind, text), kind, name);
        } else {
            found.add(self.policy.decide(principal, kind, text), kind, name);
        }
    }
}

/// What became of a body's messages.
#[derive(Default)]
struct Found {
    /// Whether something is not for who has no credential.
    needs_credential: bool,
    /// What to tell of in the log.
    target: Option<(Kind, String)>,
    /// The id of the first message that the headers disagree with.
    mismatch: Option<String>,
    /// The refusals of all members, as one.
    refused: Option<Refusal>,
}

impl Found {
    /// One thing that somebody without a credential asked for.
    fn add_anonymous(&mut self, allowed: bool, kind: Kind, name: JsonStr<'_>) {
        if self.target.is_none() || (!allowed && !self.needs_credential) {
            self.target = Some((kind, for_the_log(&name)));
        }
        self.needs_credential |= !allowed;
    }

    /// One thing that was asked for, and what the policy says of it.
    fn add(&mut self, decided: Result<(), Refusal>, kind: Kind, name: JsonStr<'_>) {
        // What is told is the first that was asked for; or the first refused, and then what no scope would change.
        let tells = match (&decided, &self.refused) {
            (Ok(()), _) => self.target.is_none(),
            (Err(_), None) => true,
            (Err(new), Some(old)) => old.is_for_scopes() && !new.is_for_scopes(),
        };
        if tells {
            self.target = Some((kind, for_the_log(&name)));
        }
        if let Err(refusal) = decided {
            self.refused = Some(match self.refused.take() {
                Some(before) => before.and(refusal),
                None => refusal,
            });
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let mut refused = Self::from(Code::PolicyForbidden);
        let mut scope = String::new();
        for one in refusal.scopes() {
            scope.push_str(if scope.is_empty() { "" } else { " " });
            scope.push_str(one);
        }
        if !scope.is_empty() {
            refused.code = Code::ScopeInsufficient;
        }
        refused.told = Some(Box::new(Told { detail: refusal.to_string(), scope }));
        refused
    }
}

/// JSON-RPC's error for headers that disagree with the body or are missing (2026-07-28), with the request's own id.
pub(super) fn mismatch_body(id: &str) -> String {
    let mut body = String::from("{\"jsonrpc\":\"2.0\",\"id\":");
    body.push_str(if id.is_empty() { "null" } else { id });
    body.push_str(
        ",\"error\":{\"code\":-32020,\"message\":\"MCP-Protocol-Version, Mcp-Method or Mcp-Name is missing or \
         disagrees with the body.\"}}",
    );
    body
}
