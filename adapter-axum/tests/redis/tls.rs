//! Over TLS, to a server whose certificate the test has made: whom it trusts, and that nothing else comes of a failure than
//! of any other outage.
//!
//! Two of rustls's providers are built in here, and none is chosen.

use crate::certificates::Certificates;
use crate::outages::{limiter, recovered, settings, spend};
use crate::server::{Server, free_port};
use doorward::rate::shared::{Fallback, Mode, Source, Verdict};
use doorward_axum::{Redis, RedisError};
use std::time::Duration;

struct Secure {
    server: Server,
    port: u16,
    authority: Vec<u8>,
    _certificates: Certificates,
}

impl Secure {
    fn start(address: &str) -> Self {
        let (certificates, port) = (Certificates::of(address), free_port());
        let server = Server::start_with(certificates.options(port));
        let authority = std::fs::read(certificates.authority()).unwrap();
        Self { server, port, authority, _certificates: certificates }
    }

    fn url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.port)
    }

    fn redis(&self) -> Redis {
        Redis::with_authorities(&self.url(), &self.authority).unwrap()
    }
}

/// So many checks, none of which the server decides.
async fn refused(redis: &Redis, fallback: Fallback) -> usize {
    let limiter = limiter(12, settings().fallback(fallback).breaker(2, Duration::from_millis(50)));
    let mut admitted = 0;
    for _ in 0..20 {
        let outcome = spend(redis, &limiter).await;
        assert_eq!(outcome.source, Source::Fallback);
        admitted += usize::from(outcome.verdict == Verdict::Admitted);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(limiter.mode(), Mode::Fallback);
    admitted
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_and_the_connection_comes_back() {
    let mut secure = Secure::start("127.0.0.1");
    let (redis, limiter) = (secure.redis(), limiter(100, settings()));
    recovered(&redis, &limiter).await;
    let outcome = spend(&redis, &limiter).await;
    assert_eq!((outcome.verdict, outcome.source), (Verdict::Admitted, Source::Store));
    assert!(secure.server.run(&["EXISTS", "doorward:test:{key:ci}"]).starts_with(":1"));
    secure.server.kill();
    assert_eq!(spend(&redis, &limiter).await.verdict, Verdict::Unavailable);
    secure.server.restart();
    recovered(&redis, &limiter).await;
}

#[tokio::test]
async fn nobody_else_is_trusted_and_the_fallback_holds() {
    let secure = Secure::start("127.0.0.1");
    let other = std::fs::read(Certificates::of("127.0.0.1").authority()).unwrap();
    let elsewhere = Secure::start("127.0.0.2");
    let url = secure.url();
    for (redis, fallback, admitted) in [
        // Signed by another authority, or by none of the system's.
        (Redis::with_authorities(&url, &other).unwrap(), Fallback::Deny, 0),
        (Redis::new(&url).unwrap(), Fallback::LocalAtLimitOver(4), 3),
        // For another address.
        (elsewhere.redis(), Fallback::LocalAtLimitOver(4), 3),
        // No TLS at all, and TLS where there is none.
        (Redis::new(&url.replace("rediss", "redis")).unwrap(), Fallback::Deny, 0),
        (
            Redis::with_authorities(&secure.server.url().replace("redis:", "rediss:"), &secure.authority)
                .unwrap(),
            Fallback::Deny,
            0,
        ),
    ] {
        assert_eq!(refused(&redis, fallback).await, admitted);
    }
    assert!(secure.server.run(&["DBSIZE"]).starts_with(":0"));
}

#[test]
fn there_is_no_way_around_the_certificate() {
    let pem = std::fs::read(Certificates::of("127.0.0.1").authority()).unwrap();
    let refused = |url, pem| Redis::with_authorities(url, pem).unwrap_err();
    for url in ["rediss://host/#insecure", "valkeys://host/0#insecure"] {
        assert_eq!(Redis::new(url).unwrap_err(), RedisError::Unverified);
        assert_eq!(refused(url, &pem), RedisError::Unverified);
    }
    for garbage in
        [&b""[..], b"no certificate", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"]
    {
        assert_eq!(refused("rediss://host", garbage), RedisError::Authorities);
    }
    assert_eq!(refused("redis://host", &pem), RedisError::AuthoritiesWithoutTls);
    assert_eq!(refused("rediss://host:port", &pem), RedisError::Address);
    assert!(Redis::with_authorities("REDISS://host", &pem).is_ok());
}
