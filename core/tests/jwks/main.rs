//! Fetched keys in the gate: what it asks for, what a flood costs, and what a change of keys ends.
#![cfg(all(feature = "std", feature = "asymmetric"))]

mod issuers;
mod model;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::Now;
use doorward::gate::{Admitted, Answer, Ask, Body, Code, Gate, Listed, Public, Question, Step};
use doorward::jwks::{Fetched, Jwks, Reply};
use doorward::jwt::{Algorithm, Rules, SigningKey, TokenError, Verifier, sign};
use doorward::keys::{Key, KeySet};
use doorward::policy::Policy;
use doorward::rate::Quota;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "https://mcp.example/mcp";
const START: f64 = 1_800_000_000.0;

/// A moment so many seconds after the start, on both clocks.
fn at(seconds: f64) -> Now {
    Now::new(START + seconds, (seconds * 1e6) as u64)
}

/// An issuer's key, by its number.
struct Pair(Ed25519KeyPair, String);

impl Pair {
    fn new(number: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap(), format!("k{number}"))
    }

    fn jwk(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key().as_ref());
        format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{}","x":"{x}"}}"#, self.1)
    }

    fn token_for(&self, subject: &str, issuer: &str, audience: &str) -> String {
        let header = format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, self.1);
        let claims =
            format!(r#"{{"iss":"{issuer}","aud":"{audience}","sub":"{subject}","exp":{}}}"#, START + 1e6);
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    fn token(&self, subject: &str) -> String {
        self.token_for(subject, ISSUER, AUDIENCE)
    }
}

fn set(pairs: &[&Pair]) -> String {
    let keys: Vec<_> = pairs.iter().map(|pair| pair.jwk()).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

fn verifier() -> Verifier {
    let jwks = Jwks::at("https://issuer.example/jwks").unwrap();
    Verifier::fetching(jwks, Rules::new().issuer(ISSUER).audience(AUDIENCE)).unwrap()
}

fn gate() -> Gate {
    gate_with(|builder| builder.verifier(verifier()))
}

fn gate_with(parts: impl FnOnce(doorward::gate::GateBuilder) -> doorward::gate::GateBuilder) -> Gate {
    parts(Gate::builder().policy(Policy::allow_all()).slots(1024, 1024)).build([[1, 2, 3, 4]; 4]).unwrap()
}

/// What a GET with that token comes to.
fn get(gate: &Gate, token: &str, host: u8, now: Now) -> Step {
    let bearer = format!("Bearer {token}");
    let headers = [("host", &b"localhost"[..]), ("authorization", bearer.as_bytes())];
    gate.begin(&gate.head("GET", Some([127, 0, 0, host].into()), headers), now)
}

fn ask(step: Step) -> Ask {
    match step {
        Step::Ask(ask) => ask,
        other => panic!("no question: {other:?}"),
    }
}

fn admitted(step: Step) -> Admitted {
    match step {
        Step::Admitted(admitted) => admitted,
        other => panic!("not admitted: {other:?}"),
    }
}

fn denied(step: Step) -> Code {
    match step {
        Step::Denied(denial) => denial.code,
        other => panic!("not denied: {other:?}"),
    }
}

fn load(gate: &Gate, pairs: &[&Pair], now: Now) {
    let fetch = gate.refresh(now).expect("a fetch is due");
    let body = set(pairs);
    let fetched = fetch.replied(Reply::Answer { status: 200, body: body.as_bytes() }, now);
    assert!(matches!(fetched, Fetched::Loaded(_)), "{fetched:?}");
}

fn remaining(gate: &Gate, host: u8, now: Now) -> String {
    let head = gate.head("GET", Some([127, 0, 0, host].into()), [("host", &b"localhost"[..])]);
    let headers = gate.address_headers(&head, now).unwrap();
    headers.iter().find(|(name, _)| *name == "x-ratelimit-remaining").unwrap().1.to_owned()
}

#[test]
fn the_first_token_waits_for_the_keys_and_others_share_the_fetch() {
    let (gate, pair) = (gate(), Pair::new(1));
    let mut first = ask(get(&gate, &pair.token("anna"), 1, at(0.0)));
    let mut second = ask(get(&gate, &pair.token("ben"), 2, at(0.1)));
    assert_eq!(remaining(&gate, 1, at(0.1)), "29", "an attempt is taken before anybody is asked");
    let take = |ask: &mut Ask| match ask.question_mut() {
        Question::Keys(keys) => keys.take_fetch(),
        other => panic!("{other:?}"),
    };
    let fetch = take(&mut first).expect("the first has the fetch");
    assert!(take(&mut first).is_none() && take(&mut second).is_none(), "and nobody else");
    assert!(matches!(second.question(), Question::Keys(keys) if keys.jwks().is_fetching(at(0.2))));
    let body = set(&[&pair]);
    assert!(matches!(
        fetch.replied(Reply::Answer { status: 200, body: body.as_bytes() }, at(0.5)),
        Fetched::Loaded(_)
    ));
    assert_eq!(
        admitted(gate.resume(first, Answer::Ready, at(0.6))).principal.id(),
        "jwt:https://issuer.example:anna"
    );
    assert_eq!(
        admitted(gate.resume(second, Answer::Ready, at(0.6))).principal.subject(),
        Some("ben"),
        "who shared it"
    );
    assert_eq!((remaining(&gate, 1, at(0.6)), remaining(&gate, 2, at(0.6))), ("30".into(), "30".into()));
    assert_eq!(admitted(get(&gate, &pair.token("anna"), 1, at(0.7))).principal.subject(), Some("anna"));
}

#[test]
fn a_host_that_does_not_wait_refuses_nobody_for_good() {
    let (gate, old, new) = (gate(), Pair::new(1), Pair::new(2));
    load(&gate, &[&old], at(0.0));
    let mut first = ask(get(&gate, &new.token("anna"), 1, at(40.0)));
    let second = ask(get(&gate, &new.token("ben"), 1, at(40.0)));
    let Question::Keys(keys) = first.question_mut() else { panic!() };
    let fetch = keys.take_fetch();
    // Still being fetched: whether there is such a key is not known.
    for early in [first, second] {
        let code = denied(gate.resume(early, Answer::Ready, at(40.1)));
        assert_eq!(code, Code::Token(TokenError::KeysUnavailable));
    }
    assert_eq!(remaining(&gate, 1, at(40.1)), "30");
    drop(fetch);
}

#[test]
fn a_post_goes_on_to_its_body() {
    let (gate, pair) = (gate(), Pair::new(1));
    let bearer = format!("Bearer {}", pair.token("anna"));
    let post = |media: &'static str| {
        let headers = [
            ("host", &b"localhost"[..]),
            ("authorization", bearer.as_bytes()),
            ("content-type", media.as_bytes()),
            ("mcp-method", b"ping"),
        ];
        gate.begin(&gate.head("POST", Some([127, 0, 0, 1].into()), headers), at(0.0))
    };
    let (good, bad) = (ask(post("application/json")), ask(post("text/plain")));
    let Step::Ask(third) = post("application/json") else { panic!("a question") };
    // The fetch went with the first question: dropped unanswered, it has failed.
    let jwks = Arc::clone(gate.key_sets().next().unwrap());
    drop(good);
    assert!(!jwks.is_fetching(at(0.0)));
    load(&gate, &[&pair], at(30.0));
    assert_eq!(denied(gate.resume(bad, Answer::Ready, at(31.0))), Code::BodyMediaType);
    let Step::NeedBody(need) = gate.resume(third, Answer::Ready, at(31.0)) else { panic!("a body") };
    let other = br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    assert_eq!(
        denied(gate.body(need, Body::Read(other), at(31.0))),
        Code::HeaderMismatch,
        "the head is kept"
    );
}

#[test]
fn an_issuer_that_is_down_is_503_and_costs_no_attempts() {
    let (gate, pair) = (gate(), Pair::new(1));
    let mut waiting = ask(get(&gate, &pair.token("anna"), 1, at(0.0)));
    let Question::Keys(keys) = waiting.question_mut() else { panic!() };
    assert_eq!(keys.deadline(), Duration::from_secs(10));
    let fetch = keys.take_fetch().unwrap();
    // Out of patience before the reply.
    let Step::Denied(denial) = gate.resume(waiting, Answer::Unavailable, at(10.0)) else { panic!() };
    assert_eq!(denial.code, Code::Token(TokenError::KeysUnavailable));
    assert_eq!((denial.status, denial.code.public()), (503, Public::Unavailable));
    assert!(matches!(fetch.replied(Reply::Unreachable, at(11.0)), Fetched::Failed(_)));
    // Cooling down: nobody is asked, and it is nobody's fault.
    for _ in 0..100 {
        assert_eq!(
            denied(get(&gate, &pair.token("anna"), 1, at(12.0))),
            Code::Token(TokenError::KeysUnavailable)
        );
    }
    assert_eq!(remaining(&gate, 1, at(12.0)), "30");
    // What is no token at all is told from one whose key can't be known, and is an attempt.
    assert_eq!(denied(get(&gate, "e30.e30.AAAA", 1, at(12.0))), Code::Token(TokenError::InvalidHeader));
    let symmetric = "eyJhbGciOiJIUzI1NiJ9.e30.AAAA";
    assert_eq!(denied(get(&gate, symmetric, 1, at(12.0))), Code::Token(TokenError::AlgorithmNotAllowed));
    assert_eq!(remaining(&gate, 1, at(12.0)), "28");
    load(&gate, &[&pair], at(41.0));
    admitted(get(&gate, &pair.token("anna"), 1, at(41.0)));
}

#[test]
fn a_thousand_unknown_kids_a_second_cost_one_fetch_a_cool_down() {
    let gate = gate();
    let (known, stranger) = (Pair::new(1), Pair::new(2));
    load(&gate, &[&known], at(0.0));
    let (mut fetches, mut asked) = (0, 0);
    let body = set(&[&known]);
    let tokens: Vec<_> = (0..100).map(|number| stranger.token(&format!("s{number}"))).collect();
    // Ten thousand in ten seconds, then as many from 25 s on; from 250 addresses, so that none is limited.
    for number in 0..20_000_u32 {
        let seconds = f64::from(number % 10_000) / 1000.0 + if number < 10_000 { 1.0 } else { 25.0 };
        let step = get(&gate, &tokens[number as usize % 100], (number % 250) as u8 + 1, at(seconds));
        match step {
            Step::Ask(mut question) => {
                asked += 1;
                let Question::Keys(keys) = question.question_mut() else { panic!() };
                if let Some(fetch) = keys.take_fetch() {
                    fetches += 1;
                    let reply = Reply::Answer { status: 200, body: body.as_bytes() };
                    assert!(matches!(fetch.replied(reply, at(seconds)), Fetched::Loaded(_)));
                }
                let code = denied(gate.resume(question, Answer::Ready, at(seconds)));
                assert_eq!(code, Code::Token(TokenError::KeyNotFound));
            }
            other => {
                let code = denied(other);
                assert!(
                    [Code::Token(TokenError::KeyNotFound), Code::AddressLimited].contains(&code),
                    "{code}"
                );
            }
        }
    }
    assert_eq!((fetches, asked), (1, 1), "the next is due at 30 s");
    admitted(get(&gate, &known.token("anna"), 251, at(35.0)));
}

#[test]
fn guessed_kids_are_attempts() {
    let (gate, stranger) = (gate(), Pair::new(2));
    load(&gate, &[&Pair::new(1)], at(0.0));
    let mut question = ask(get(&gate, &stranger.token("s"), 1, at(30.0)));
    let Question::Keys(keys) = question.question_mut() else { panic!() };
    drop(keys.take_fetch());
    assert_eq!(denied(gate.resume(question, Answer::Ready, at(30.0))), Code::Token(TokenError::KeyNotFound));
    for _ in 1..30 {
        assert_eq!(
            denied(get(&gate, &stranger.token("s"), 1, at(30.0))),
            Code::Token(TokenError::KeyNotFound)
        );
    }
    assert_eq!(denied(get(&gate, &stranger.token("s"), 1, at(30.0))), Code::AddressLimited);
    // Refilled a little, and the set is still cooling down.
    assert_eq!(denied(get(&gate, &stranger.token("s"), 1, at(59.9))), Code::Token(TokenError::KeyNotFound));
}

#[test]
fn a_withdrawn_key_ends_cached_tokens_at_once() {
    let gate = gate();
    let (old, new) = (Pair::new(1), Pair::new(2));
    load(&gate, &[&old], at(0.0));
    let (kept, gone) = (new.token("anna"), old.token("anna"));
    admitted(get(&gate, &gone, 1, at(1.0)));
    let hits = gate.cache_stats().unwrap().hits;
    admitted(get(&gate, &gone, 1, at(2.0)));
    assert_eq!(gate.cache_stats().unwrap().hits, hits + 1, "it was cached");
    // The new key is unknown, so somebody asks; the new set has it and no longer the old one.
    let mut question = ask(get(&gate, &kept, 1, at(40.0)));
    let Question::Keys(keys) = question.question_mut() else { panic!() };
    let body = set(&[&new]);
    let fetch = keys.take_fetch().unwrap();
    let _ = fetch.replied(Reply::Answer { status: 200, body: body.as_bytes() }, at(40.0));
    admitted(gate.resume(question, Answer::Ready, at(40.0)));
    assert_eq!(denied(get(&gate, &gone, 1, at(41.0))), Code::Token(TokenError::KeyNotFound));
    // The same set again changes nothing.
    load(&gate, &[&new], at(700.0));
    admitted(get(&gate, &kept, 1, at(701.0)));
}

#[test]
fn a_set_too_old_verifies_nothing_not_even_what_is_cached() {
    let jwks = Jwks::at("https://issuer.example/jwks").unwrap().stale_for(Duration::from_secs(100));
    let rules = Rules::new().issuer(ISSUER).audience(AUDIENCE);
    let gate = gate_with(|builder| builder.verifier(Verifier::fetching(jwks, rules).unwrap()));
    let pair = Pair::new(1);
    load(&gate, &[&pair], at(0.0));
    admitted(get(&gate, &pair.token("anna"), 1, at(99.0)));
    let mut question = ask(get(&gate, &pair.token("anna"), 1, at(100.0)));
    let Question::Keys(keys) = question.question_mut() else { panic!() };
    let _ = keys.take_fetch().unwrap().replied(Reply::Unreachable, at(101.0));
    let code = denied(gate.resume(question, Answer::Ready, at(101.0)));
    assert_eq!(code, Code::Token(TokenError::KeysUnavailable));
}

#[test]
fn a_withdrawn_key_ends_long_answers() {
    let gate = gate();
    let (old, new) = (Pair::new(1), Pair::new(2));
    load(&gate, &[&old], at(0.0));
    let token = old.token("anna");
    let principal = admitted(get(&gate, &token, 1, at(1.0))).principal;
    let good = |seconds: f64| gate.still_good(&principal, token.as_bytes(), at(seconds));
    assert!(good(2.0) && good(500.0), "cached or not");
    load(&gate, &[&new, &old], at(600.0));
    assert!(good(601.0), "among others");
    load(&gate, &[&new], at(1200.0));
    assert!(!good(1200.0));
    assert!(!good(1201.0 + 24.0 * 3600.0), "nor when nothing is known");
}

#[test]
fn after_a_quiet_time_the_issuer_is_asked_first() {
    let gate = gate();
    let (old, new) = (Pair::new(1), Pair::new(2));
    load(&gate, &[&old], at(0.0));
    // The key is withdrawn, and nobody has called for an hour: its thief must not be the one who brings the news.
    let hour = 3600.0;
    let mut question = ask(get(&gate, &old.token("thief"), 1, at(hour)));
    let Question::Keys(keys) = question.question_mut() else { panic!() };
    let body = set(&[&new]);
    let reply = Reply::Answer { status: 200, body: body.as_bytes() };
    let _ = keys.take_fetch().unwrap().replied(reply, at(hour));
    assert_eq!(denied(gate.resume(question, Answer::Ready, at(hour))), Code::Token(TokenError::KeyNotFound));
    // The same with an issuer that is down: it was asked, so the last set is used, by those who come later too.
    let mut question = ask(get(&gate, &new.token("anna"), 1, at(2.0 * hour)));
    let Question::Keys(keys) = question.question_mut() else { panic!() };
    let _ = keys.take_fetch().unwrap().replied(Reply::Unreachable, at(2.0 * hour));
    admitted(gate.resume(question, Answer::Ready, at(2.0 * hour)));
    admitted(get(&gate, &new.token("ben"), 1, at(2.0 * hour + 600.0)));
}
