//! Step 6: the principal's bucket, and the shared one behind it.

use super::step::Caller;
use super::{Admitted, Code, Gate, Principal, Refused, Step};
use crate::Now;
use crate::mcp::Kind;
use crate::rate::{HeaderLines, Prepared, RateHeaders};
use alloc::string::String;

impl Gate {
    /// The rate headers of an admitted request's answer: the principal's bucket.
    #[must_use]
    pub fn rate_headers<'a>(&'a self, admitted: &'a Admitted) -> HeaderLines<'a> {
        self.headers_of(&admitted.principal).write(&admitted.rate)
    }

    /// What the table of each limit has done, by the limit's name.
    pub fn limit_stats(&self) -> impl Iterator<Item = (&str, crate::rate::Stats)> {
        [("address", self.address_limiter.stats()), ("principal", self.principal_limiter.stats())].into_iter()
    }

    /// Step 6: the principal's bucket, and the shared one behind it.
    pub(super) fn admit(&self, caller: Caller, target: Option<(Kind, String)>, cost: u32, now: Now) -> Step {
        let Caller { principal, address, session, notes } = caller;
        let quota = self.quota_of(&principal);
        let rate = self.principal_limiter.check(principal.id().as_bytes(), quota, cost, now);
        if !rate.allowed {
            let refused = Refused::with_rate(Code::PrincipalLimited, rate);
            return self.deny(refused, address, Some(principal), target, notes, now);
        }
        let valid_until = principal.until();
        let admitted = Admitted { principal, rate, valid_until, address, target, session, notes };
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
        principal.bucket().map_or(&self.principal_headers, |bucket| &bucket.headers)
    }
}
