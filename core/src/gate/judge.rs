//! Step 5: what the body asks for, and whether the policy lets the principal have it.

use super::denial::for_the_log;
use super::{Body, Code, Denial, Gate, NeedBody, Step};
use crate::Now;
use crate::json::JsonStr;
use crate::mcp::{BodyError, Kind, Message, read_body};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

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
        let mut target = None;
        let mut refused = None;
        let read = read_body(bytes, need.said.version.has_batches(), |message| {
            if refused.is_none() {
                refused = self.judge(&need, &message, &mut target);
            }
        });
        let count = match read {
            Ok(count) => count,
            Err(BodyError::Batch) => return self.deny_principal(Code::BatchInvalid, need, target, now),
            Err(BodyError::Unreadable) => {
                return self.deny_principal(Code::BodyUnreadable, need, target, now);
            }
        };
        if let Some((code, id)) = refused {
            let Step::Denied(mut denial) = self.deny_principal(code, need, target, now) else {
                return Step::Denied(Box::new(Denial::new(code)));
            };
            if code == Code::HeaderMismatch {
                denial.body = Cow::Owned(mismatch_body(&id));
            }
            return Step::Denied(denial);
        }
        let cost = u32::try_from(count).unwrap_or(u32::MAX);
        self.admit(need.caller, target, cost, now)
    }

    /// Step 5: whether one message may pass. The id is for an answer that must repeat it.
    fn judge(
        &self,
        need: &NeedBody,
        message: &Message<'_>,
        target: &mut Option<(Kind, String)>,
    ) -> Option<(Code, String)> {
        if !need.said.agrees(message) {
            return Some((Code::HeaderMismatch, message.id_text()));
        }
        let Message::Call { kind, name, resources, .. } = message else { return None };
        let principal = need.principal();
        let mut allowed = true;
        let mut reach = |kind: Kind, name: JsonStr<'_>| {
            let reached = self.policy.is_allowed(principal.roles(), kind, &name.to_cow());
            if target.is_none() || (allowed && !reached) {
                *target = Some((kind, for_the_log(&name)));
            }
            allowed &= reached;
        };
        reach(*kind, *name);
        // Who listens to a resource reads of it: each is decided as its reading would be.
        resources.each(|uri| reach(Kind::Resource, uri));
        (!allowed).then(|| (Code::PolicyForbidden, String::new()))
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
