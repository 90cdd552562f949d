//! Callers without any credential: a bucket of their own, and what they may be let do.
//!
//! Every OAuth client begins without a credential, so once there is an issuer that costs a bucket apart, ten times the
//! one of failures. Where a gate lets anybody use named methods, that is for who sent no credential at all: one that is
//! not good is never taken for none, and neither is one of a scheme that is not configured. Their requests are counted by
//! address in a table that no authenticated principal shares; each costs there before its body is read.

use super::head::{Field, Head};
use super::{Admitted, Code, Gate, NeedBody, Notes, Principal, Refused, Step};
use crate::Now;
use crate::address::ClientAddress;
use crate::mcp::Kind;
use crate::policy::{Grants, Policy};
use crate::rate::{Decision, Limiter, Quota, QuotaError, RateHeaders};
use alloc::string::String;

/// How many times as large the bucket of those without a credential is.
const TIMES: u32 = 10;

/// A table by address, and how answers tell of it.
pub(super) struct ByAddress {
    pub(super) limiter: Limiter,
    pub(super) headers: RateHeaders,
}

impl ByAddress {
    pub(super) fn check(&self, address: ClientAddress, cost: u32, now: Now) -> Decision {
        self.limiter.check(&address.key(), self.limiter.base(), cost, now)
    }

    /// Where it stands.
    pub(super) fn peek(&self, address: ClientAddress, now: Now) -> Decision {
        self.limiter.peek(&address.key(), self.limiter.base(), 0, now)
    }
}

/// What anybody may do.
pub(super) struct Anonymous {
    grants: Grants,
    /// The same, for lists that are filtered.
    policy: Policy,
    bucket: ByAddress,
}

impl Anonymous {
    pub(super) fn new(grants: Grants, bucket: ByAddress) -> Self {
        Self { policy: Policy::new().everybody(grants.clone()), grants, bucket }
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
        match &self.anonymous {
            Some(anonymous) if principal.is_anonymous() => &anonymous.policy,
            _ => &self.policy,
        }
    }

    /// Whose a request without a credential is: somebody's who may do what anybody may, if there is such a thing.
    pub(super) fn of_nobody(
        &self,
        head: &Head<'_>,
        address: ClientAddress,
        now: Now,
    ) -> Result<Principal, Refused> {
        let none_sent = head.authorization == Field::None && head.api_key == Field::None;
        let names_method = !super::has_no_body(head.method);
        let Some(anonymous) = self.anonymous.as_ref().filter(|_| none_sent && names_method) else {
            return Err(Code::CredentialMissing.into());
        };
        let principal = Principal::anonymous(address);
        let spent = anonymous.bucket.check(address, 1, now);
        if spent.allowed {
            return Ok(principal);
        }
        Err(Refused { anonymous: Some(principal), ..Refused::with_rate(Code::PrincipalLimited, spent) })
    }

    /// Whether somebody without a credential may reach that thing. What stands on a requirement is nobody's who can't meet it.
    pub(super) fn anybody_may(&self, principal: &Principal, kind: Kind, name: &str) -> bool {
        self.anonymous.as_ref().is_some_and(|anonymous| anonymous.grants.allow(kind, name))
            && self.policy.requirements_hold(principal, kind, name)
    }

    /// What is not for anybody needs a credential: 401, and not 403.
    pub(super) fn deny_nobody(&self, need: NeedBody, target: Option<(Kind, String)>, now: Now) -> Step {
        let refused = self.spend(Code::CredentialMissing.into(), need.address, now);
        self.deny(refused, need.address, None, target, need.notes, now)
    }

    /// Step 6 for somebody without a credential. One was spent before the body was read.
    pub(super) fn admit_anonymous(
        &self,
        principal: Principal,
        address: ClientAddress,
        target: Option<(Kind, String)>,
        cost: u32,
        notes: Notes,
        now: Now,
    ) -> Step {
        let Some(anonymous) = &self.anonymous else {
            return self.deny(Code::CredentialMissing.into(), address, None, target, notes, now);
        };
        let rate = match cost.saturating_sub(1) {
            0 => anonymous.bucket.peek(address, now),
            more => anonymous.bucket.check(address, more, now),
        };
        if !rate.allowed {
            let refused = Refused::with_rate(Code::PrincipalLimited, rate);
            return self.deny(refused, address, Some(principal), target, notes, now);
        }
        Step::Admitted(Admitted { principal, rate, valid_until: None, address, target, notes })
    }

    /// The bucket of somebody without a credential.
    pub(super) fn anonymous_bucket(&self, principal: &Principal) -> Option<&ByAddress> {
        self.anonymous.as_ref().filter(|_| principal.is_anonymous()).map(|anonymous| &anonymous.bucket)
    }
}
