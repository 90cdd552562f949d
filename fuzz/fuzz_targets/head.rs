//! Any headers through the gate: who comes in has said one credential, right to the letter, to a name that is ours, and
//! what the caller is told has nothing of the request in it.
//!
//! Input: lines of `name: value`, the first with the method in front of it and the peer's last byte as its first.
#![no_main]

use doorward::Now;
use doorward::address::{AddressRules, TrustedProxies};
use doorward::api_keys::{ApiKey, ApiKeys};
use doorward::gate::{Gate, SessionKey, Step};
use doorward::jwt::{Algorithm, Rules, SigningKey, Verifier, sign};
use doorward::keys::{Key, KeySet};
use doorward::policy::Policy;
use doorward::rate::Quota;
use libfuzzer_sys::fuzz_target;
use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::Duration;

const KEY: &str = "a-key";
const SECRET: &[u8] = b"a secret of at least 32 bytes, kept well";

static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let key = SigningKey::hmac(Algorithm::HS256, SECRET).unwrap();
    sign(r#"{"sub":"anna","exp":4102444800}"#, &key).unwrap()
});

static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let keys = ApiKeys::builder().add(KEY, ApiKey::new("k")).build([1; 32]).unwrap();
    let verifier = Verifier::new(KeySet::from(Key::hmac(Algorithm::HS256, SECRET).unwrap()), Rules::new());
    let plenty = Quota::per(u32::MAX / 64, Duration::from_secs(60)).unwrap();
    Gate::builder()
        .api_keys(keys)
        .verifier(verifier.unwrap())
        .policy(Policy::allow_all())
        .addresses(AddressRules::new(TrustedProxies::parse("10.0.0.0/8").unwrap()))
        .sessions(SessionKey::new(SECRET).unwrap())
        .principal_quota(plenty)
        .address_quota(plenty)
        .slots(7, 7)
        .build([[1; 4]; 4])
        .unwrap()
});

fuzz_target!(|input: &[u8]| {
    let (peer, input) = input.split_first().unwrap_or((&1, &[]));
    let mut lines = input.split(|byte| *byte == b'\n');
    let method = std::str::from_utf8(lines.next().unwrap_or_default()).unwrap_or("POST");
    let headers: Vec<(&str, &[u8])> = lines
        .filter_map(|line| {
            let at = line.iter().position(|byte| *byte == b':')?;
            let name = std::str::from_utf8(&line[..at]).ok()?;
            // `KEY` and `TOKEN` stand for what no fuzzer guesses.
            Some((name, line[at + 1..].trim_ascii()))
        })
        .collect();
    let expanded: Vec<(&str, Vec<u8>)> = headers.iter().map(|(name, value)| (*name, expand(value))).collect();
    let peer: IpAddr = [10, 0, 0, *peer].into();
    let head = GATE.head(method, Some(peer), expanded.iter().map(|(name, value)| (*name, value.as_slice())));
    let all = |wanted: &str| -> Vec<&[u8]> {
        let named = expanded.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.map(|(_, value)| value.as_slice()).collect()
    };
    let principal = match GATE.begin(&head, Now::new(1.7e9, 0)) {
        Step::NeedBody(need) => need.principal().id().to_owned(),
        Step::Admitted(admitted) => admitted.principal.id().to_owned(),
        Step::Denied(denial) => {
            assert!(matches!(denial.status, 400 | 401 | 403 | 404 | 429), "{}", denial.status);
            assert!(!denial.body.contains(KEY) && !denial.body.contains(TOKEN.as_str()));
            for (_, value) in &denial.headers {
                assert!(value.bytes().all(|byte| (0x20..0x7F).contains(&byte)), "{value:?}");
            }
            return;
        }
        Step::Ask(_) => panic!("nobody is there to be asked"),
    };
    let [host] = all("host")[..] else { panic!("one Host") };
    let host = std::str::from_utf8(host).expect("a name is text").to_ascii_lowercase();
    let is = |name: &str| host == name || host.strip_prefix(name).is_some_and(|port| port.starts_with(':'));
    assert!(is("localhost") || is("[::1]") || host.starts_with("127."), "{host}");
    let (bearers, keys) = (all("authorization"), all("x-api-key"));
    match principal.as_str() {
        "key:k" => {
            let by_bearer = bearers.iter().filter_map(|value| bearer(value)).any(|value| value == KEY.as_bytes());
            assert!(by_bearer || keys == [KEY.as_bytes()]);
        }
        "jwt::anna" => {
            assert_eq!(bearers.len(), 1);
            assert_eq!(bearer(bearers[0]), Some(TOKEN.as_bytes()));
            assert!(keys.is_empty(), "two credentials");
        }
        other => panic!("{other}"),
    }
});

/// What stands behind `Bearer`.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, credential) = value.split_at_checked(6)?;
    scheme.eq_ignore_ascii_case(b"bearer").then(|| credential.trim_ascii())
}

fn expand(value: &[u8]) -> Vec<u8> {
    let mut text = value.to_vec();
    for (name, secret) in [(&b"KEY"[..], KEY.as_bytes()), (b"TOKEN", TOKEN.as_bytes())] {
        if let Some(at) = text.windows(name.len()).position(|window| window == name) {
            text.splice(at..at + name.len(), secret.iter().copied());
        }
    }
    text
}
