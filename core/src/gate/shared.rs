//! The last layer: the principal's quota, counted over several processes.
//!
//! It is asked behind policy and behind the process's own bucket, so that what is refused here costs nobody a round trip.
//! What it refuses is given back to the layers before it by receipt: best effort, as `limits` says. A caller who hangs up
//! while it is asked has spent.

use super::limits::Paid;
use super::{Admitted, Answer, Ask, Code, Gate, GateError, Notes, Question, Refused, Step, Then};
use crate::Now;
use crate::api_keys::ApiKeys;
use crate::rate::Quota;
use crate::rate::shared::{
    Ask as Command, Outcome, Reply, Settings, SharedError, SharedLimiter, Spend, Verdict,
};
use alloc::boxed::Box;
use core::fmt;
use zeroize::Zeroizing;

/// A shared limit to spend from, for a request that is good otherwise.
pub struct SharedWanted {
    command: Command,
    held: Box<Held>,
}

/// A request that the layers before have admitted, and what they took for it.
struct Held {
    admitted: Admitted,
    paid: Paid,
}

impl SharedWanted {
    /// The command to run, and how long it may take. Answer [`Answer::SharedLimit`](super::Answer::SharedLimit); any other
    /// is taken for a missed deadline. The gate may ask once more: for a server that does not know the script.
    #[must_use]
    pub const fn command(&self) -> &Command {
        &self.command
    }
}

impl fmt::Debug for SharedWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedWanted").field("command", &self.command).finish_non_exhaustive()
    }
}

/// The shared limit of a gate whose principals have that quota, some of their own.
pub(super) fn limiter(
    settings: Option<Settings>,
    quota: Quota,
    seed: [u64; 4],
    keys: Option<&ApiKeys>,
) -> Result<Option<SharedLimiter>, GateError> {
    let Some(settings) = settings else { return Ok(None) };
    // The seed of the principals' own table, turned: neither is ever shown.
    let shared = SharedLimiter::new(quota, settings, seed.map(|word| !word.rotate_left(32)))
        .map_err(GateError::SharedLimit)?;
    if let Some(keys) = keys {
        check_quotas(Some(&shared), keys)?;
    }
    Ok(Some(shared))
}

/// Whether keys' own quotas can be shared.
pub(super) fn check_quotas(shared: Option<&SharedLimiter>, keys: &ApiKeys) -> Result<(), GateError> {
    let Some(shared) = shared else { return Ok(()) };
    for (at, quota) in keys.iter().enumerate().filter_map(|(at, key)| Some((at, key.own_quota()?))) {
        shared.prepare(quota).map_err(|error| match error {
            SharedError::Quota(error) => GateError::KeyQuota { at, error },
            other => GateError::SharedLimit(other),
        })?;
    }
    Ok(())
}

impl Gate {
    /// The shared limit, where there is one: its mode and its counters are for metrics.
    #[must_use]
    pub const fn shared_limit(&self) -> Option<&SharedLimiter> {
        self.shared.as_ref()
    }

    pub(super) fn spend_shared(
        &self,
        shared: &SharedLimiter,
        admitted: Admitted,
        paid: Paid,
        cost: u32,
        now: Now,
    ) -> Step {
        let own = admitted.principal.bucket().map(|bucket| shared.prepare(bucket.quota.quota())).transpose();
        // Only an entry that the host looked up can have a quota that was not tried before.
        let Ok(own) = own else {
            return self.take_back(Code::SharedLimitUnavailable.into(), admitted, paid, now);
        };
        let quota = own.as_ref().unwrap_or_else(|| shared.base());
        let spend = shared.begin(admitted.principal.id().as_bytes(), quota, cost, now);
        self.after(spend, Box::new(Held { admitted, paid }), now)
    }

    pub(super) fn spent_shared(&self, wanted: SharedWanted, answer: Answer, now: Now) -> Step {
        let reply = match answer {
            Answer::SharedLimit(reply) => reply,
            _ => Reply::TimedOut,
        };
        match &self.shared {
            Some(shared) => self.after(shared.answered(wanted.command, &reply, now), wanted.held, now),
            // An ask of another gate.
            None => {
                let Held { admitted, paid } = *wanted.held;
                self.take_back(Code::SharedLimitUnavailable.into(), admitted, paid, now)
            }
        }
    }

    fn after(&self, spend: Spend, held: Box<Held>, now: Now) -> Step {
        let Outcome { verdict, decision, .. } = match spend {
            Spend::Decided(outcome) => outcome,
            Spend::Ask(command) => {
                let address = held.admitted.address;
                return Step::Ask(Ask {
                    question: Question::SharedLimit(SharedWanted { command, held }),
                    credential: Zeroizing::new(Box::default()),
                    address,
                    then: Then::default(),
                    notes: Notes::default(),
                    receipt: None,
                });
            }
        };
        let Held { mut admitted, paid } = *held;
        match verdict {
            Verdict::Admitted => {
                // The caller is told of whichever bucket has fewer calls left.
                if decision.remaining < self.calls_left(&admitted) {
                    (admitted.rate, admitted.limit) = (decision, None);
                }
                Step::Admitted(admitted)
            }
            Verdict::Denied => {
                self.take_back(Refused::with_rate(Code::SharedLimited, decision), admitted, paid, now)
            }
            Verdict::Unavailable => self.take_back(Code::SharedLimitUnavailable.into(), admitted, paid, now),
        }
    }
}
