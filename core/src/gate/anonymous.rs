//! Callers without any credential: a bucket of their own, and what they may be let do.
//!
//! Every OAuth client begins without a credential, so once there is an issuer that costs a bucket apart, ten times the
//! one of failures. Where a gate lets anybody use named methods, that is for who sent no credential at all: one that is
//! not good is never taken for none, and neither is one of a scheme that is not configured. Their requests are counted by
//! address in a table that no authenticated principal shares, and in no shared limit.

use super::head::{Field, Head};
use super::step::Caller;
use super::{Code, Gate, NeedBody, Principal, Refused, Step};
use crate::Now;
use crate::address::ClientAddress;
use crate::mcp::Kind;
use crate::policy::{Grants, Policy};
use crate::rate::{Decision, Limiter, Prepared, Quota, QuotaError, RateHeaders};
use alloc::string::String;

/// How many times as large the bucket of those without a credential is.
const TIMES: u32 = 10;

/// A table by address, and how answers tell of it.
pub(super) struct ByAddress {
    pub(super) limiter: Limiter,
    pub(super) headers: RateHeaders,
}

impl ByAddress {
    pub(super) fn check(&self, address: ClientAddress, now: Now) -> Decision {
        self.limiter.check(&address.key(), self.limiter.base(), 1, now)
    }

    /// Where it stands.
    pub(super) fn peek(&self, address: ClientAddress, now: Now) -> Decision {
        self.limiter.peek(&address.key(), self.limiter.base(), 0, now)
    }
}

/// What anybody may do, and how often from one address.
pub(super) struct Anonymous {
    grants: Grants,
    /// The same, for lists that are filtered.
    policy: Policy,
    limiter: Limiter,
    headers: RateHeaders,
}

impl Anonymous {
    pub(super) fn new(grants: Grants, ByAddress { limiter, headers }: ByAddress) -> Self {
        Self { policy: Policy::new().everybody(grants.clone()), grants, limiter, headers }
    }
}

/// The quota of those without a credential: ten times that of failures, or the same where so much can't be counted.
pub(super) fn quota_of_missing(failures: Quota) -> Result<Quota, QuotaError> {
    let larger = failures
        .limit()
        .checked_mul(TIMES)
        .and_then(|amount| Quota::per(amount, failures.period()).ok())
        .filter(|quota| Limiter::new(1, *quota, [0; 4]).is_ok());
    Ok(larger.unwrap_or(failures))
}

impl Gate {
    /// Who may reach what, for a host that shows this principal only what is theirs: see [`policy`](Self::policy).
    /// Somebody without a credential has a policy apart.
    #[must_use]
    pub fn policy_of(&self, principal: &Principal) -> &Policy {
        self.anonymous_of(principal).map_or(&self.policy, |anonymous| &anonymous.policy)
    }

    /// Whose a request without a credential is: somebody's who may do what anybody may, if there is such a thing.
    pub(super) fn of_nobody(&self, head: &Head<'_>, address: ClientAddress) -> Result<Principal, Refused> {
        let none_sent = head.authorization == Field::None && head.api_key == Field::None;
        let names_method = !super::has_no_body(head.method);
        if self.anonymous.is_none() || !none_sent || !names_method {
            return Err(Code::CredentialMissing.into());
        }
        Ok(Principal::anonymous(address))
    }

    /// Whether somebody without a credential may reach that thing. What stands on a requirement is nobody's who can't meet it.
    pub(super) fn anybody_may(&self, principal: &Principal, kind: Kind, name: &str) -> bool {
        self.anonymous.as_ref().is_some_and(|anonymous| anonymous.grants.allow(kind, name))
            && self.policy.requirements_hold(principal, kind, name)
    }

    /// What is not for anybody needs a credential: 401, and not 403.
    pub(super) fn deny_nobody(&self, need: NeedBody, target: Option<(Kind, String)>, now: Now) -> Step {
        let Caller { address, notes, .. } = need.caller;
        let refused = self.spend(Code::CredentialMissing.into(), address, now);
        self.deny(refused, address, None, target, notes, now)
    }

    /// The table a principal is counted in.
    pub(super) fn table_of(&self, principal: &Principal) -> &Limiter {
        self.anonymous_of(principal).map_or(&self.principal_limiter, |anonymous| &anonymous.limiter)
    }

    /// What a principal may spend: its own quota, or that of all.
    pub(super) fn quota_of<'a>(&'a self, principal: &'a Principal) -> &'a Prepared {
        principal.bucket().map_or_else(|| self.table_of(principal).base(), |bucket| &bucket.quota)
    }

    /// What tells of a principal's bucket.
    pub(super) fn own_headers<'a>(&'a self, principal: &'a Principal) -> &'a RateHeaders {
        let own = || principal.bucket().map_or(&self.principal_headers, |bucket| &bucket.headers);
        self.anonymous_of(principal).map_or_else(own, |anonymous| &anonymous.headers)
    }

    fn anonymous_of(&self, principal: &Principal) -> Option<&Anonymous> {
        self.anonymous.as_ref().filter(|_| principal.is_anonymous())
    }
}
