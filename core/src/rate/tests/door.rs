//! The limiter from outside: keys, costs, quotas of several callers, and what headers say at the edges.

use crate::Now;
use crate::rate::{Decision, Limiter, Quota, QuotaError, RateHeaders};
use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

const SEED: [u64; 4] = [1, 2, 3, 4];
const MINUTE: Duration = Duration::from_secs(60);

fn limiter(amount: u32, period: Duration) -> Limiter {
    Limiter::new(1000, Quota::per(amount, period).unwrap(), SEED).unwrap()
}

fn at(micros: u64) -> Now {
    Now::new(0.0, micros)
}

#[test]
fn a_bucket_empties_and_fills() {
    let limiter = limiter(3, MINUTE);
    let check = |mono| limiter.check(b"alice", limiter.base(), 1, at(mono));
    for (remaining, reset) in [(2, 20), (1, 40), (0, 60)] {
        let decision = check(5);
        assert!(decision.allowed && decision.receipt.is_some());
        assert_eq!((decision.limit, decision.remaining), (3, remaining));
        assert_eq!((decision.reset_after_micros, decision.retry_after_micros), (reset * 1_000_000, 0));
    }
    let denied = check(5);
    assert!(!denied.allowed && denied.receipt.is_none() && denied.can_retry());
    assert_eq!((denied.remaining, denied.retry_after_micros), (0, 20_000_000));
    assert!(!check(20_000_004).allowed);
    assert!(check(20_000_005).allowed);
    assert!(limiter.check(b"bob", limiter.base(), 3, at(5)).allowed);
}

#[test]
fn retry_after_is_the_first_moment_that_works() {
    for (amount, period) in [(7, MINUTE), (1000, Duration::from_secs(1)), (9, MINUTE * 60 * 24 * 30)] {
        let limiter = limiter(amount, period);
        for (cost, start) in [(1, 0), (2, 12_345_677), (amount, 99_999_999)] {
            let key = format!("{cost}");
            let check = |cost, mono| limiter.check(key.as_bytes(), limiter.base(), cost, at(mono));
            while check(1, start).allowed {}
            let wait = check(cost, start).retry_after_micros;
            assert!(wait > 0 && !check(cost, start + wait - 1).allowed);
            assert!(check(cost, start + wait).allowed);
        }
    }
}

#[test]
fn a_clock_that_goes_back_waits_until_it_has_caught_up() {
    let limiter = limiter(1, MINUTE);
    let check = |mono| limiter.check(b"alice", limiter.base(), 1, at(mono));
    assert!(check(90_000_000).allowed);
    let denied = check(30_000_000);
    assert_eq!(denied.retry_after_micros, 120_000_000);
    assert!(!check(30_000_000 + denied.retry_after_micros - 1).allowed);
    assert!(check(30_000_000 + denied.retry_after_micros).allowed);
}

#[test]
fn time_ends_after_292_000_years_and_then_nothing_comes_back() {
    const LAST: u64 = u64::MAX >> 1;
    let limiter = limiter(2, MINUTE);
    let check = |mono| limiter.check(b"alice", limiter.base(), 1, at(mono));
    assert!(check(LAST).allowed && check(LAST + 500).allowed);
    for mono in [LAST - 500, LAST, LAST + 1, LAST + 1024, LAST + 1025, u64::MAX] {
        let (denied, peeked) = (check(mono), limiter.peek(b"alice", limiter.base(), 1, at(mono)));
        assert!(!denied.allowed && !peeked.allowed && denied.can_retry(), "{mono}");
        assert!(limiter.check(format!("{mono}").as_bytes(), limiter.base(), 2, at(mono)).allowed);
    }
}

#[test]
fn costs_at_the_edges() {
    let limiter = limiter(5, MINUTE);
    let check = |cost| limiter.check(b"alice", limiter.base(), cost, at(0));
    assert!(check(0).allowed && check(0).receipt.is_none() && check(0).remaining == 5);
    for cost in [6, u32::MAX] {
        let never = check(cost);
        assert!(!never.allowed && !never.can_retry());
        assert_eq!((never.retry_after_micros, never.remaining), (Decision::NEVER, 5));
    }
    assert!(check(5).allowed && !check(1).allowed && check(0).allowed);
}

#[test]
fn peek_spends_nothing_and_agrees_with_check() {
    let limiter = limiter(5, MINUTE);
    for cost in [1, 3, 2, 1, 1] {
        let peeked = limiter.peek(b"alice", limiter.base(), cost, at(0));
        assert_eq!(peeked, limiter.peek(b"alice", limiter.base(), cost, at(0)));
        let decision = limiter.check(b"alice", limiter.base(), cost, at(0));
        assert_eq!(peeked.allowed, decision.allowed);
        assert_eq!(peeked.retry_after_micros, decision.retry_after_micros);
        assert_eq!(peeked.remaining, decision.remaining + if decision.allowed { cost } else { 0 });
    }
}

#[test]
fn give_back_and_reset() {
    let limiter = limiter(2, MINUTE);
    let check = || limiter.check(b"alice", limiter.base(), 1, at(0));
    let (first, _second) = (check().receipt.unwrap(), check());
    assert!(!check().allowed);
    assert!(limiter.give_back(first));
    assert!(check().allowed && !check().allowed);
    assert!(limiter.reset(b"alice") && !limiter.reset(b"bob"));
    assert!(check().allowed && check().allowed && !check().allowed);
}

#[test]
fn callers_with_quotas_of_their_own() {
    let limiter = limiter(10, MINUTE);
    let gold = limiter.prepare(&Quota::per(1000, MINUTE).unwrap()).unwrap();
    assert_eq!(limiter.check(b"gold", &gold, 600, at(0)).remaining, 400);
    assert_eq!(limiter.check(b"plain", limiter.base(), 6, at(0)).remaining, 4);
    let day = Quota::per(10_000, MINUTE * 60 * 24).unwrap();
    assert_eq!(limiter.prepare(&day).unwrap_err(), QuotaError::WindowsTooFarApart);
    let other = self::limiter(1, MINUTE * 60 * 24 * 30);
    assert!(!other.check(b"gold", &gold, 1, at(0)).allowed);
}

#[test]
fn strict_keeps_every_window_to_the_amount() {
    for amount in [1, 2, 5, 10] {
        let limiter = Limiter::new(7, Quota::per(amount, MINUTE).unwrap().strict(), SEED).unwrap();
        let admitted: alloc::vec::Vec<u64> = (0..600)
            .map(|second| second * 500_000)
            .flat_map(|mono| core::iter::repeat_n(mono, 8))
            .filter(|&mono| limiter.check(b"alice", limiter.base(), 1, at(mono)).allowed)
            .collect();
        let most = admitted
            .iter()
            .map(|&from| admitted.iter().filter(|&&mono| (from..=from + 60_000_000).contains(&mono)).count());
        assert_eq!(most.max().unwrap(), amount as usize);
    }
}

#[test]
fn headers_at_the_edges() {
    let limiter = limiter(2, MINUTE);
    let headers = RateHeaders::new("principal", limiter.base().quota()).unwrap();
    let lines = |mono| {
        let decision = limiter.check(b"alice", limiter.base(), 1, at(mono));
        headers
            .write(&decision)
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect::<alloc::vec::Vec<_>>()
    };
    let policy = r#"ratelimit-policy: "principal";q=2;w=60"#.to_string();
    let expect = |remaining: u32, reset: u32, t: u32| {
        alloc::vec![
            "x-ratelimit-limit: 2".to_string(),
            format!("x-ratelimit-remaining: {remaining}"),
            format!("x-ratelimit-reset: {reset}"),
            policy.clone(),
            format!(r#"ratelimit: "principal";r={remaining};t={t}"#),
        ]
    };
    assert_eq!(lines(0), expect(1, 30, 30));
    assert_eq!(lines(0), expect(0, 60, 60));
    let mut denied = expect(0, 60, 30);
    denied.push("retry-after: 30".to_string());
    assert_eq!(lines(0), denied);
    // A microsecond later it is still 30, never 29.
    assert_eq!(lines(1), denied);
    let mut denied = expect(0, 31, 1);
    denied.push("retry-after: 1".to_string());
    assert_eq!(lines(29_999_999), denied);
    assert_eq!(lines(30_000_000), expect(0, 60, 60));
}

#[test]
fn debug_shows_no_seed() {
    let limiter = Limiter::new(7, Quota::per(1, MINUTE).unwrap(), [0xdead_beef; 4]).unwrap();
    let text = format!("{limiter:?}");
    assert!(!text.contains("3735928559") && !text.to_lowercase().contains("deadbeef"), "{text}");
}

#[test]
#[cfg(feature = "std")]
fn random_seeds_differ() {
    let quota = Quota::per(1, MINUTE).unwrap();
    let limiter = || Limiter::with_random_seed(7, quota).unwrap();
    let (one, other) = (limiter(), limiter());
    assert!(one.check(b"k", one.base(), 1, Now::system()).allowed);
    assert!(other.check(b"k", other.base(), 1, Now::system()).allowed);
    assert_ne!(one.hash(b"k"), other.hash(b"k"));
}
