//! Good and bad requests at once, for a minute or `DOORWARD_LOAD_SECONDS`: every answer is a decision, and memory does
//! not grow. Loopback and one machine for both sides: its figures say nothing about speed.

use doorward_tests::fixtures::{protected, token};
use doorward_tests::http::{Answer, Connection, Request};
use doorward_tests::{ADMIN_KEY, OWN_KEY, Server, USER_KEY, mcp};
use serde_json::json;
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

const CONNECTIONS: u32 = 8;
/// Tokens that are good: as many as are new to the server once, and seen before from then on.
const TOKENS: usize = 2000;
/// The growth of memory, in KiB, that is no leak whatever the size.
const SLACK: u64 = 8 * 1024;

/// One kind of request, and the answers it may get: status and `error`.
struct Kind {
    name: &'static str,
    make: fn(&mut Worker<'_>) -> Request,
    answers: &'static [(u16, &'static str)],
}

const KINDS: [Kind; 13] = [
    Kind { name: "key", make: |_| whoami().key(USER_KEY), answers: OK },
    Kind { name: "own key", make: |_| Request::post(mcp::list()).bearer(OWN_KEY), answers: OK },
    Kind { name: "token", make: |worker| whoami().bearer(worker.good_token()), answers: OK },
    Kind { name: "minting", make: |_| Request::post(generate()).key(ADMIN_KEY), answers: OK },
    Kind { name: "nothing", make: |worker| worker.anywhere(whoami()), answers: &[(401, "unauthorized")] },
    Kind {
        name: "wrong key",
        make: |worker| {
            let key = format!("wrong-key-{}", worker.next());
            worker.anywhere(whoami().key(&key))
        },
        answers: &[(401, "invalid_token")],
    },
    Kind {
        name: "forged token",
        make: |worker| {
            let forged = token("anna").claim("jti", worker.next()).secret("not the server's secret").sign();
            worker.anywhere(whoami().bearer(&forged))
        },
        answers: &[(401, "invalid_token")],
    },
    Kind {
        name: "a guesser",
        make: |worker| {
            let key = format!("guess-{}", worker.next());
            whoami().key(&key).header("x-forwarded-for", "192.0.2.1")
        },
        answers: &[(401, "invalid_token"), (429, "rate_limited")],
    },
    Kind {
        name: "two credentials",
        make: |worker| worker.anywhere(whoami().key(USER_KEY).bearer(OWN_KEY)),
        answers: &[(400, "invalid_request")],
    },
    Kind {
        name: "forbidden",
        make: |_| Request::post(generate()).key(USER_KEY),
        answers: &[(403, "forbidden")],
    },
    Kind {
        name: "other origin",
        make: |_| whoami().key(USER_KEY).header("origin", "https://evil.example"),
        answers: &[(403, "origin_not_allowed")],
    },
    Kind {
        name: "no JSON",
        make: |_| Request::post("{\"jsonrpc\":").key(USER_KEY),
        answers: &[(400, "invalid_request")],
    },
    Kind {
        name: "too long",
        make: |_| whoami().key(USER_KEY).body("").header("content-length", "100000000"),
        answers: &[(413, "too_large")],
    },
];

const OK: &[(u16, &str)] = &[(200, "")];

fn whoami() -> Request {
    Request::post(mcp::whoami())
}

fn generate() -> String {
    mcp::call("generate-token", json!({"userId": "anna", "expiresIn": "1h"}))
}

/// One connection's worth of requests, different from every other's and the same each time.
struct Worker<'t> {
    tokens: &'t [String],
    state: u64,
}

impl Worker<'_> {
    /// Knuth's linear congruential generator: numbers that look like nothing.
    fn next(&mut self) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.state >> 33
    }

    fn good_token(&mut self) -> &str {
        let tokens = self.tokens;
        &tokens[self.next() as usize % tokens.len()]
    }

    /// From an address of its own: a flood of them, so that no bucket empties.
    fn anywhere(&mut self, request: Request) -> Request {
        let [_, a, b, c] = (self.next() as u32).to_be_bytes();
        request.header("x-forwarded-for", format!("10.{a}.{b}.{c}"))
    }

    fn run(mut self, server: &Server, until: Instant) -> Counts {
        let mut counts = Counts::default();
        let mut connection = server.connect();
        while Instant::now() < until {
            let kind = &KINDS[self.next() as usize % KINDS.len()];
            let request = (kind.make)(&mut self);
            let began = Instant::now();
            let answer = connection.send(&request).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
            counts.micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
            check(kind, &answer);
            *counts.of.entry((kind.name, answer.status)).or_default() += 1;
            if answer.header("connection") == Some("close") {
                // Refused by its head, its body unread: nothing can follow it.
                connection = Connection::open(server.address).expect("the server listens");
            }
        }
        counts
    }
}

/// The answer is a decision, and of that kind.
fn check(kind: &Kind, answer: &Answer) {
    let error = if answer.status == 200 {
        let body = answer.json();
        assert!(body["result"].is_object() && body["error"].is_null(), "{}: {answer:?}", kind.name);
        String::new()
    } else {
        answer.json()["error"].as_str().unwrap_or_default().to_owned()
    };
    let expected = kind.answers.contains(&(answer.status, error.as_str()));
    assert!(expected && answer.header("ratelimit").is_some(), "{}: {answer:?}", kind.name);
}

#[derive(Default)]
struct Counts {
    of: BTreeMap<(&'static str, u16), u64>,
    micros: Vec<u32>,
}

/// The server's memory in KiB; nothing where there is no /proc.
fn memory(server: &Server) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[test]
fn every_answer_is_a_decision_and_memory_is_steady() {
    let seconds =
        std::env::var("DOORWARD_LOAD_SECONDS").ok().map_or(60, |text| text.parse().expect("seconds"));
    let server = protected()
        .var("TRUSTED_PROXIES", "127.0.0.1")
        .var("RATE_LIMIT_MAX", "1000000")
        .var("RATE_LIMIT_WINDOW_MS", "60000")
        .start();
    let tokens: Vec<String> = (0..TOKENS).map(|number| token(&format!("user-{number}")).sign()).collect();
    let began = Instant::now();
    let length = Duration::from_secs(seconds);
    let until = began + length;
    let (counts, samples) = thread::scope(|scope| {
        let workers: Vec<_> = (1..=CONNECTIONS)
            .map(|number| {
                let worker = Worker { tokens: &tokens, state: u64::from(number) << 40 };
                scope.spawn(|| worker.run(&server, until))
            })
            .collect();
        let mut samples = Vec::new();
        while Instant::now() < until {
            samples.extend(memory(&server).map(|kib| (began.elapsed(), kib)));
            thread::sleep(Duration::from_millis(100));
        }
        let counts: Vec<Counts> =
            workers.into_iter().map(|worker| worker.join().expect("no answer was wrong")).collect();
        (counts, samples)
    });

    let mut of = BTreeMap::new();
    for (kind, count) in counts.iter().flat_map(|counts| &counts.of) {
        *of.entry(*kind).or_insert(0) += count;
    }
    let mut micros: Vec<u32> = counts.into_iter().flat_map(|counts| counts.micros).collect();
    micros.sort_unstable();
    let total = micros.len();
    println!(
        "{total} requests in {seconds} s by {CONNECTIONS} connections, {} a second",
        total as u64 / seconds.max(1)
    );
    println!("half within {} µs, 99 % within {} µs", micros[total / 2], micros[total * 99 / 100]);
    for ((kind, status), count) in &of {
        println!("{count:>8}  {status}  {kind}");
    }
    for kind in &KINDS {
        for (status, _) in kind.answers {
            assert!(of.contains_key(&(kind.name, *status)), "no {status} for {}", kind.name);
        }
    }

    let (early, late): (Vec<_>, Vec<_>) = samples.iter().partition(|(at, _)| *at < length / 4);
    let most = |samples: &[&(Duration, u64)]| samples.iter().map(|(_, kib)| *kib).max();
    let (Some(before), Some(after)) = (most(&early), most(&late)) else {
        println!("memory is not known here");
        return;
    };
    println!("memory: at most {before} KiB in the first quarter, {after} KiB after it");
    assert!(after <= before + SLACK.max(before / 10), "memory grew from {before} to {after} KiB");
}
