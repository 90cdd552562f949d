//! Servers that share their limits by a Redis of the test's own.

#[path = "../../adapter-axum/tests/redis/server.rs"]
#[allow(dead_code, reason = "the adapter's tests need more of it")]
mod store;

#[path = "../../adapter-axum/tests/redis/certificates.rs"]
mod certificates;

use certificates::Certificates;
use doorward_tests::fixtures::protected;
use doorward_tests::http::Request;
use doorward_tests::{Denied, Server, Setup, USER_KEY, mcp};
use std::time::{Duration, Instant};
use store::Server as Store;

fn call(server: &Server) -> u16 {
    server.send(&Request::post(mcp::whoami()).key(USER_KEY)).status
}

fn sharing(url: &str) -> Setup {
    protected().var("RATE_LIMIT_MAX", "20").var("REDIS_URL", url).var("REDIS_INSTANCES", "4")
}

fn mode(server: &Server) -> String {
    let health = server.send(&Request::get("/health"));
    health.json()["shared_limit"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn two_servers_admit_what_one_would_and_each_its_share_in_an_outage() {
    let mut store = Store::start();
    store.run(&["CONFIG", "SET", "requirepass", "a-password-nobody-logs"]);
    let url = format!("redis://:a-password-nobody-logs@127.0.0.1:{}", store.port);
    let servers = [sharing(&url).start(), sharing(&url).start()];
    servers.iter().for_each(|server| server.secret("a-password-nobody-logs"));
    for turn in 0..20 {
        assert_eq!(call(&servers[turn % 2]), 200, "{turn}");
    }
    for server in &servers {
        assert_eq!(call(server), 429);
        assert_eq!(server.logged("shared_rate_limited")["principal"], "\"key:api-key-1\"");
        assert_eq!(mode(server), "shared");
    }

    store.kill();
    // The denial is remembered for five seconds at most; then each has a quarter of the limit for itself.
    std::thread::sleep(Duration::from_millis(5200));
    for server in &servers {
        let answers = [(); 15].map(|()| call(server));
        assert_eq!(answers.iter().filter(|&&status| status == 200).count(), 5, "{answers:?}");
        assert_eq!(mode(server), "fallback");
        let told = server.logged("can't be counted");
        assert_eq!(
            (told["level"].as_str(), told["code"].as_str()),
            (Some("WARN"), Some("store_unreachable"))
        );
    }
}

#[test]
fn a_store_that_is_down_keeps_nobody_from_starting_and_is_found_again() {
    let mut store = Store::start();
    store.kill();
    let server = sharing(&store.url()).without("REDIS_INSTANCES").var("REDIS_FALLBACK", "deny").start();
    for _ in 0..6 {
        // What it took of its own bucket, it has given back.
        let denied = Denied::NOT_COUNTED.quota(20, 3600).remaining(20).retry_after(1..=1);
        denied.check(&server.send(&Request::post(mcp::whoami()).key(USER_KEY)));
    }
    assert_eq!(mode(&server), "fallback");
    assert_eq!(server.logged("shared_limit_unavailable")["status"], 503);
    store.restart();
    let began = Instant::now();
    // Not too often: refusals beyond the quota's twenty cost.
    while call(&server) != 200 {
        assert!(began.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(mode(&server), "shared");
    assert_eq!(server.logged("counted again")["code"], "store_back");
    let told = server.log().lines().filter(|line| line.contains("can't be counted")).count();
    assert_eq!(told, 1, "by change, not by request");
}

#[test]
fn over_tls_it_is_shared_with_the_right_authority_alone() {
    let (certificates, port) = (Certificates::of("127.0.0.1"), store::free_port());
    let _store = Store::start_with(certificates.options(port));
    let other = Certificates::of("127.0.0.1");
    let secure = |authority: &Certificates| {
        let ca = authority.authority();
        sharing(&format!("rediss://127.0.0.1:{port}")).var("REDIS_CA", ca.to_str().unwrap()).start()
    };
    let (right, wrong) = (secure(&certificates), secure(&other));
    // The first answers may come too late: there is a handshake to be done, by an unoptimised build perhaps.
    for server in [&right, &wrong] {
        for _ in 0..5 {
            assert_eq!(call(server), 200);
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    let began = Instant::now();
    while mode(&right) != "shared" {
        assert!(began.elapsed() < Duration::from_secs(10));
        call(&right);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(mode(&wrong), "fallback");
    assert!(wrong.logged("can't be counted")["cause"].as_str().unwrap().contains("certificate"));
}

#[test]
fn addresses_that_can_not_be_right_stop_the_server_without_being_shown() {
    for (setup, said) in [
        (protected().var("REDIS_URL", "redis://:hunter2-hunter2@host:port"), "REDIS_URL is not right"),
        (protected().var("REDIS_URL", "rediss://:hunter2-hunter2@host/#insecure"), "always verified"),
        (
            protected().var("REDIS_URL", "rediss://:hunter2-hunter2@host").var("REDIS_CA", "no-such.pem"),
            "REDIS_CA no-such.pem",
        ),
        (
            protected()
                .var("REDIS_URL", "rediss://:hunter2-hunter2@host")
                .var("REDIS_CA", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
            "/Cargo.toml is not right",
        ),
        (protected().args(&["--redis", "redis://:hunter2-hunter2@host"]), "set REDIS_URL"),
    ] {
        let ended = setup.run();
        assert!(!ended.status.success() && ended.stderr.contains(said), "{}", ended.stderr);
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
}
