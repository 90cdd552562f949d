//! The state machine against a server that is a few lines of arithmetic; the script itself is run by the adapter's tests.

use super::*;
use crate::Now;
use crate::rate::{Decision, Quota};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::time::Duration;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::string::ToString as _;

const SECOND: u64 = 1_000_000;
const SEED: [u64; 4] = [1, 2, 3, 4];

fn at(mono: u64) -> Now {
    Now::new(0.0, mono)
}

fn per_minute(amount: u32) -> Quota {
    Quota::per(amount, Duration::from_secs(60)).unwrap()
}

fn limiter(amount: u32, settings: Settings) -> SharedLimiter {
    SharedLimiter::new(per_minute(amount), settings.slots(64), SEED).unwrap()
}

/// GCRA as the script has it, on numbers that can't overflow.
#[derive(Default)]
struct Server {
    tats: BTreeMap<Vec<u8>, i128>,
    now: u64,
}

impl Server {
    fn run(&mut self, ask: &Ask) -> Reply {
        let [interval, tolerance, cost, want] = ask.args().map(i128::from);
        let now = i128::from(self.now);
        let tat = self.tats.get(ask.key()).map_or(now, |tat| (*tat).max(now));
        let debt = tat - now;
        let room = ((tolerance - debt) / interval).max(0);
        let take = room.min(want);
        let answer = if take < cost {
            [0, room, debt, debt + cost * interval - tolerance]
        } else {
            let debt = debt + take * interval;
            if take > 0 {
                self.tats.insert(ask.key().to_vec(), now + debt);
            }
            [take, room - take, debt, 0]
        };
        Reply::Integers(answer.map(|number| i64::try_from(number).unwrap()).to_vec())
    }
}

fn asks(spend: Spend) -> Ask {
    match spend {
        Spend::Ask(ask) => ask,
        Spend::Decided(outcome) => panic!("decided: {outcome:?}"),
    }
}

fn decides(spend: Spend) -> Outcome {
    match spend {
        Spend::Decided(outcome) => outcome,
        Spend::Ask(ask) => panic!("asked: {ask:?}"),
    }
}

fn spend(limiter: &SharedLimiter, server: &mut Server, cost: u32, mono: u64) -> Outcome {
    server.now = mono;
    match limiter.begin(b"key:ci", limiter.base(), cost, at(mono)) {
        Spend::Decided(outcome) => outcome,
        Spend::Ask(ask) => {
            let reply = server.run(&ask);
            decides(limiter.answered(ask, &reply, at(mono)))
        }
    }
}

fn fail(limiter: &SharedLimiter, reply: Reply, mono: u64) -> Outcome {
    let ask = asks(limiter.begin(b"key:ci", limiter.base(), 1, at(mono)));
    decides(limiter.answered(ask, &reply, at(mono)))
}

#[test]
fn the_sha_is_the_scripts() {
    let sha = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, SCRIPT.as_bytes());
    let hex: std::string::String = sha.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, SCRIPT_SHA1);
}

#[test]
fn keys_are_injective_and_have_one_hash_tag() {
    let key = |id: &[u8]| std::string::String::from_utf8(script::key("doorward", "principal", id)).unwrap();
    assert_eq!(key(b"key:ci"), "doorward:principal:{key:ci}");
    let digest = key("jwt:https://issuer:Änne".as_bytes());
    assert!(
        digest.starts_with("doorward:principal:{#") && digest.len() == "doorward:principal:{#}".len() + 64
    );
    let odd: [&[u8]; 7] = [b"", b"a}b", b"{", b"a b", b"#", &[0xff], &[b'a'; 129]];
    let mut keys: Vec<_> = odd.map(key).to_vec();
    // What looks like the digest of another is hashed itself.
    keys.push(key(&keys[1].as_bytes()["doorward:principal:{".len()..keys[1].len() - 1]));
    assert!(keys.iter().all(|key| key.matches(['{', '}']).count() == 2 && key.contains("{#")));
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 8);
}

#[test]
fn names_and_quotas_that_can_not_be_kept_are_refused() {
    let new = |settings| SharedLimiter::new(per_minute(5), settings, SEED).map(|_| ()).unwrap_err().code();
    assert_eq!(new(Settings::new("a:b")), "shared_name_invalid");
    assert_eq!(new(Settings::new("a").prefix("{x}")), "shared_prefix_invalid");
    assert_eq!(new(Settings::new("a").prefix("")), "shared_prefix_invalid");
    assert_eq!(new(Settings::new("a").fallback(Fallback::LocalAtLimitOver(0))), "shared_no_processes");
    let quota = |amount, period| Quota::per(amount, period).unwrap();
    let code = |quota| SharedLimiter::new(quota, Settings::new("a"), SEED).map(|_| ()).unwrap_err().code();
    assert_eq!(code(quota(999_983, Duration::from_secs(1))), "quota_rounding");
    let forever = Settings::new("a").fallback(Fallback::Deny);
    let error = SharedLimiter::new(quota(1, Duration::from_secs(1 << 32)), forever, SEED).unwrap_err();
    assert_eq!(error.code(), "quota_window_too_long");
}

#[test]
fn a_denial_is_remembered_for_no_longer_than_the_server_said() {
    let (limiter, mut server) = (limiter(2, Settings::new("p")), Server::default());
    assert_eq!(spend(&limiter, &mut server, 1, 0).decision.remaining, 1);
    assert_eq!(spend(&limiter, &mut server, 1, 0).decision.remaining, 0);
    let denied = spend(&limiter, &mut server, 1, 27 * SECOND);
    assert_eq!((denied.verdict, denied.source), (Verdict::Denied, Source::Store));
    assert_eq!(denied.decision.retry_after_micros, 3 * SECOND);
    let again = spend(&limiter, &mut server, 1, 28 * SECOND);
    assert_eq!((again.verdict, again.source), (Verdict::Denied, Source::Memory));
    assert_eq!(
        (again.decision.retry_after_micros, again.decision.reset_after_micros),
        (2 * SECOND, 32 * SECOND)
    );
    // A higher cost waits longer by what it costs more.
    assert_eq!(spend(&limiter, &mut server, 2, 28 * SECOND).decision.retry_after_micros, 32 * SECOND);
    assert_eq!(limiter.stats().asked, 3);
    assert_eq!(spend(&limiter, &mut server, 1, 30 * SECOND).source, Source::Store);
    assert_eq!(limiter.stats().from_memory, 2);
}

#[test]
fn a_long_denial_is_asked_about_again_after_five_seconds() {
    let (limiter, mut server) = (limiter(1, Settings::new("p")), Server::default());
    spend(&limiter, &mut server, 1, 0);
    assert_eq!(spend(&limiter, &mut server, 1, 0).source, Source::Store);
    assert_eq!(spend(&limiter, &mut server, 1, 5 * SECOND - 1).source, Source::Memory);
    // An operator has deleted the bucket.
    server.tats.clear();
    assert_eq!(spend(&limiter, &mut server, 1, 5 * SECOND).verdict, Verdict::Admitted);
}

#[test]
fn a_lease_is_one_round_trip_and_ends() {
    let (limiter, mut server) = (limiter(100, Settings::new("p").lease(10)), Server::default());
    let outcomes: Vec<_> = (0..20).map(|_| spend(&limiter, &mut server, 1, 0)).collect();
    let left: Vec<_> = outcomes.iter().map(|outcome| outcome.decision.remaining).collect();
    assert_eq!(left, (80..100).rev().collect::<Vec<_>>());
    assert_eq!(outcomes[5].decision.reset_after_micros, 6 * SECOND, "with what is leased");
    let sources: Vec<_> = outcomes.iter().map(|outcome| outcome.source).collect();
    assert_eq!(sources.iter().filter(|source| **source == Source::Store).count(), 2);
    assert_eq!(spend(&limiter, &mut server, 1, 0).source, Source::Store);
    assert_eq!(spend(&limiter, &mut server, 1, SECOND - 1).source, Source::Lease);
    assert_eq!(spend(&limiter, &mut server, 1, SECOND).source, Source::Store, "8 units are lost");
    // Near the end the server grants what there is.
    let whole = (0..200).take_while(|_| spend(&limiter, &mut server, 1, SECOND).decision.allowed).count();
    assert_eq!(whole, 100 - 40 + 9 + 1, "1 has flowed back in a second");
}

#[test]
fn costs_that_never_fit_and_costs_of_nothing() {
    let (limiter, mut server) = (limiter(3, Settings::new("p").lease(10)), Server::default());
    let never = spend(&limiter, &mut server, 4, 0);
    assert_eq!((never.verdict, never.source), (Verdict::Denied, Source::Quota));
    assert_eq!(never.decision.retry_after_micros, Decision::NEVER);
    assert_eq!(spend(&limiter, &mut server, 3, 0).decision.remaining, 0);
    let standing = spend(&limiter, &mut server, 0, 0);
    assert_eq!((standing.verdict, standing.decision.remaining), (Verdict::Admitted, 0));
    assert_eq!(standing.decision.reset_after_micros, 60 * SECOND);
}

#[test]
fn a_flushed_script_is_sent_whole_once_within_the_same_deadline() {
    let limiter = limiter(5, Settings::new("p"));
    let lacking = Reply::Error("NOSCRIPT No matching script. Please use EVAL.".to_string());
    let ask = asks(limiter.begin(b"a", limiter.base(), 1, at(0)));
    assert_eq!((ask.command(), ask.script()), ("EVALSHA", SCRIPT_SHA1));
    let ask = asks(limiter.answered(ask, &lacking, at(20_000)));
    assert_eq!((ask.command(), ask.script()), ("EVAL", SCRIPT));
    assert_eq!(ask.time_left(at(20_000)), Duration::from_millis(30));
    let outcome = decides(limiter.answered(ask, &lacking, at(20_000)));
    assert_eq!(outcome.failure, Some(Failure::Refused));
    let ask = asks(limiter.begin(b"a", limiter.base(), 1, at(0)));
    assert_eq!(decides(limiter.answered(ask, &lacking, at(50_000))).failure, Some(Failure::TimedOut));
}

#[test]
fn whatever_is_not_the_scripts_answer_is_a_failure_of_its_own() {
    let wrong = |text: &str| Reply::Error(text.to_string());
    let cases = [
        (wrong("WRONGTYPE Operation against a key holding the wrong kind of value"), Failure::WrongType),
        (wrong("DOORWARD what is at this key is no bucket"), Failure::NoBucket),
        (wrong("OOM command not allowed"), Failure::Refused),
        (wrong(""), Failure::Refused),
        (Reply::Other, Failure::Unreadable),
        (Reply::Integers(vec![]), Failure::Unreadable),
        (Reply::Integers(vec![1, 4, 0]), Failure::Unreadable),
        (Reply::Integers(vec![1, 4, 0, 0, 0]), Failure::Unreadable),
        (Reply::Integers(vec![2, 4, 0, 0]), Failure::OutOfRange),
        (Reply::Integers(vec![-1, 4, 0, 0]), Failure::OutOfRange),
        (Reply::Integers(vec![i64::MAX, 4, 0, 0]), Failure::OutOfRange),
        (Reply::Integers(vec![1, 6, 0, 0]), Failure::OutOfRange),
        (Reply::Integers(vec![1, 4, -1, 0]), Failure::OutOfRange),
        (Reply::Integers(vec![1, 4, i64::MAX, 0]), Failure::OutOfRange),
        (Reply::Integers(vec![1, 4, 10, 1]), Failure::OutOfRange),
        (Reply::Integers(vec![0, 0, 10, 0]), Failure::OutOfRange),
        (Reply::Integers(vec![0, 1, 10, 5]), Failure::OutOfRange),
        (Reply::Integers(vec![0, 0, 10, 11]), Failure::OutOfRange),
        (Reply::Integers(vec![0, 0, 10, -1]), Failure::OutOfRange),
        (Reply::TimedOut, Failure::TimedOut),
        (Reply::Unreachable, Failure::Unreachable),
    ];
    for (reply, failure) in cases {
        let limiter = limiter(5, Settings::new("p").fallback(Fallback::Deny));
        let outcome = fail(&limiter, reply.clone(), 0);
        assert_eq!((outcome.verdict, outcome.failure), (Verdict::Unavailable, Some(failure)), "{reply:?}");
        assert!(!outcome.decision.allowed && outcome.decision.can_retry());
        assert_eq!(limiter.last_failure(), Some(failure));
    }
}

#[test]
fn the_breaker_opens_probes_once_and_closes() {
    let limiter =
        limiter(100, Settings::new("p").fallback(Fallback::Deny).breaker(3, Duration::from_secs(1)));
    let good = Reply::Integers(vec![1, 99, 600_000, 0]);
    let early = asks(limiter.begin(b"early", limiter.base(), 1, at(0)));
    fail(&limiter, Reply::TimedOut, 0);
    fail(&limiter, Reply::Unreachable, 0);
    // A success in between starts the count anew.
    let ask = asks(limiter.begin(b"a", limiter.base(), 1, at(0)));
    limiter.answered(ask, &good, at(0));
    fail(&limiter, Reply::TimedOut, 0);
    fail(&limiter, Reply::TimedOut, 0);
    assert_eq!(limiter.mode(), Mode::Shared);
    fail(&limiter, Reply::TimedOut, 0);
    assert_eq!(limiter.mode(), Mode::Fallback);
    let unasked = decides(limiter.begin(b"a", limiter.base(), 1, at(SECOND - 1)));
    assert_eq!((unasked.verdict, unasked.failure), (Verdict::Unavailable, Some(Failure::BreakerOpen)));
    // What was asked before it opened says nothing of now.
    limiter.answered(early, &good, at(SECOND - 1));
    assert_eq!(limiter.mode(), Mode::Fallback);

    let probe = asks(limiter.begin(b"a", limiter.base(), 1, at(SECOND)));
    assert_eq!(limiter.mode(), Mode::Probing);
    decides(limiter.begin(b"b", limiter.base(), 1, at(SECOND)));
    limiter.answered(probe, &Reply::TimedOut, at(SECOND));
    assert_eq!(limiter.mode(), Mode::Fallback);

    // A probe whose caller has hung up is replaced.
    drop(asks(limiter.begin(b"a", limiter.base(), 1, at(2 * SECOND))));
    decides(limiter.begin(b"b", limiter.base(), 1, at(3 * SECOND - 1)));
    let probe = asks(limiter.begin(b"a", limiter.base(), 1, at(3 * SECOND)));
    limiter.answered(probe, &good, at(3 * SECOND));
    assert_eq!(limiter.mode(), Mode::Shared);
    assert_eq!(limiter.last_failure(), Some(Failure::TimedOut));
}

#[test]
fn what_is_wrong_with_one_key_does_not_open_the_breaker() {
    let limiter = limiter(100, Settings::new("p").breaker(2, Duration::from_secs(1)));
    for _ in 0..10 {
        fail(&limiter, Reply::Error("WRONGTYPE".to_string()), 0);
        fail(&limiter, Reply::Error("DOORWARD".to_string()), 0);
    }
    assert_eq!((limiter.mode(), limiter.stats().failed), (Mode::Shared, 20));
}

#[test]
fn a_clock_that_goes_back_locks_nobody_out() {
    let limiter = limiter(1, Settings::new("p").breaker(1, Duration::from_secs(1)));
    fail(&limiter, Reply::TimedOut, 1000 * SECOND);
    asks(limiter.begin(b"key:ci", limiter.base(), 1, at(0)));
    let other = self::limiter(1, Settings::new("p"));
    let mut server = Server::default();
    spend(&other, &mut server, 1, 1000 * SECOND);
    assert_eq!(spend(&other, &mut server, 1, 1000 * SECOND).verdict, Verdict::Denied);
    asks(other.begin(b"key:ci", other.base(), 1, at(0)));
}

#[test]
fn each_fallback_holds() {
    let settings = |fallback| Settings::new("p").fallback(fallback).breaker(u32::MAX, Duration::from_secs(1));
    let admitted = |fallback| {
        let limiter = limiter(12, settings(fallback));
        (0..100).filter(|_| fail(&limiter, Reply::TimedOut, 0).verdict == Verdict::Admitted).count()
    };
    assert_eq!(admitted(Fallback::Deny), 0);
    assert_eq!(admitted(Fallback::LocalAtLimitOver(1)), 12);
    assert_eq!(admitted(Fallback::LocalAtLimitOver(4)), 3);
    assert_eq!(admitted(Fallback::LocalAtLimitOver(100)), 1);
    assert_eq!(admitted(Fallback::Allow), 100);
    // The share flows back as slowly as it is small.
    let limiter = limiter(12, settings(Fallback::LocalAtLimitOver(4)));
    let denied = (0..4).map(|_| fail(&limiter, Reply::TimedOut, 0)).last().unwrap();
    assert_eq!((denied.verdict, denied.source), (Verdict::Denied, Source::Fallback));
    assert_eq!(denied.decision.retry_after_micros, 20 * SECOND);
}

#[test]
fn memory_is_bounded_and_may_be_none() {
    let limiter = limiter(1, Settings::new("p").remembered(0).lease(10));
    let mut server = Server::default();
    spend(&limiter, &mut server, 1, 0);
    for _ in 0..3 {
        assert_eq!(spend(&limiter, &mut server, 1, 0).source, Source::Store);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Spend { process: usize, cost: u32, lost: bool },
    Late { which: usize },
    Forward { micros: u64 },
    Flush,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => (0_usize..3, 0_u32..5, prop::bool::weighted(0.1)).prop_map(|(process, cost, lost)| Step::Spend { process, cost, lost }),
        2 => (0_usize..4).prop_map(|which| Step::Late { which }),
        4 => (0_u64..3 * SECOND).prop_map(|micros| Step::Forward { micros }),
        1 => Just(Step::Flush),
    ];
    prop::collection::vec(step, 1..150)
}

proptest! {
    /// Three processes, one server, leases, replies late and lost, scripts flushed: together never more than one bucket
    /// from the first moment on.
    #[test]
    fn together_they_admit_what_one_would(
        amount in 1_u32..40, lease in 1_u32..6, steps in steps(),
    ) {
        let quota = per_minute(amount);
        let settings = || Settings::new("p").lease(lease).slots(64).fallback(Fallback::Deny);
        let processes: Vec<_> =
            (0..3).map(|n| SharedLimiter::new(quota, settings(), [n, 2, 3, 4]).unwrap()).collect();
        let (mut server, mut has_script) = (Server::default(), false);
        let mut waiting: Vec<(usize, Ask, Reply)> = Vec::new();
        let mut admitted: Vec<(u64, u32)> = Vec::new();
        for step in steps {
            match step {
                Step::Forward { micros } => server.now += micros,
                Step::Flush => has_script = false,
                Step::Late { which } => {
                    if which < waiting.len() {
                        let (process, ask, reply) = waiting.remove(which);
                        let cost = u32::try_from(ask.args()[2]).unwrap();
                        let spend = processes[process].answered(ask, &reply, at(server.now));
                        if decides(spend).verdict == Verdict::Admitted {
                            admitted.push((server.now, cost));
                        }
                    }
                }
                Step::Spend { process, cost, lost } => {
                    let limiter = &processes[process];
                    let mut spend = limiter.begin(b"key:ci", limiter.base(), cost, at(server.now));
                    let outcome = loop {
                        let ask = match spend {
                            Spend::Decided(outcome) => break Some(outcome),
                            Spend::Ask(ask) => ask,
                        };
                        let reply = if ask.command() == "EVAL" || has_script {
                            has_script = true;
                            server.run(&ask)
                        } else {
                            Reply::Error("NOSCRIPT".to_string())
                        };
                        if lost && matches!(reply, Reply::Integers(_)) {
                            waiting.push((process, ask, reply));
                            break None;
                        }
                        spend = limiter.answered(ask, &reply, at(server.now));
                    };
                    if let Some(outcome) = outcome {
                        prop_assert_eq!(outcome.decision.allowed, outcome.verdict == Verdict::Admitted);
                        if outcome.verdict == Verdict::Admitted {
                            admitted.push((server.now, cost));
                        }
                    }
                }
            }
        }
        let interval = processes[0].base().interval;
        let total: u64 = admitted.iter().map(|(_, cost)| u64::from(*cost)).sum();
        prop_assert!(total <= u64::from(amount) + server.now / interval);
    }
}
