//! Step 6: the principal's bucket, and the shared one behind it.

use super::{Admitted, Code, Gate, Notes, Principal, Refused, Step};
use crate::Now;
use crate::address::ClientAddress;
use crate::mcp::Kind;
use crate::rate::{HeaderLines, Prepared, RateHeaders};
use alloc::string::String;

impl Gate {
    /// The rate headers of an admitted request's answer: the principal's bucket.
    #[must_use]
    pub fn rate_headers<'a>(&'a self, admitted: &'a Admitted) -> HeaderLines<'a> {
        self.headers_of(&admitted.principal).write(&admitted.rate)
    }

    /// Step 6: the principal's bucket, and the shared one behind it.
    pub(super) fn admit(
        &self,
        principal: Principal,
        address: ClientAddress,
        target: Option<(Kind, String)>,
        cost: u32,
        notes: Notes,
        now: Now,
    ) -> Step {
        if principal.is_anonymous() {
            return self.admit_anonymous(principal, address, target, cost, notes, now);
        }
        let quota = self.quota_of(&principal);
        let rate = self.principal_limiter.check(principal.id().as_bytes(), quota, cost, now);
        if !rate.allowed {
            let refused = Refused::with_rate(Code::PrincipalLimited, rate);
            return self.deny(refused, address, Some(principal), target, notes, now);
        }
        let valid_until = principal.until();
        let admitted = Admitted { principal, rate, valid_until, address, target, notes };
        #[cfg(feature = "std")]
        if let Some(shared) = &self.shared {
            return self.spend_shared(shared, admitted, cost, now);
        }
        Step::Admitted(admitted)
    }

    /// What a principal may spend: its own quota, or that of all.
    pub(super) fn quota_of<'a>(&'a self, principal: &'a Principal) -> &'a Prepared {
        principal.bucket().map_or_else(|| self.principal_limiter.base(), |bucket| &bucket.quota)
    }

    pub(super) fn headers_of<'a>(&'a self, principal: &'a Principal) -> &'a RateHeaders {
        if let Some(bucket) = self.anonymous_bucket(principal) {
            return &bucket.headers;
        }
        principal.bucket().map_or(&self.principal_headers, |bucket| &bucket.headers)
    }
}
