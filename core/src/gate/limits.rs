//! Step 6: the principal's bucket, the named limits, and the shared limit behind them.
//!
//! **Every good head costs its principal 1**, taken before a byte of the body is read: whatever then is wrong with the body or
//! what it asks for, one credential has no more bodies read than its quota allows, and a caller whose bucket is empty is
//! told so at once. A batch is charged for its other members once they are known. What a later layer refuses is given back
//! to the earlier ones, best effort, as [`Limiter::give_back`] says; and since its body was read, too, only as many of those
//! refusals as the principal's quota has units are free. The next ones cost their 1.

use super::step::Caller;
use super::{Admitted, Code, Gate, GateError, Principal, Refused, Step};
use crate::Now;
use crate::mcp::Kind;
use crate::rate::layers::{self, Calls, Layer, LayerId, Layers, Taken};
use crate::rate::{Decision, HeaderLines, Limiter, Quota, RateHeaders, Receipt};
use ahash::RandomState;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// What a request asks of its limits.
#[derive(Debug, Default)]
pub(super) struct Demand {
    /// How many calls it makes: the members of a batch, 1 for any other.
    pub(super) calls: u32,
    /// The same as the named limits count them; empty where there are none.
    pub(super) named: Calls,
}

/// What a request has taken, for giving it back.
#[derive(Debug, Default)]
pub(super) struct Paid {
    /// Of the principal's bucket, for the head.
    head: Option<Box<Receipt>>,
    /// For the other members of a batch.
    others: Option<Receipt>,
    named: Taken,
}

/// A request whose head is good and paid for, and whose body was judged.
pub(super) struct Request {
    pub(super) entry: Entry,
    pub(super) caller: Caller,
    pub(super) target: Option<(Kind, String)>,
}

/// The 1 that a head has cost, and how the bucket stood then. Little, for it goes with the request while that is copied
/// about: with the whole decision and its receipt in it, the warm gate took 27 ns more.
#[derive(Debug)]
pub(super) struct Entry {
    limit: u32,
    remaining: u32,
    /// µs, from `at` on.
    reset: u64,
    at: u64,
    /// Where a later layer may have to give it back.
    receipt: Option<Box<Receipt>>,
}

impl Entry {
    /// Where the bucket stands at a later moment, as far as is known without looking.
    #[inline]
    fn at(&self, now: Now) -> Decision {
        let passed = now.mono.saturating_sub(self.at);
        Decision {
            allowed: true,
            limit: self.limit,
            remaining: self.remaining,
            reset_after_micros: self.reset.saturating_sub(passed),
            retry_after_micros: 0,
            receipt: None,
        }
    }
}

/// The named limits of a gate, seeded by its principals' seed, turned: neither is ever shown.
pub(super) fn layers(
    limits: Vec<Layer>,
    seed: [u64; 4],
    families: (bool, bool),
    has_anonymous: bool,
) -> Result<Option<Layers>, GateError> {
    if limits.is_empty() {
        return Ok(None);
    }
    let layers = Layers::new(limits, seed.map(|word| !word.rotate_left(16))).map_err(GateError::Limit)?;
    let layers = if has_anonymous { layers.with_anonymous().map_err(GateError::Limit)? } else { layers };
    Ok(Some(layers.families(families.0, families.1)))
}

/// Counts the refusals of later layers that were free, by the principals' own quotas.
pub(super) fn refusals(slots: usize, quota: Quota, seed: [u64; 4]) -> Result<Limiter, GateError> {
    let [a, b, c, d] = seed;
    let hasher = RandomState::with_seeds(a, b, c, d);
    Ok(Limiter::new(slots, quota, core::array::from_fn(|word| hasher.hash_one(("refusals", word))))?)
}

impl Gate {
    /// The named limits, where there are any: their counters are for metrics.
    #[must_use]
    pub const fn limits(&self) -> Option<&Layers> {
        self.layers.as_ref()
    }

    /// What the table of each limit has seen, by the limit's name: the address's, the principal's, and the named ones.
    pub fn limit_stats(&self) -> impl Iterator<Item = (&str, crate::rate::Stats)> {
        let two = [("address", self.address_limiter.stats()), ("principal", self.principal_limiter.stats())];
        two.into_iter().chain(self.layers.iter().flat_map(Layers::stats))
    }

    /// The rate headers of an admitted request's answer: the bucket with the fewest calls left.
    #[must_use]
    pub fn rate_headers<'a>(&'a self, admitted: &'a Admitted) -> HeaderLines<'a> {
        self.headers_of(&admitted.principal, admitted.limit).write(&admitted.rate)
    }

    /// What a good head costs; the refusal, where it can't be paid.
    pub(super) fn enter(&self, principal: &Principal, now: Now) -> Result<Entry, Refused> {
        let rate =
            self.table_of(principal).check(principal.id().as_bytes(), self.quota_of(principal), 1, now);
        if !rate.allowed {
            return Err(Refused::with_rate(Code::PrincipalLimited, rate));
        }
        let (limit, remaining, reset) = (rate.limit, rate.remaining, rate.reset_after_micros);
        let receipt = if self.refusals.is_some() { rate.receipt.map(Box::new) } else { None };
        Ok(Entry { limit, remaining, reset, at: now.mono, receipt })
    }

    /// Counts one call of a request for the named limits: what it names, or nothing where it names nothing.
    #[inline]
    pub(super) fn count(&self, demand: &mut Demand, call: Option<(Kind, &str)>) {
        demand.calls = demand.calls.saturating_add(1);
        if let Some(layers) = &self.layers {
            layers.count(&mut demand.named, call);
        }
    }

    /// Step 6, for a request whose head was paid for.
    pub(super) fn admit(&self, request: Request, demand: &Demand, now: Now) -> Step {
        let Request { entry, caller: Caller { principal, address, session, notes }, target } = request;
        let rate = entry.at(now);
        let valid_until = principal.until();
        let mut admitted =
            Admitted { principal, rate, limit: None, valid_until, address, target, session, notes };
        let mut others = None;
        if demand.calls > 1 {
            match self.pay_others(&admitted.principal, demand.calls, now) {
                Ok(mut rate) => {
                    others = rate.receipt.take();
                    admitted.rate = rate;
                }
                Err(rate) => {
                    return self.refuse(Refused::with_rate(Code::PrincipalLimited, rate), admitted, now);
                }
            }
        }
        if self.refusals.is_none() {
            return Step::Admitted(admitted);
        }
        let paid = Paid { head: entry.receipt, others, named: Taken::default() };
        self.spend_later(admitted, paid, demand, now)
    }

    /// The layers behind the principal's bucket. Out of line, for most gates have none.
    #[inline(never)]
    fn spend_later(&self, mut admitted: Admitted, mut paid: Paid, demand: &Demand, now: Now) -> Step {
        if let Some(layers) = &self.layers {
            let address = admitted.address.key();
            let principal = &admitted.principal;
            let caller = layers::Caller {
                principal: principal.id(),
                is_anonymous: principal.is_anonymous(),
                roles: principal.role_names(),
                address: &address,
            };
            match layers.spend(&caller, &demand.named, now) {
                Ok(spent) => {
                    let (least, taken) = spent.into_parts();
                    paid.named = taken;
                    // The caller is told of whichever bucket has fewer calls left.
                    if let Some(told) = least.filter(|told| layers.calls_left(told) < admitted.rate.remaining)
                    {
                        (admitted.rate, admitted.limit) = (told.decision, Some(told.layer));
                    }
                }
                Err(told) => {
                    let refused = Refused {
                        limit: Some(told.layer),
                        told: Some(Box::new(String::from(layers.name(told.layer)).into())),
                        ..Refused::with_rate(Code::LimitExceeded, told.decision)
                    };
                    return self.take_back(refused, admitted, paid, now);
                }
            }
        }
        #[cfg(feature = "std")]
        if let Some(shared) = self.shared.as_ref().filter(|_| !admitted.principal.is_anonymous()) {
            return self.spend_shared(shared, admitted, paid, demand.calls, now);
        }
        Step::Admitted(admitted)
    }

    /// The members of a batch beside the one its head has paid for.
    #[inline(never)]
    fn pay_others(&self, principal: &Principal, calls: u32, now: Now) -> Result<Decision, Decision> {
        let (id, quota) = (principal.id().as_bytes(), self.quota_of(principal));
        let rate = self.table_of(principal).check(id, quota, calls.saturating_sub(1), now);
        if rate.allowed {
            return Ok(rate);
        }
        // The next attempt will have to pay for all of them.
        let all = self.table_of(principal).peek(id, quota, calls, now);
        Err(if all.allowed { rate } else { all })
    }

    /// Refuses what a layer behind the principal's bucket has refused, and gives back what was taken.
    pub(super) fn take_back(&self, refused: Refused, admitted: Admitted, paid: Paid, now: Now) -> Step {
        if let Some(layers) = &self.layers {
            layers.give_back(paid.named);
        }
        let principal = &admitted.principal;
        let (id, quota) = (principal.id().as_bytes(), self.quota_of(principal));
        // Addresses, which anybody can choose, share no table with principals; for them none is free.
        let refusals = self.refusals.as_ref().filter(|_| !principal.is_anonymous());
        let is_free = refusals.is_some_and(|refusals| refusals.check(id, quota, 1, now).allowed);
        let head = paid.head.filter(|_| is_free).map(|head| *head);
        for receipt in paid.others.into_iter().chain(head) {
            self.table_of(principal).give_back(receipt);
        }
        self.refuse(refused, admitted, now)
    }

    fn refuse(&self, refused: Refused, admitted: Admitted, now: Now) -> Step {
        let Admitted { principal, address, target, notes, .. } = admitted;
        self.deny(refused, address, Some(principal), target, notes, now)
    }

    /// How many calls the bucket that an admission tells of has left.
    #[cfg(feature = "std")]
    pub(super) fn calls_left(&self, admitted: &Admitted) -> u32 {
        let cost = admitted.limit.and_then(|limit| Some(self.layers.as_ref()?.cost(limit)));
        admitted.rate.remaining.checked_div(cost.unwrap_or(1)).unwrap_or(0)
    }

    /// What writes the headers of a named limit's bucket, or of the principal's.
    pub(super) fn headers_of<'a>(
        &'a self,
        principal: &'a Principal,
        limit: Option<LayerId>,
    ) -> &'a RateHeaders {
        let named = limit.and_then(|limit| self.layers.as_ref()?.headers(limit));
        named.unwrap_or_else(|| self.own_headers(principal))
    }
}
