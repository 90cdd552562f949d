//! API keys the host knows: what it is asked, what is kept of its answers, and what a guesser gets of it.
#![cfg(feature = "std")]

use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeyRefusal, ApiKeys, KeyDigest, KeyFormat};
use doorward::gate::{Answer, Ask, Code, Gate, KeyLookup, Principal, Question, Step};
use doorward::policy::Policy;
use doorward::rate::Quota;
use std::time::Duration;

fn at(seconds: f64) -> Now {
    Now::new(1_800_000_000.0 + seconds, (seconds * 1e6) as u64)
}

fn gate(lookup: KeyLookup) -> Gate {
    let own = ApiKeys::builder().add("the-gates-own-key", ApiKey::new("own")).build([1; 32]).unwrap();
    let builder = Gate::builder().api_keys(own).api_key_lookup(lookup).policy(Policy::allow_all());
    builder.slots(1024, 1024).build([[1, 2, 3, 4]; 4]).unwrap()
}

fn get(gate: &Gate, key: &str, host: u8, now: Now) -> Step {
    let headers = [("host", &b"localhost"[..]), ("x-api-key", key.as_bytes())];
    gate.begin(&gate.head("GET", Some([127, 0, 0, host].into()), headers), now)
}

fn who(step: Step) -> Result<Principal, Code> {
    match step {
        Step::Admitted(admitted) => Ok(admitted.principal),
        Step::Denied(denial) => Err(denial.code),
        other => panic!("{other:?}"),
    }
}

fn id(step: Step) -> Result<String, Code> {
    who(step).map(|principal| principal.id().to_owned())
}

fn ask(step: Step) -> Ask {
    match step {
        Step::Ask(ask) => ask,
        other => panic!("no question: {other:?}"),
    }
}

fn found(id: &str) -> Answer {
    Answer::ApiKey(Some(Box::new(ApiKey::new(id))))
}

fn remaining(gate: &Gate, host: u8, now: Now) -> String {
    let head = gate.head("GET", Some([127, 0, 0, host].into()), [("host", &b"localhost"[..])]);
    let headers = gate.address_headers(&head, now).unwrap();
    headers.iter().find(|(name, _)| *name == "x-ratelimit-remaining").unwrap().1.to_owned()
}

#[test]
fn a_key_of_the_hosts_is_asked_for_once_a_while() {
    let gate = gate(KeyLookup::new());
    assert_eq!(id(get(&gate, "the-gates-own-key", 1, at(0.0))), Ok("key:own".into()), "nobody is asked");
    let question = ask(get(&gate, "a-key-of-the-host", 1, at(0.0)));
    let Question::ApiKey(wanted) = question.question() else { panic!("{question:?}") };
    assert_eq!(*wanted.digest(), KeyDigest::of(b"a-key-of-the-host"));
    assert_eq!(wanted.deadline(), Duration::from_secs(1));
    assert!(!format!("{question:?}").contains("of-the-host"));
    assert_eq!(remaining(&gate, 1, at(0.0)), "29", "an attempt is taken before anybody is asked");
    assert_eq!(id(gate.resume(question, found("customer"), at(0.1))), Ok("key:customer".into()));
    assert_eq!(remaining(&gate, 1, at(0.1)), "30", "and given back");
    assert_eq!(id(get(&gate, "a-key-of-the-host", 1, at(60.0))), Ok("key:customer".into()), "kept");
    let question = ask(get(&gate, "a-key-of-the-host", 1, at(60.2)));
    // Withdrawn meanwhile.
    let code = Code::ApiKey(ApiKeyRefusal::Unknown);
    assert_eq!(id(gate.resume(question, Answer::ApiKey(None), at(60.2))), Err(code));
    assert_eq!(remaining(&gate, 1, at(60.2)), "29");
    assert_eq!(id(get(&gate, "a-key-of-the-host", 1, at(70.1))), Err(code), "kept for ten seconds");
    drop(ask(get(&gate, "a-key-of-the-host", 1, at(70.3))));
}

#[test]
fn no_answer_is_503_and_nobodys_fault() {
    let gate = gate(KeyLookup::new());
    for answer in [Answer::Unavailable, Answer::Ready] {
        let question = ask(get(&gate, "a-key-of-the-host", 1, at(0.0)));
        let Step::Denied(denial) = gate.resume(question, answer, at(1.0)) else { panic!("refused") };
        assert_eq!((denial.code, denial.status), (Code::ApiKeyUnavailable, 503));
        assert_eq!(remaining(&gate, 1, at(1.0)), "30");
    }
    let question = ask(get(&gate, "a-key-of-the-host", 1, at(2.0)));
    assert_eq!(
        id(gate.resume(question, found("customer"), at(2.0))),
        Ok("key:customer".into()),
        "nothing was kept"
    );
}

#[test]
fn what_can_be_no_key_is_asked_of_nobody() {
    let gate = gate(KeyLookup::new());
    let good = KeyFormat::default().mint("live", "Zy9Xw8Vu7Ts6", &[7; 20]).unwrap().expose().to_owned();
    let mut damaged = good.clone();
    damaged.pop();
    damaged.push(if good.ends_with('0') { '1' } else { '0' });
    let long = "x".repeat(513);
    for key in [damaged.as_str(), long.as_str(), "dw_live_cut", "with space", "caf\u{e9}-au-lait-please"] {
        assert!(matches!(id(get(&gate, key, 1, at(0.0))), Err(Code::ApiKey(_))), "{key}");
    }
    drop(ask(get(&gate, &good, 1, at(0.0))));
}

#[test]
fn guesses_cost_attempts_and_push_out_no_good_key() {
    let gate = gate(KeyLookup::new().entries(64));
    let question = ask(get(&gate, "a-key-of-the-host", 1, at(0.0)));
    assert_eq!(id(gate.resume(question, found("customer"), at(0.0))), Ok("key:customer".into()));
    let mut limited = 0;
    for number in 0..5_000_u32 {
        let key = format!("guess-number-{number}");
        match get(&gate, &key, (number % 200) as u8 + 2, at(1.0)) {
            Step::Ask(question) => {
                let code = id(gate.resume(question, Answer::ApiKey(None), at(1.0))).unwrap_err();
                assert_eq!(code, Code::ApiKey(ApiKeyRefusal::Unknown));
            }
            step => {
                assert_eq!(id(step), Err(Code::AddressLimited));
                limited += 1;
            }
        }
    }
    assert!(limited > 0 || 5_000 / 200 < 30);
    assert_eq!(id(get(&gate, "a-key-of-the-host", 1, at(2.0))), Ok("key:customer".into()));
    for _ in 0..30 {
        let question = ask(get(&gate, "a-guess-of-one-address", 250, at(3.0)));
        drop(question);
    }
    assert_eq!(
        id(get(&gate, "a-guess-of-one-address", 250, at(3.0))),
        Err(Code::AddressLimited),
        "before anybody is asked"
    );
}

#[test]
fn an_entrys_times_are_looked_at_on_every_request() {
    let gate = gate(KeyLookup::new());
    let entry = ApiKey::new("customer").expires(at(10.0).unix);
    let question = ask(get(&gate, "a-key-of-the-host", 1, at(0.0)));
    let admitted = who(gate.resume(question, Answer::ApiKey(Some(Box::new(entry))), at(0.0))).unwrap();
    assert_eq!(admitted.expires(), Some(at(10.0).unix));
    assert!(id(get(&gate, "a-key-of-the-host", 1, at(9.9))).is_ok());
    assert_eq!(id(get(&gate, "a-key-of-the-host", 1, at(10.0))), Err(Code::ApiKey(ApiKeyRefusal::Expired)));
    let disabled = ApiKey::new("other").disabled(true);
    let question = ask(get(&gate, "another-key-of-the-host", 1, at(0.0)));
    let refused = id(gate.resume(question, Answer::ApiKey(Some(Box::new(disabled))), at(0.0)));
    assert_eq!(refused, Err(Code::ApiKey(ApiKeyRefusal::Disabled)));
}

#[test]
fn a_host_that_withdraws_keys_has_them_forgotten() {
    let gate = gate(KeyLookup::new());
    let question = ask(get(&gate, "a-key-of-the-host", 1, at(0.0)));
    let principal = who(gate.resume(question, found("customer"), at(0.0))).unwrap();
    assert!(gate.still_good(&principal, b"", at(1.0)));
    assert!(gate.still_good(&principal, b"", at(1000.0)), "a long answer goes on");
    gate.forget_api_keys();
    assert!(!gate.still_good(&principal, b"", at(1.0)), "until then");
    drop(ask(get(&gate, "a-key-of-the-host", 1, at(1.0))));
    let own = who(get(&gate, "the-gates-own-key", 1, at(1.0))).unwrap();
    assert!(gate.still_good(&own, b"", at(1.0)));
}

#[test]
fn an_answer_from_before_keys_were_forgotten_is_not_kept() {
    let gate = gate(KeyLookup::new());
    // The host read its database, then the key was withdrawn and forgotten, and only then comes what was read.
    let question = ask(get(&gate, "a-key-of-the-host", 1, at(0.0)));
    gate.forget_api_keys();
    if let Ok(principal) = who(gate.resume(question, found("customer"), at(0.1))) {
        assert!(!gate.still_good(&principal, b"", at(0.1)), "a long answer ends");
    }
    drop(ask(get(&gate, "a-key-of-the-host", 1, at(0.2))));
    // Nor is a no: the key may have been made since.
    let question = ask(get(&gate, "another-key-of-the-host", 1, at(0.0)));
    gate.forget_api_keys();
    assert!(id(gate.resume(question, Answer::ApiKey(None), at(0.1))).is_err());
    drop(ask(get(&gate, "another-key-of-the-host", 1, at(0.2))));
}

#[test]
fn a_key_of_the_hosts_may_have_a_quota_of_its_own() {
    let gate = gate(KeyLookup::new());
    let entry = |per: Duration| ApiKey::new("small").quota(Quota::per(2, per).unwrap());
    let question = ask(get(&gate, "a-key-of-the-host", 1, at(0.0)));
    let step = gate.resume(question, Answer::ApiKey(Some(Box::new(entry(Duration::from_secs(60))))), at(0.0));
    assert!(id(step).is_ok());
    assert!(id(get(&gate, "a-key-of-the-host", 1, at(0.0))).is_ok());
    assert_eq!(id(get(&gate, "a-key-of-the-host", 1, at(0.0))), Err(Code::PrincipalLimited));
    // One that can't be kept beside the gate's: the operator's mistake, told to the operator.
    let question = ask(get(&gate, "another-key-of-the-host", 1, at(0.0)));
    let day = Duration::from_secs(86_400);
    let Step::Denied(denial) = gate.resume(question, Answer::ApiKey(Some(Box::new(entry(day)))), at(0.0))
    else {
        panic!("refused")
    };
    assert_eq!((denial.code, denial.status), (Code::ApiKeyUnavailable, 503));
    assert!(denial.detail.is_some_and(|detail| detail.contains("window")));
}
