//! Rate limits and whose address counts, by raw HTTP.

use doorward_tests::denial::check_rate;
use doorward_tests::fixtures::{protected, token};
use doorward_tests::http::Request;
use doorward_tests::{ADMIN_KEY, Denied, OWN_KEY, Server, USER_KEY, mcp};
use serde_json::json;
use std::time::{Duration, Instant};

fn whoami() -> Request {
    Request::post(mcp::whoami())
}

fn wrong() -> Request {
    whoami().key("wrong-key-wrong-key")
}

/// Uses up an address's attempts: 30 fail for their own reason.
fn fail_thirty_times(server: &Server, with: impl Fn(Request) -> Request) {
    for spent in 1..=30 {
        Denied::INVALID_TOKEN.remaining(30 - spent).check(&server.send(&with(wrong())));
    }
}

#[test]
fn the_31st_failure_of_an_address_is_limited_and_neighbours_are_not() {
    let server = protected().start();
    let (seen, unseen) = (token("anna").sign(), token("ben").sign());
    assert_eq!(server.send(&whoami().bearer(&seen)).status, 200);
    let began = Instant::now();
    fail_thirty_times(&server, |request| request);
    // One attempt flows back every 120 s, counted from the first failure: to be asked back earlier would be a lie.
    let limited = Denied::ADDRESS_LIMITED.remaining(0);
    for request in [wrong(), whoami(), whoami().header("authorization", "Bearer")] {
        let answer = server.send(&request);
        let waited = began.elapsed().as_secs() + 1;
        limited.retry_after(120 - waited..=120).check(&answer);
        // All the bucket is back when all thirty are.
        assert!((3600 - waited..=3600).contains(&answer.number("x-ratelimit-reset")), "{answer:?}");
    }
    assert_eq!(server.logged("address_rate_limited")["status"], 429);
    // Nothing that a guesser could use: not even a good credential of a guessable kind, or never seen before.
    limited.check(&server.send(&whoami().bearer(&unseen)));
    limited.check(&server.send(&whoami().key(USER_KEY)));
    limited.check(&server.send(&whoami().key(ADMIN_KEY)));
    limited.check(&server.send(&whoami().key("dw_live_000000000000_0000000000000000000000000010eNZGB")));
    // Whoever holds 160 random bits, or was here before, goes on working.
    assert_eq!(mcp::result(&server.send(&whoami().key(OWN_KEY)))["id"], "key:Zy9Xw8Vu7Ts6");
    assert_eq!(server.send(&whoami().bearer(OWN_KEY)).status, 200);
    assert_eq!(mcp::result(&server.send(&whoami().bearer(&seen)))["subject"], "anna");
    // What is open stays open.
    let health = server.send(&Request::get("/health"));
    assert_eq!((health.status, health.number("x-ratelimit-remaining")), (200, 0));
}

#[test]
fn success_and_honest_mistakes_spend_nothing_of_the_address() {
    let server = protected().var("PREAUTH_RATE_LIMIT_MAX", "1").var("RATE_LIMIT_MAX", "1000").start();
    let expired = token("anna").claim("exp", 1_000_000).sign();
    for _ in 0..20 {
        assert_eq!(server.send(&whoami().key(USER_KEY)).status, 200);
        assert_eq!(server.send(&whoami().bearer(&expired)).status, 401);
        assert_eq!(server.send(&whoami().header("origin", "https://evil.example")).status, 403);
        let forbidden = Request::post(mcp::call("generate-token", json!({"userId": "x"}))).key(USER_KEY);
        assert_eq!(server.send(&forbidden).status, 403);
        assert_eq!(server.send(&Request::post("{").key(USER_KEY)).status, 400);
    }
    Denied::UNAUTHORIZED.quota(1, 3600).remaining(0).check(&server.send(&whoami()));
    Denied::ADDRESS_LIMITED.quota(1, 3600).retry_after(3570..=3600).check(&server.send(&whoami()));
}

#[test]
fn retry_after_is_long_enough_and_not_much_longer() {
    let server =
        protected().var("PREAUTH_RATE_LIMIT_MAX", "2").var("PREAUTH_RATE_LIMIT_WINDOW_MS", "5000").start();
    for _ in 0..2 {
        assert_eq!(server.send(&whoami()).status, 401);
    }
    let answer = server.send(&whoami());
    Denied::ADDRESS_LIMITED.quota(2, 5).retry_after(2..=3).check(&answer);
    std::thread::sleep(Duration::from_secs(answer.number("retry-after")));
    assert_eq!(server.send(&whoami()).status, 401);
    assert_eq!(server.send(&whoami()).status, 429, "one attempt flowed back, not two");
}

#[test]
fn the_101st_call_of_a_user_is_limited_and_others_are_not() {
    let server = protected().start();
    let anna = whoami().bearer(&token("anna").sign());
    let began = Instant::now();
    let mut connection = server.connect();
    for spent in 1..=100 {
        let answer = connection.send(&anna).expect("an answer");
        assert_eq!((answer.status, answer.number("x-ratelimit-remaining")), (200, 100 - spent));
        check_rate(&answer, "principal", 100, 3600);
    }
    let waited = began.elapsed().as_secs() + 1;
    let limited =
        Denied::PRINCIPAL_LIMITED.remaining(0).retry_after(36_u64.saturating_sub(waited).max(1)..=36);
    limited.check(&server.send(&anna));
    // Another token of hers is the same person; nothing she does costs the address anything.
    limited.check(&server.send(&whoami().bearer(&token("anna").claim("jti", "another").sign())));
    assert_eq!(server.logged("principal_rate_limited")["principal"], "\"jwt:https://issuer.example:anna\"");
    for other in [whoami().bearer(&token("ben").sign()), whoami().key(USER_KEY), whoami().key(ADMIN_KEY)] {
        assert_eq!(server.send(&other).number("x-ratelimit-remaining"), 99);
    }
    assert_eq!(server.send(&Request::get("/health")).number("x-ratelimit-remaining"), 30);
}

#[test]
fn a_batch_costs_what_its_members_do() {
    let server = protected().var("RATE_LIMIT_MAX", "10").start();
    let batch = |key: &str, members: usize| {
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        Request::post(format!("[{}]", vec![ping; members].join(","))).key(key)
    };
    let denied = Denied::PRINCIPAL_LIMITED.quota(10, 3600);
    // rmcp speaks no batches, whatever it answers was let through and counted.
    assert_eq!(server.send(&batch(USER_KEY, 7)).number("x-ratelimit-remaining"), 3);
    // What does not fit has cost 1, as every body that is refused: the next attempt has four to pay, and there are two.
    denied.remaining(2).retry_after(690..=720).check(&server.send(&batch(USER_KEY, 4)));
    assert_eq!(server.send(&batch(USER_KEY, 2)).number("x-ratelimit-remaining"), 0);
    denied.remaining(0).retry_after(330..=360).check(&server.send(&batch(USER_KEY, 2)));
    // More than fits ever: waiting would not help, so no time is told.
    let never = server.send(&batch(OWN_KEY, 11));
    assert_eq!((never.status, never.header("retry-after")), (429, None), "{never:?}");
    assert_eq!(server.send(&batch(OWN_KEY, 9)).number("x-ratelimit-remaining"), 0);
}

#[test]
fn one_key_has_no_more_bodies_read_than_its_quota_allows() {
    let server = protected().var("RATE_LIMIT_MAX", "6").start();
    let user = |body: &str| Request::post(body).key(USER_KEY);
    let forbidden = user(&mcp::call("generate-token", json!({"userId": "x"})));
    let long = user(&" ".repeat(1024 * 1024 + 1));
    let kinds =
        [(&Denied::FORBIDDEN, &forbidden), (&Denied::BAD_BODY, &user("{")), (&Denied::TOO_LARGE, &long)];
    for (spent, (denied, request)) in (1..).zip(kinds.iter().chain(&kinds)) {
        denied.quota(6, 3600).remaining(6 - spent).check(&server.send(request));
    }
    let limited = Denied::PRINCIPAL_LIMITED.quota(6, 3600).remaining(0).retry_after(570..=600);
    for (_, request) in kinds {
        limited.check(&server.send(request));
    }
    // The answer comes before the body, which is never read.
    let mut connection = server.connect();
    let head =
        "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n";
    connection.write(format!("{head}x-api-key: {USER_KEY}\r\n\r\n").as_bytes()).expect("bytes can be sent");
    limited.check(&connection.read(false).expect("an answer"));
    assert!(connection.is_closed());
    // Nobody else pays for it, nor does the address.
    assert_eq!(server.send(&whoami().key(OWN_KEY)).number("x-ratelimit-remaining"), 5);
    assert_eq!(server.send(&Request::get("/health")).number("x-ratelimit-remaining"), 30);
}

#[test]
fn forwarded_addresses_of_strangers_are_ignored() {
    let server = protected().start();
    let number = std::cell::Cell::new(0);
    // A new address each time would be a new bucket each time.
    fail_thirty_times(&server, |request| {
        number.set(number.get() + 1);
        let spoofed = format!("203.0.113.{}", number.get());
        let request = request.header("x-forwarded-for", &spoofed).header("x-real-ip", &spoofed);
        request.header("forwarded", format!("for={spoofed}")).header("cf-connecting-ip", &spoofed)
    });
    for spoofed in ["203.0.113.99", "127.0.0.1", "::1", "unknown", ""] {
        Denied::ADDRESS_LIMITED.check(&server.send(&wrong().header("x-forwarded-for", spoofed)));
    }
    assert_eq!(server.logged("address_rate_limited")["address"], "127.0.0.1");
    assert_eq!(server.logged("forwarding_header_ignored")["level"], "WARN");
    let told = server.log().lines().filter(|line| line.contains("TRUSTED_PROXIES")).count();
    assert_eq!(told, 1, "once is enough");
}

#[test]
fn forwarded_addresses_of_trusted_proxies_are_believed() {
    let server = protected().var("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8").start();
    fail_thirty_times(&server, |request| request.header("x-forwarded-for", "198.51.100.1"));
    let limited = |value: &str| server.send(&wrong().header("x-forwarded-for", value)).status == 429;
    assert!(limited("198.51.100.1"));
    assert!(limited("203.0.113.9, 198.51.100.1"), "what stands on the left was written by anybody");
    assert!(limited("198.51.100.1, 10.1.2.3"), "a trusted hop is no caller");
    assert!(limited("::ffff:198.51.100.1"), "another notation is no other address");
    assert!(limited("198.51.100.1:4711"));
    let lines = wrong().header("x-forwarded-for", "203.0.113.9").header("x-forwarded-for", "198.51.100.1");
    assert_eq!(server.send(&lines).status, 429, "repeated lines are one list");
    assert!(!limited("198.51.100.2"));
    assert!(!limited("198.51.100.1, 198.51.100.3"));
    // Garbage stops the walk, so the proxy itself counts, and its bucket is its own.
    assert!(!limited("198.51.100.1, garbage"));
    assert_eq!(server.logged("198.51.100.1")["code"], "api_key_unknown");
    assert!(!server.log().contains("forwarding_header_ignored"));
    // IPv6 by its /64: the rest is anybody's to choose.
    for host in 0..30 {
        let address = format!("2001:db8:1:2::{host:x}");
        assert_eq!(server.send(&wrong().header("x-forwarded-for", address)).status, 401);
    }
    assert!(limited("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert!(!limited("2001:db8:1:3::1"));
}
