//! Sets of API keys swapped while requests run: nobody who may come in is refused, nobody who was shut out comes in.
#![cfg(feature = "std")]

use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeyRefusal, ApiKeys, KeyFormat};
use doorward::gate::{Code, Gate, Principal, Step};
use doorward::rate::Quota;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

const NOW: Now = Now::new(1_700_000_000.0, 0);
const SWAPS: u32 = 10_000;

fn key(number: u32) -> String {
    let mut secret = [0x5a; 20];
    secret[..4].copy_from_slice(&number.to_be_bytes());
    KeyFormat::default().mint("test", "Zy9Xw8Vu7Ts6", &secret).unwrap().expose().to_owned()
}

fn set<'a>(keys: impl IntoIterator<Item = (&'a str, ApiKey)>) -> ApiKeys {
    let mut builder = ApiKeys::builder();
    for (key, entry) in keys {
        builder = builder.add(key, entry);
    }
    builder.build([9; 32]).unwrap()
}

fn gate(keys: ApiKeys) -> Gate {
    let much = Quota::per(1_000_000, Duration::from_secs(1)).unwrap();
    let builder = Gate::builder().address_quota(much).principal_quota(much).slots(64, 64);
    builder.api_keys(keys).build([[1, 2, 3, 4]; 4]).unwrap()
}

fn ask(gate: &Gate, key: &str) -> Result<Principal, Code> {
    let headers =
        [("host", &b"localhost"[..]), ("x-api-key", key.as_bytes()), ("content-type", b"application/json")];
    match gate.begin(&gate.head("POST", Some([127, 0, 0, 1].into()), headers), NOW) {
        Step::NeedBody(need) => Ok(need.principal().clone()),
        Step::Denied(denial) => Err(denial.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn ten_thousand_swaps_under_load() {
    let always = key(u32::MAX);
    let with = |number: u32| set([(&*always, ApiKey::new("always")), (&*key(number), ApiKey::new("one"))]);
    let gate = gate(with(0));
    // Swaps begun, and swaps that have returned.
    let (begun, done) = (AtomicU32::new(0), AtomicU32::new(0));
    let over = AtomicBool::new(false);
    let (known, shut_out) = std::thread::scope(|scope| {
        let readers = [(); 2].map(|()| {
            scope.spawn(|| {
                let (mut known, mut shut_out) = (0, 0);
                while !over.load(SeqCst) {
                    assert!(ask(&gate, &always).is_ok(), "a good key is refused");
                    let now = done.load(SeqCst);
                    if now > 0 {
                        let answer = ask(&gate, &key(now - 1)).map_err(Code::as_str);
                        assert_eq!(answer.err(), Some("api_key_unknown"), "a removed key is accepted");
                        shut_out += 1;
                    }
                    let answer = ask(&gate, &key(now));
                    if begun.load(SeqCst) == now {
                        assert!(answer.is_ok(), "a key that is there is refused");
                        known += 1;
                    }
                }
                (known, shut_out)
            })
        });
        for number in 1..=SWAPS {
            begun.store(number, SeqCst);
            gate.swap_api_keys(with(number)).unwrap();
            done.store(number, SeqCst);
            if number % 8 == 0 {
                std::thread::yield_now();
            }
        }
        over.store(true, SeqCst);
        let counts = readers.map(|reader| reader.join().unwrap());
        counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
    });
    assert!(known > 100 && shut_out > 100, "{known} {shut_out}");
}

#[test]
fn a_principal_is_good_for_as_long_as_its_key_is_as_it_was() {
    let (one, other) = (key(1), key(2));
    let entry = || ApiKey::new("ci").role("user").scope("read");
    let gate = gate(set([(&*one, entry())]));
    let principal = ask(&gate, &one).unwrap();
    let good = || gate.still_good(&principal, b"", NOW);
    assert!(good());
    gate.swap_api_keys(set([(&*one, entry().expires(NOW.unix + 9.0)), (&*other, ApiKey::new("b"))])).unwrap();
    assert!(good());
    assert!(!gate.still_good(&principal, b"", Now::new(NOW.unix + 9.0, 0)));
    for (changed, why) in [
        (set([(&*one, entry().disabled(true))]), "disabled"),
        (set([(&*one, entry().expires(NOW.unix))]), "expired"),
        (set([(&*one, entry().role("admin"))]), "with another role"),
        (set([(&*one, ApiKey::new("ci").role("user"))]), "with a scope less"),
        (set([(&*one, ApiKey::new("cd").role("user").scope("read"))]), "with another id"),
        (set([(&*other, entry())]), "another key of that id"),
        (set([]), "gone"),
    ] {
        gate.swap_api_keys(changed).unwrap();
        assert!(!good(), "{why}");
        gate.swap_api_keys(set([(&*one, entry())])).unwrap();
        assert!(good());
    }
}

#[test]
fn what_is_not_in_an_incomplete_set_is_neither_good_nor_bad() {
    let (one, other) = (key(1), key(2));
    let unknown = Code::ApiKey(ApiKeyRefusal::Unknown);
    let gate = gate(set([(&*one, ApiKey::new("a"))]));
    assert_eq!(ask(&gate, &other).unwrap_err(), unknown);
    gate.swap_incomplete_api_keys(set([(&*one, ApiKey::new("a"))])).unwrap();
    assert!(ask(&gate, &one).is_ok());
    assert_eq!(ask(&gate, &other).unwrap_err(), Code::ApiKeysStale);
    assert_eq!(ask(&gate, "plain").unwrap_err(), Code::ApiKeysStale);
    assert_eq!((Code::ApiKeysStale.public().status(), Code::ApiKeysStale.as_str()), (503, "api_keys_stale"));
    // What is there and not good is known.
    gate.swap_incomplete_api_keys(set([(&*one, ApiKey::new("a").disabled(true))])).unwrap();
    assert_eq!(ask(&gate, &one).unwrap_err(), Code::ApiKey(ApiKeyRefusal::Disabled));
    gate.swap_api_keys(set([])).unwrap();
    assert_eq!(ask(&gate, &other).unwrap_err(), unknown);
}

#[test]
fn guesses_at_an_incomplete_set_are_counted_and_keys_of_our_own_are_not() {
    let few = Quota::per(3, Duration::from_secs(3600)).unwrap();
    let builder = Gate::builder().address_quota(few).slots(64, 64).keys_come_later();
    let gate = builder.build([[1, 2, 3, 4]; 4]).unwrap();
    assert_eq!(ask(&gate, &key(1)).unwrap_err(), Code::ApiKey(ApiKeyRefusal::Unknown));
    gate.swap_incomplete_api_keys(set([("plain", ApiKey::new("a"))])).unwrap();
    for _ in 0..9 {
        assert_eq!(ask(&gate, &key(1)).unwrap_err(), Code::ApiKeysStale);
    }
    assert_eq!(ask(&gate, "guess").unwrap_err(), Code::ApiKeysStale);
    assert_eq!(ask(&gate, "guess").unwrap_err(), Code::ApiKeysStale);
    assert_eq!(ask(&gate, "guess").unwrap_err(), Code::AddressLimited);
    assert_eq!(ask(&gate, "plain").unwrap_err(), Code::AddressLimited);
}
