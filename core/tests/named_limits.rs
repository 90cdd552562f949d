//! The gate's named limits, beyond what the shared vectors tell: bodies that take their time, the shared limit behind them, and
//! the README's example.
#![cfg(feature = "config")]

use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeys};
use doorward::config::Config;
use doorward::gate::{
    Admitted, Answer, Ask, Body, Code, Denial, Gate, GateBuilder, NeedBody, Question, Step,
};
use doorward::policy::Policy;
use doorward::rate::Quota;
use doorward::rate::layers::{Layer, Per};
use doorward::rate::shared::{Fallback, Reply, Settings};
use std::time::Duration;

const SECOND: u64 = 1_000_000;
const CALL: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#;

fn at(seconds: u64) -> Now {
    Now::new(1_800_000_000.0, seconds * SECOND)
}

fn per_minute(amount: u32) -> Quota {
    Quota::per(amount, Duration::from_secs(60)).unwrap()
}

fn builder() -> GateBuilder {
    let keys = ApiKeys::builder().add("a-key", ApiKey::new("ci")).build([7; 32]).unwrap();
    let builder = Gate::builder().api_keys(keys).policy(Policy::allow_all()).slots(64, 64);
    builder.principal_quota(per_minute(6))
}

fn build(builder: GateBuilder) -> Gate {
    builder.build([[1, 2, 3, 4]; 4]).unwrap()
}

fn begin(gate: &Gate, now: Now) -> Step {
    let headers =
        [("host", &b"localhost"[..]), ("x-api-key", b"a-key"), ("content-type", b"application/json")];
    gate.begin(&gate.head("POST", Some([127, 0, 0, 1].into()), headers), now)
}

fn need(gate: &Gate, now: Now) -> NeedBody {
    match begin(gate, now) {
        Step::NeedBody(need) => need,
        other => panic!("{other:?}"),
    }
}

fn call(gate: &Gate, now: Now) -> Step {
    gate.body(need(gate, now), Body::Read(CALL), now)
}

fn admitted(step: Step) -> Admitted {
    match step {
        Step::Admitted(admitted) => admitted,
        other => panic!("{other:?}"),
    }
}

fn denied(step: Step) -> Box<Denial> {
    match step {
        Step::Denied(denial) => denial,
        other => panic!("{other:?}"),
    }
}

fn asked(step: Step) -> Ask {
    match step {
        Step::Ask(ask) => ask,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_body_that_took_its_time_is_told_how_things_stand_then() {
    let gate = build(builder());
    let slow = need(&gate, at(100));
    let admitted = admitted(gate.body(slow, Body::Read(CALL), at(107)));
    assert_eq!((admitted.rate.remaining, admitted.rate.reset_after_micros), (5, 3 * SECOND));
    let slow = need(&gate, at(200));
    let denial = denied(gate.body(slow, Body::Broken, at(204)));
    assert_eq!((denial.code, denial.header("x-ratelimit-reset")), (Code::BodyUnreadable, Some("6")));
    // Time beyond what it takes to fill is no debt of the bucket's.
    let slow = need(&gate, at(300));
    assert_eq!(self::admitted(gate.body(slow, Body::Read(CALL), at(330))).rate.reset_after_micros, 0);
}

#[test]
fn whoever_hangs_up_before_the_body_has_paid_for_its_head() {
    let gate = build(builder());
    for _ in 0..6 {
        drop(need(&gate, at(100)));
    }
    assert_eq!(denied(begin(&gate, at(100))).code, Code::PrincipalLimited, "before its body is asked for");
    assert_eq!(admitted(call(&gate, at(110))).rate.remaining, 0);
}

#[test]
fn an_admission_and_a_refusal_name_their_limit() {
    let layer = Layer::new("few", per_minute(2), Per::Principal).tools(["x"]);
    let gate = build(builder().limit(layer).rate_headers(false, true));
    let first = admitted(call(&gate, at(0)));
    let limits = gate.limits().expect("there is one");
    assert_eq!(first.limit.map(|limit| limits.name(limit)), Some("few"));
    let lines: Vec<_> =
        gate.rate_headers(&first).iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(lines, ["ratelimit-policy: \"few\";q=2;w=60", "ratelimit: \"few\";r=1;t=30"]);
    drop(call(&gate, at(0)));
    let denial = denied(call(&gate, at(0)));
    assert_eq!(
        (denial.code, denial.detail.as_deref(), denial.status),
        (Code::LimitExceeded, Some("few"), 429)
    );
    assert_eq!(denial.header("retry-after"), Some("30"));
    assert_eq!(denial.header("x-ratelimit-limit"), None, "that family is off");
    assert!(build(builder()).limits().is_none());
}

#[test]
fn what_the_shared_limit_refuses_is_given_back_to_the_named_ones() {
    let shared = Settings::new("principal").fallback(Fallback::Deny);
    let layer = Layer::new("few", per_minute(3), Per::Principal);
    let gate = build(builder().limit(layer).shared_limit(shared));
    let left = |seconds| {
        let ask = asked(call(&gate, at(seconds)));
        assert!(matches!(ask.question(), Question::SharedLimit(_)));
        // Six of six are left there, so that nobody is told of it.
        let step = gate.resume(ask, Answer::SharedLimit(Reply::Integers(vec![1, 6, 0, 0])), at(seconds));
        let rate = admitted(step).rate;
        (rate.limit, rate.remaining)
    };
    assert_eq!(left(0), (3, 2));
    // The server refuses; later it does not answer. Each is remembered for a while.
    let refusing = asked(call(&gate, at(0)));
    let refused = denied(gate.resume(
        refusing,
        Answer::SharedLimit(Reply::Integers(vec![0, 0, 60 * 1_000_000, 10 * 1_000_000])),
        at(0),
    ));
    assert_eq!(refused.code, Code::SharedLimited);
    assert_eq!(denied(call(&gate, at(1))).code, Code::SharedLimited);
    let silent = asked(call(&gate, at(20)));
    assert_eq!(denied(gate.resume(silent, Answer::Unavailable, at(20))).code, Code::SharedLimitUnavailable);
    assert_eq!(left(20), (3, 2), "as if they had never been");
    assert_eq!(gate.limits().unwrap().lost(), 0);
}

#[test]
fn a_limit_that_can_not_be_kept_makes_no_gate() {
    let error = builder()
        .limit(Layer::new("one", per_minute(1), Per::Principal))
        .limit(Layer::new("two", per_minute(1), Per::Principal).cost(2))
        .build([[1, 2, 3, 4]; 4])
        .unwrap_err();
    assert_eq!(error.code(), "limit_cost_above_burst");
    assert_eq!(
        error.to_string(),
        "limit 2: a call costs more than may ever be spent at once; raise the burst or lower the cost"
    );
}

#[test]
fn the_readme_s_limits_are_limits() {
    let readme = include_str!("../../README.md");
    let blocks = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let example = blocks.map(|(block, _)| block).find(|block| block.contains("[[limit]]"));
    let text = format!(
        "admin_api_keys = [\"a-key\"]\napi_keys = [\"b-key\"]\n{}",
        example.expect("the README has one")
    );
    let config = Config::from_toml(&text).unwrap();
    let names: Vec<&str> = config.limits.iter().map(Layer::name).collect();
    assert_eq!(names, ["exports", "each tool", "users", "network", "model"]);
    for kind in ["principal", "principal-tool", "address", "everybody"] {
        assert!(config.limits.iter().any(|limit| limit.per().name() == kind), "{kind}");
    }
    // As it stands there, for the server's own policy.
    let policy = Policy::new().role("user", doorward::policy::Grants::all());
    assert!(config.gate(policy).unwrap().build_random().is_ok());
}
