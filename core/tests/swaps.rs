//! Sets of API keys swapped while requests run: nobody who may come in is refused, nobody who was shut out comes in.
#![cfg(feature = "std")]

use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeyRefusal, ApiKeys, KeyFormat};
use doorward::gate::{Code, Gate, Principal, Step};
use doorward::rate::Quota;
use proptest::prelude::*;
use std::collections::BTreeMap;
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

#[test]
fn a_key_with_a_quota_spends_from_its_own_bucket() {
    let [one, two, other] = [1, 2, 3].map(key);
    let own = |amount| Quota::per(amount, Duration::from_secs(60)).unwrap();
    let keys = set([
        (&*one, ApiKey::new("a").named("ci").quota(own(2))),
        (&*two, ApiKey::new("b").named("ci").quota(own(2))),
        (&*other, ApiKey::new("c")),
    ]);
    let builder = Gate::builder().principal_quota(own(100)).slots(64, 64).api_keys(keys);
    let gate = builder.build([[1, 2, 3, 4]; 4]).unwrap();
    let get = |key: &str| {
        let headers = [("host", &b"localhost"[..]), ("x-api-key", key.as_bytes())];
        match gate.begin(&gate.head("GET", Some([127, 0, 0, 1].into()), headers), NOW) {
            Step::Admitted(admitted) => {
                let lines = gate.rate_headers(&admitted);
                let line = |name: &str| lines.iter().find(|(one, _)| *one == name).unwrap().1.to_owned();
                Ok((
                    admitted.principal.id().to_owned(),
                    line("x-ratelimit-remaining"),
                    line("ratelimit-policy"),
                ))
            }
            Step::Denied(denial) => Err((denial.code, denial.header("ratelimit-policy").unwrap().to_owned())),
            other => panic!("{other:?}"),
        }
    };
    let policy = r#""principal";q=2;w=60"#.to_owned();
    // Two keys of one name are one caller.
    assert_eq!(get(&one), Ok(("key:ci".into(), "1".into(), policy.clone())));
    assert_eq!(get(&two), Ok(("key:ci".into(), "0".into(), policy.clone())));
    assert_eq!(get(&one), Err((Code::PrincipalLimited, policy)));
    assert_eq!(get(&other), Ok(("key:c".into(), "99".into(), r#""principal";q=100;w=60"#.into())));
    // One that can't be counted beside the others swaps nothing.
    let year = Quota::per(2, Duration::from_secs(365 * 86_400)).unwrap();
    let error = gate.swap_api_keys(set([(&*one, ApiKey::new("a")), (&*two, ApiKey::new("b").quota(year))]));
    assert_eq!(error.unwrap_err().code(), "quota_windows_too_far_apart");
    assert!(get(&other).is_ok());
}

/// What may happen to the key of a number.
#[derive(Clone, Debug)]
enum Change {
    Add(u32),
    Remove(u32),
    Disable(u32, bool),
    Expire(u32, u32),
    Begin(u32, u32),
    /// The set as it is now is the gate's from here on.
    Swap,
    Tick(u32),
}

fn change() -> impl Strategy<Value = Change> {
    let number = || 0..8_u32;
    prop_oneof![
        3 => number().prop_map(Change::Add),
        1 => number().prop_map(Change::Remove),
        1 => (number(), any::<bool>()).prop_map(|(number, off)| Change::Disable(number, off)),
        1 => (number(), 50..150_u32).prop_map(|(number, at)| Change::Expire(number, at)),
        1 => (number(), 0..50_u32).prop_map(|(number, at)| Change::Begin(number, at)),
        3 => Just(Change::Swap),
        1 => (0..150_u32).prop_map(Change::Tick),
    ]
}

#[derive(Clone, Default)]
struct Model {
    begins: Option<u32>,
    ends: Option<u32>,
    off: bool,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_gate_answers_as_a_map_does_through_any_life(changes in prop::collection::vec(change(), 0..60), plain: bool) {
        let text = |number: u32| if plain && number % 2 == 1 { format!("plain-{number}") } else { key(number) };
        let mut planned: BTreeMap<u32, Model> = BTreeMap::new();
        let mut current = planned.clone();
        let builder = Gate::builder().address_quota(Quota::per(1_000_000, Duration::from_secs(1)).unwrap());
        let gate = builder.slots(64, 64).keys_come_later().build([[1, 2, 3, 4]; 4]).unwrap();
        let mut now = 0_u32;
        for change in changes {
            match change {
                Change::Add(number) => drop(planned.entry(number).or_default()),
                Change::Remove(number) => drop(planned.remove(&number)),
                Change::Disable(number, off) => drop(planned.entry(number).and_modify(|one| one.off = off)),
                Change::Expire(number, at) => drop(planned.entry(number).and_modify(|one| one.ends = Some(at))),
                Change::Begin(number, at) => drop(planned.entry(number).and_modify(|one| one.begins = Some(at))),
                Change::Tick(to) => now = to,
                Change::Swap => {
                    let mut builder = ApiKeys::builder();
                    for (number, one) in &planned {
                        let mut entry = ApiKey::new(format!("id-{number}")).disabled(one.off);
                        entry = one.begins.into_iter().fold(entry, |entry, at| entry.not_before(at.into()));
                        entry = one.ends.into_iter().fold(entry, |entry, at| entry.expires(at.into()));
                        builder = builder.add(text(*number), entry);
                    }
                    gate.swap_api_keys(builder.build([5; 32]).unwrap()).unwrap();
                    current.clone_from(&planned);
                }
            }
            let at = Now::new(now.into(), u64::from(now) * 1_000_000);
            for number in 0..9 {
                let legacy = current.keys().any(|number| text(*number).starts_with("plain"));
                let expected = match current.get(&number) {
                    None if text(number).starts_with("plain") && !legacy => Err(ApiKeyRefusal::Malformed),
                    None => Err(ApiKeyRefusal::Unknown),
                    Some(one) if one.off => Err(ApiKeyRefusal::Disabled),
                    Some(one) if one.begins.is_some_and(|begins| now < begins) => Err(ApiKeyRefusal::NotYetValid),
                    Some(one) if one.ends.is_some_and(|ends| now >= ends) => Err(ApiKeyRefusal::Expired),
                    Some(_) => Ok(format!("key:id-{number}")),
                };
                let given = text(number);
                let headers = [("host", &b"localhost"[..]), ("x-api-key", given.as_bytes()), ("content-type", b"application/json")];
                let answer = match gate.begin(&gate.head("POST", Some([127, 0, 0, 1].into()), headers), at) {
                    Step::NeedBody(need) => Ok(need.principal().id().to_owned()),
                    Step::Denied(denial) => Err(denial.code),
                    other => panic!("{other:?}"),
                };
                prop_assert_eq!(answer, expected.map_err(Code::ApiKey));
            }
        }
    }
}
