//! The gate's last layer, without a server: when it asks, and what it makes of the answers.
#![cfg(feature = "std")]

use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeys};
use doorward::gate::{Answer, Ask, Body, Code, Gate, GateError, Question, Step};
use doorward::policy::{Grants, Policy};
use doorward::rate::Quota;
use doorward::rate::shared::{Fallback, Mode, Reply, Settings};
use std::time::Duration;

const NOW: Now = Now::new(1_800_000_000.0, 1_000_000);

fn keys(quota: Quota) -> ApiKeys {
    let own = ApiKey::new("own").quota(quota);
    ApiKeys::builder()
        .add("a-key", ApiKey::new("ci").role("user"))
        .add("own-key", own)
        .build([7; 32])
        .unwrap()
}

fn gate(fallback: Fallback) -> Gate {
    let settings = Settings::new("principal").fallback(fallback).breaker(2, Duration::from_secs(1));
    let policy = Policy::new().role("user", Grants::new().tools(["whoami"]));
    let builder = Gate::builder().api_keys(keys(per_minute(50))).policy(policy).slots(64, 64);
    builder.principal_quota(per_minute(10)).shared_limit(settings).build([[1, 2, 3, 4]; 4]).unwrap()
}

fn per_minute(amount: u32) -> Quota {
    Quota::per(amount, Duration::from_secs(60)).unwrap()
}

/// A call of that tool, as far as it comes without an answer.
fn call(gate: &Gate, tool: &str) -> Step {
    let headers =
        [("host", &b"localhost"[..]), ("x-api-key", b"a-key"), ("content-type", b"application/json")];
    let head = gate.head("POST", Some([127, 0, 0, 1].into()), headers);
    let Step::NeedBody(need) = gate.begin(&head, NOW) else { panic!("the head is good") };
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#);
    gate.body(need, Body::Read(body.as_bytes()), NOW)
}

fn asked(step: Step) -> Ask {
    match step {
        Step::Ask(ask) => ask,
        other => panic!("{other:?}"),
    }
}

fn denied(step: Step) -> (Code, u16, u32) {
    match step {
        Step::Denied(denial) => {
            let left = denial.header("x-ratelimit-remaining").unwrap().parse().unwrap();
            (denial.code, denial.status, left)
        }
        other => panic!("{other:?}"),
    }
}

fn integers(numbers: [i64; 4]) -> Answer {
    Answer::SharedLimit(Reply::Integers(numbers.to_vec()))
}

#[test]
fn it_asks_last_and_goes_on_with_the_answer() {
    let gate = gate(Fallback::Deny);
    // What the policy refuses is not asked about.
    assert_eq!(denied(call(&gate, "drop_tables")).0, Code::PolicyForbidden);
    let ask = asked(call(&gate, "whoami"));
    let Question::SharedLimit(wanted) = ask.question() else { panic!("{ask:?}") };
    assert_eq!(wanted.command().key(), b"doorward:principal:{key:ci}");
    assert_eq!(wanted.command().args(), [6_000_000, 60_000_000, 1, 1]);
    assert!(!format!("{ask:?}").contains("key:ci"));

    let ask = asked(gate.resume(ask, Answer::SharedLimit(Reply::Error("NOSCRIPT".into())), NOW));
    let Question::SharedLimit(wanted) = ask.question() else { panic!("{ask:?}") };
    assert_eq!(wanted.command().command(), "EVAL");
    let Step::Admitted(admitted) = gate.resume(ask, integers([1, 4, 36_000_000, 0]), NOW) else {
        panic!("there is room")
    };
    // Others have spent too: the caller is told of the bucket that has less.
    assert_eq!((admitted.rate.remaining, admitted.principal.id()), (4, "key:ci"));
    assert_eq!(admitted.target.unwrap().1, "whoami");
}

#[test]
fn a_bodyless_request_asks_too() {
    let gate = gate(Fallback::Deny);
    let head = gate.head(
        "GET",
        Some([127, 0, 0, 1].into()),
        [("host", &b"localhost"[..]), ("x-api-key", b"own-key")],
    );
    let ask = asked(gate.begin(&head, NOW));
    let Question::SharedLimit(wanted) = ask.question() else { panic!("{ask:?}") };
    assert_eq!(wanted.command().args(), [1_200_000, 60_000_000, 1, 1], "by the key's own quota");
}

#[test]
fn refused_and_not_to_be_had_are_two_things_and_both_are_given_back() {
    let gate = gate(Fallback::Deny);
    let ask = asked(call(&gate, "whoami"));
    let limited = denied(gate.resume(ask, integers([0, 0, 60_000_000, 6_000_000]), NOW));
    assert_eq!(limited, (Code::SharedLimited, 429, 0));
    // Known by now: no further question.
    assert_eq!(denied(call(&gate, "whoami")).0, Code::SharedLimited);

    let gate = self::gate(Fallback::Deny);
    for answer in [Answer::Unavailable, Answer::Ready] {
        let ask = asked(call(&gate, "whoami"));
        assert_eq!(denied(gate.resume(ask, answer, NOW)), (Code::SharedLimitUnavailable, 503, 10));
    }
    assert_eq!(gate.shared_limit().unwrap().mode(), Mode::Fallback);
    assert_eq!(denied(call(&gate, "whoami")).0, Code::SharedLimitUnavailable);
}

#[test]
fn an_answer_to_another_gates_question_admits_nobody() {
    let settings = Gate::builder().api_keys(keys(per_minute(50))).policy(Policy::allow_all()).slots(64, 64);
    let other = settings.build([[5, 6, 7, 8]; 4]).unwrap();
    let ask = asked(call(&gate(Fallback::Allow), "whoami"));
    assert!(matches!(other.resume(ask, integers([1, 9, 6_000_000, 0]), NOW), Step::Denied(_)));
}

#[test]
fn a_keys_own_quota_that_can_not_be_shared_is_an_error_where_it_is_configured() {
    // A unit every 1.7 µs: fine for a table, no whole microseconds.
    let odd = Quota::per(588_235, Duration::from_secs(1)).unwrap();
    let gate = |keys: ApiKeys| {
        let builder = Gate::builder().api_keys(keys).policy(Policy::allow_all()).slots(64, 64);
        builder.principal_quota(Quota::per(1_000_000, Duration::from_secs(1)).unwrap())
    };
    assert!(gate(keys(odd)).build([[1, 2, 3, 4]; 4]).is_ok());
    let shared = |keys| gate(keys).shared_limit(Settings::new("p")).build([[1, 2, 3, 4]; 4]);
    let error = shared(keys(odd)).unwrap_err();
    assert!(matches!(error, GateError::KeyQuota { at: 1, .. }), "{error:?}");
    let good = shared(keys(Quota::per(500_000, Duration::from_secs(1)).unwrap())).unwrap();
    assert!(matches!(good.swap_api_keys(keys(odd)), Err(GateError::KeyQuota { at: 1, .. })));
}
