//! A server that is down, slow, killed, flushed or filled by others: bounded waits, the chosen fallback, recovery.

use crate::server::{Server, free_port, url};
use doorward::rate::Quota;
use doorward::rate::shared::{Failure, Fallback, Mode, Outcome, Settings, SharedLimiter, Source, Verdict};
use doorward_axum::{Redis, RedisError};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_millis(50);
/// For a busy machine: a wait that is not bounded lasts a second and more.
const SLACK: Duration = Duration::from_millis(400);

pub(crate) fn settings() -> Settings {
    Settings::new("test")
        .fallback(Fallback::Deny)
        .deadline(DEADLINE)
        .breaker(2, Duration::from_millis(200))
        .slots(64)
}

pub(crate) fn limiter(amount: u32, settings: Settings) -> SharedLimiter {
    SharedLimiter::with_random_seed(Quota::per(amount, Duration::from_secs(3600)).unwrap(), settings).unwrap()
}

pub(crate) async fn spend(redis: &Redis, limiter: &SharedLimiter) -> Outcome {
    let began = Instant::now();
    let outcome = redis.spend(limiter, b"key:ci", limiter.base(), 1).await;
    assert!(began.elapsed() < DEADLINE + SLACK, "{:?}", began.elapsed());
    outcome
}

/// Until the server decides again.
pub(crate) async fn recovered(redis: &Redis, limiter: &SharedLimiter) -> Outcome {
    let began = Instant::now();
    loop {
        let outcome = spend(redis, limiter).await;
        if outcome.source == Source::Store {
            assert_eq!(limiter.mode(), Mode::Shared);
            return outcome;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{outcome:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn addresses_are_checked_and_never_shown() {
    assert_eq!(Redis::new("not an address").unwrap_err(), RedisError::Address);
    assert_eq!(Redis::new("http://:hunter2@host").unwrap_err(), RedisError::Address);
    if cfg!(not(feature = "redis-tls")) {
        assert_eq!(Redis::new("rediss://:hunter2@host").unwrap_err(), RedisError::NoTls);
    }
    let shown = format!("{:?} {}", Redis::new("redis://:hunter2@host").unwrap(), RedisError::Address);
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn down_at_the_start_it_falls_back_and_recovers_by_itself() {
    let mut server = Server::start();
    server.kill();
    let (redis, limiter) = (Redis::new(&server.url()).unwrap(), limiter(100, settings()));
    for _ in 0..2 {
        let outcome = spend(&redis, &limiter).await;
        assert_eq!((outcome.verdict, outcome.failure), (Verdict::Unavailable, Some(Failure::Unreachable)));
    }
    assert_eq!(limiter.mode(), Mode::Fallback);
    assert_eq!(spend(&redis, &limiter).await.failure, Some(Failure::BreakerOpen));
    server.restart();
    assert_eq!(recovered(&redis, &limiter).await.decision.remaining, 99);
}

#[tokio::test]
async fn each_fallback_is_what_was_chosen() {
    let port = free_port();
    for (fallback, expected) in
        [(Fallback::Deny, 0), (Fallback::LocalAtLimitOver(4), 3), (Fallback::Allow, 20)]
    {
        let (redis, limiter) = (Redis::new(&url(port)).unwrap(), limiter(12, settings().fallback(fallback)));
        let mut admitted = 0;
        for _ in 0..20 {
            let outcome = spend(&redis, &limiter).await;
            assert_eq!(outcome.source, Source::Fallback);
            admitted += usize::from(outcome.verdict == Verdict::Admitted);
        }
        assert_eq!(admitted, expected, "{fallback:?}");
    }
}

#[tokio::test]
async fn a_flushed_script_is_sent_again_and_the_bucket_stays() {
    let server = Server::start();
    let (redis, limiter) = (Redis::new(&server.url()).unwrap(), limiter(5, settings()));
    for left in (0..5).rev() {
        server.run(&["SCRIPT", "FLUSH"]);
        let outcome = spend(&redis, &limiter).await;
        assert_eq!((outcome.source, outcome.decision.remaining), (Source::Store, left));
    }
    assert_eq!(spend(&redis, &limiter).await.verdict, Verdict::Denied);
    assert_eq!(limiter.stats().failed, 0);
}

/// What is flushed is forgotten: every bucket is full again, once for each time, and nothing else happens.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn flushed_under_load_each_flush_is_one_more_bucket() {
    const AMOUNT: usize = 50;
    const FLUSHES: usize = 3;
    let server = Server::start();
    // Nothing is remembered of denials, so that what the server forgets is seen at once.
    let callers: Vec<_> = (0..2)
        .map(|_| {
            let url = server.url();
            tokio::spawn(async move {
                let redis = Redis::new(&url).unwrap();
                let limiter =
                    limiter(AMOUNT as u32, settings().deadline(Duration::from_secs(1)).remembered(0));
                let (mut admitted, until) = (0, Instant::now() + Duration::from_secs(3));
                while Instant::now() < until {
                    let outcome = redis.spend(&limiter, b"key:ci", limiter.base(), 1).await;
                    assert!(outcome.failure.is_none(), "{outcome:?}");
                    admitted += usize::from(outcome.verdict == Verdict::Admitted);
                }
                assert_eq!((limiter.mode(), limiter.stats().failed), (Mode::Shared, 0));
                admitted
            })
        })
        .collect();
    for _ in 0..FLUSHES {
        tokio::time::sleep(Duration::from_millis(600)).await;
        server.run(&["FLUSHALL"]);
    }
    let mut admitted = 0;
    for caller in callers {
        admitted += caller.await.unwrap();
    }
    assert_eq!(admitted, AMOUNT * (1 + FLUSHES));
}

#[tokio::test]
async fn killed_in_the_middle_and_restarted() {
    let mut server = Server::start();
    let (redis, limiter) = (Redis::new(&server.url()).unwrap(), limiter(100, settings()));
    assert_eq!(spend(&redis, &limiter).await.source, Source::Store);
    // Stopped, it has the request and does not answer; killed, it never will.
    server.signal("STOP");
    let began = Instant::now();
    let (outcome, ()) = tokio::join!(spend(&redis, &limiter), async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        server.kill();
    });
    assert_eq!((outcome.verdict, outcome.failure), (Verdict::Unavailable, Some(Failure::Unreachable)));
    assert!(began.elapsed() < DEADLINE + SLACK);
    assert_eq!(spend(&redis, &limiter).await.verdict, Verdict::Unavailable);
    server.restart();
    recovered(&redis, &limiter).await;
}

#[tokio::test]
async fn a_stopped_server_costs_the_deadline_and_then_nothing() {
    let server = Server::start();
    let (redis, limiter) = (Redis::new(&server.url()).unwrap(), limiter(100, settings()));
    spend(&redis, &limiter).await;
    server.signal("STOP");
    for _ in 0..2 {
        assert_eq!(spend(&redis, &limiter).await.failure, Some(Failure::TimedOut));
    }
    let outcome = spend(&redis, &limiter).await;
    assert_eq!((limiter.mode(), outcome.failure), (Mode::Fallback, Some(Failure::BreakerOpen)));
    // Long enough for the connection to be given up.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    server.signal("CONT");
    recovered(&redis, &limiter).await;
}

#[tokio::test]
async fn a_sleeping_server_is_slow_for_as_long_as_it_sleeps() {
    let server = Server::start();
    let (redis, limiter) = (Redis::new(&server.url()).unwrap(), limiter(100, settings()));
    spend(&redis, &limiter).await;
    let port = server.port;
    let sleeper = std::thread::spawn(move || Server::run_at(port, &["DEBUG", "SLEEP", "0.6"]));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(spend(&redis, &limiter).await.failure, Some(Failure::TimedOut));
    assert!(sleeper.join().unwrap().starts_with("+OK"));
    recovered(&redis, &limiter).await;
}

#[tokio::test]
async fn other_things_at_our_key_are_that_keys_trouble_alone() {
    let server = Server::start();
    let (redis, limiter) = (Redis::new(&server.url()).unwrap(), limiter(100, settings()));
    server.run(&["LPUSH", "doorward:test:{key:ci}", "x"]);
    for _ in 0..4 {
        assert_eq!(spend(&redis, &limiter).await.failure, Some(Failure::WrongType));
    }
    server.run(&["DEL", "doorward:test:{key:ci}"]);
    server.run(&["SET", "doorward:test:{key:ci}", "x"]);
    for _ in 0..4 {
        assert_eq!(spend(&redis, &limiter).await.failure, Some(Failure::NoBucket));
    }
    let other = redis.spend(&limiter, b"key:other", limiter.base(), 1).await;
    assert_eq!(
        (other.verdict, other.source, limiter.mode()),
        (Verdict::Admitted, Source::Store, Mode::Shared)
    );
}

#[tokio::test]
async fn a_server_that_will_not_have_us_is_tried_anew() {
    let server = Server::start();
    server.run(&["CONFIG", "SET", "requirepass", "hunter2"]);
    let (redis, limiter) = (Redis::new(&server.url()).unwrap(), limiter(100, settings()));
    let refused = spend(&redis, &limiter).await;
    assert_eq!((refused.verdict, refused.failure), (Verdict::Unavailable, Some(Failure::Refused)));
    let right = Redis::new(&format!("redis://:hunter2@127.0.0.1:{}", server.port)).unwrap();
    recovered(&right, &limiter).await;
    // A wrong password fails the handshake; once it is right, the connection is made again.
    let later = Redis::new(&format!("redis://:changed@127.0.0.1:{}", server.port)).unwrap();
    assert_eq!(spend(&later, &limiter).await.verdict, Verdict::Unavailable);
    server.run_with("hunter2", &["CONFIG", "SET", "requirepass", "changed"]);
    recovered(&later, &limiter).await;
}

#[tokio::test]
async fn a_full_server_refuses_and_is_no_admission() {
    let server = Server::start();
    let (redis, limiter) = (Redis::new(&server.url()).unwrap(), limiter(100, settings()));
    server.run(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(spend(&redis, &limiter).await.failure, Some(Failure::Refused));
    server.run(&["CONFIG", "SET", "maxmemory", "0"]);
    recovered(&redis, &limiter).await;
}
