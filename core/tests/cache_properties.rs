//! A cache changes what an answer costs and nothing else: for any tokens, times, revocations and changes of keys and
//! rules, in any order, the answer with a cache is the answer without one.
#![cfg(feature = "std")]

use doorward::Now;
use doorward::gate::{Gate, Step};
use doorward::jwt::{self, Algorithm, OwnedClaims, Rules, SigningKey, TokenCache, TokenError, Verifier};
use doorward::keys::{Key, KeySet};
use doorward::rate::Quota;
use proptest::prelude::*;
use std::sync::LazyLock;
use std::time::Duration;

const BASE: u64 = 1_700_000_000;
const SECRETS: [[u8; 32]; 2] = [[1; 32], [2; 32]];
const ISSUERS: [&str; 2] = ["https://a.example", "https://b.example"];

/// Payloads with every kind of window, by either secret, and one whose signature holds for neither.
static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut tokens = vec![];
    for (secret, issuer) in SECRETS.iter().zip(ISSUERS) {
        let key = SigningKey::hmac(Algorithm::HS256, secret).unwrap();
        for claims in [
            format!(r#""exp":{}"#, BASE + 100),
            format!(r#""exp":{},"nbf":{}"#, BASE + 60, BASE + 30),
            format!(r#""exp":{}.5,"nbf":{}.25,"iat":{BASE},"jti":"a""#, BASE + 60, BASE - 30),
            format!(r#""exp":{},"iat":{},"jti":"b","roles":["user"]"#, BASE + 1000, BASE + 20),
            format!(r#""exp":{}"#, 9_007_199_254_740_992_u64),
            r#""exp":0"#.to_owned(),
            format!(r#""iat":{BASE}"#),
            format!(r#""nbf":{}"#, BASE + 90),
        ] {
            let claims = format!(r#"{{"iss":"{issuer}","sub":"anna",{claims}}}"#);
            tokens.push(key.sign_without_expiry(&claims).unwrap());
        }
    }
    let other = SigningKey::hmac(Algorithm::HS256, &[3; 32]).unwrap();
    tokens.push(jwt::sign(&format!(r#"{{"sub":"anna","exp":{}}}"#, BASE + 100), &other).unwrap());
    tokens.push("no token".into());
    tokens
});

/// Which secrets a verifier has, and which of its rules.
#[derive(Clone, Copy, Debug)]
struct Configuration {
    secrets: usize,
    rules: usize,
}

const RULES: usize = 8;

impl Configuration {
    fn verifier(self) -> Verifier {
        let key = |at: usize| Key::hmac(Algorithm::HS256, &SECRETS[at]).unwrap();
        let keys = match self.secrets {
            0 => KeySet::from(key(0)),
            1 => KeySet::from(key(1)),
            _ => KeySet::from(key(0)).with(key(1)),
        };
        let rules = Rules::new();
        let rules = match self.rules {
            0 => rules,
            1 => rules.issuer(ISSUERS[0]),
            2 => rules.tolerance(30.5),
            3 => rules.max_age(50.0),
            4 => rules.without_expiry(),
            5 => rules.ignoring_expiry().ignoring_not_before(),
            6 => rules.without_expiry().max_age(100.0).tolerance(7.0),
            _ => rules.ignoring_expiry().max_lifetime(2000.0),
        };
        Verifier::new(keys, rules).unwrap()
    }
}

#[derive(Clone, Debug)]
enum Event {
    Ask { token: usize, now: (f64, u64) },
    RevokeToken { token: usize, until: f64 },
    RevokeId { issuer: usize, id: &'static str, until: f64 },
    RevokeSubject { issuer: usize, before: f64, until: f64 },
    Change(Configuration),
}

fn configuration() -> impl Strategy<Value = Configuration> {
    (0..3_usize, 0..RULES).prop_map(|(secrets, rules)| Configuration { secrets, rules })
}

/// Around every date there is, and clocks that are broken.
fn unix() -> impl Strategy<Value = f64> {
    let base = BASE as f64;
    prop_oneof![
        12 => (-50..160_i32, prop::sample::select(&[0.0, 0.25, 0.5, -1e-6][..]))
            .prop_map(move |(seconds, part)| base + f64::from(seconds) + part),
        1 => prop::sample::select(
            &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, -1.0, -1e300, 1e300, f64::MAX][..]
        ),
        1 => 0.0..4e9,
    ]
}

/// Microseconds: forwards, backwards, and to the ends.
fn mono() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..4_000_000_u64, 1 => Just(u64::MAX), 1 => 0..400_000_000_u64]
}

fn step() -> impl Strategy<Value = Event> {
    let token = || 0..TOKENS.len();
    prop_oneof![
        20 => (token(), unix(), mono()).prop_map(|(token, unix, mono)| Event::Ask { token, now: (unix, mono) }),
        1 => (token(), unix()).prop_map(|(token, until)| Event::RevokeToken { token, until }),
        1 => (0..2_usize, prop::sample::select(&["a", "b"][..]), unix())
            .prop_map(|(issuer, id, until)| Event::RevokeId { issuer, id, until }),
        1 => (0..2_usize, unix(), unix())
            .prop_map(|(issuer, before, until)| Event::RevokeSubject { issuer, before, until }),
        1 => configuration().prop_map(Event::Change),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(step(), 1..60)
}

fn gate(configuration: Configuration, cached: usize) -> Gate {
    // So much that no bucket has a say.
    let plenty = Quota::per(1_000_000, Duration::from_secs(1)).unwrap();
    Gate::builder()
        .verifier(configuration.verifier())
        .cached_tokens(cached)
        .address_quota(plenty)
        .principal_quota(plenty)
        .slots(64, 64)
        .build([[5; 4]; 4])
        .unwrap()
}

/// All that a decision on a token says.
fn decide(gate: &Gate, token: &str, now: Now) -> String {
    let bearer = format!("Bearer {token}");
    let headers = [("host", &b"localhost"[..]), ("authorization", bearer.as_bytes())];
    match gate.begin(&gate.head("GET", Some([127, 0, 0, 1].into()), headers), now) {
        Step::Admitted(admitted) => {
            let principal = &admitted.principal;
            let roles: Vec<_> = principal.roles().collect();
            let payload = principal.claims().map(|claims| claims.payload().to_owned());
            format!(
                "{} {roles:?} {:?} {payload:?} {:?}",
                principal.id(),
                principal.expires(),
                admitted.valid_until
            )
        }
        Step::Denied(denial) => format!("{:?} {}", denial.code, denial.status),
        _ => panic!("a GET needs no body and no answer"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_gate_with_a_cache_answers_as_one_without(first in configuration(), steps in steps()) {
        let mut gates = [gate(first, 16), gate(first, 0)];
        let now = Now::new(BASE as f64, 0);
        for step in steps {
            match step {
                Event::Ask { token, now: (unix, mono) } => {
                    let [with, without] = gates.each_ref().map(|gate| decide(gate, &TOKENS[token], Now::new(unix, mono)));
                    prop_assert_eq!(with, without, "token {} at {}", token, unix);
                }
                Event::RevokeToken { token, until } => for gate in &gates {
                    gate.revocations().revoke_token(TOKENS[token].as_bytes(), until, now).unwrap();
                },
                Event::RevokeId { issuer, id, until } => for gate in &gates {
                    gate.revocations().revoke_id(ISSUERS[issuer], id, until, now).unwrap();
                },
                Event::RevokeSubject { issuer, before, until } => for gate in &gates {
                    gate.revocations().revoke_subject(ISSUERS[issuer], "anna", before, until, now).unwrap();
                },
                // Keys and rules are a gate's for life: others make another.
                Event::Change(configuration) => gates = [gate(configuration, 16), gate(configuration, 0)],
            }
        }
    }

    /// With one cache for life, of eight entries and a second each: whoever changes keys or rules clears it.
    #[test]
    fn a_verifier_with_a_cache_answers_as_one_without(first in configuration(), steps in steps()) {
        let cache = TokenCache::new(8, 1_000_000, [1, 2, 3, 4]);
        let mut verifier = first.verifier();
        for step in steps {
            match step {
                Event::Ask { token, now: (unix, mono) } => {
                    let (token, now) = (TOKENS[token].as_bytes(), Now::new(unix, mono));
                    let fresh = verifier.verify(token, now).map(payload);
                    prop_assert_eq!(cached(&verifier, &cache, token, now), fresh, "{:?}", now);
                }
                Event::Change(configuration) => {
                    verifier = configuration.verifier();
                    cache.clear();
                }
                _ => {}
            }
        }
    }
}

fn payload(claims: OwnedClaims) -> String {
    claims.payload().to_owned()
}

/// As the gate does it.
fn cached(
    verifier: &Verifier,
    cache: &TokenCache<String>,
    token: &[u8],
    now: Now,
) -> Result<String, TokenError> {
    if let Some(found) = cache.get(token, now) {
        return Ok(found);
    }
    let claims = verifier.verify(token, now)?;
    cache.insert(token, verifier.window(&claims.claims()), now, claims.payload().to_owned());
    Ok(payload(claims))
}

/// The properties hold of an empty cache too: here is one that is used.
#[test]
fn the_caches_of_the_properties_are_hit() {
    let configuration = Configuration { secrets: 2, rules: 4 };
    let gate = gate(configuration, 16);
    let now = Now::new(BASE as f64 + 45.0, 0);
    let answers: Vec<String> = TOKENS.iter().map(|token| decide(&gate, token, now)).collect();
    let before = gate.cache_stats().unwrap();
    let again: Vec<String> = TOKENS.iter().map(|token| decide(&gate, token, now)).collect();
    assert_eq!(answers, again);
    let hits = gate.cache_stats().unwrap().hits - before.hits;
    assert_eq!(
        (before.hits, hits),
        (0, answers.iter().filter(|answer| answer.starts_with("jwt:")).count() as u64)
    );
    assert!(hits >= 10, "{answers:?}");
}
