//! The whole gate: a POST with a tools/call, from its headers to admission and the drop of what was admitted.

use crate::material::{self, NOW};
use crate::{Budget, Case, Run, timed};
use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeys, KeyFormat};
use doorward::gate::{Body, Gate, GateBuilder, Step};
use doorward::policy::{Grants, Policy};
use doorward::rate::Quota;
use std::hint::black_box;
use std::net::IpAddr;
use std::time::Duration;

/// The call that is made.
pub const CALL: &[u8] = br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search","arguments":{"query":"tides at Plymouth","limit":10},"_meta":{"progressToken":7}}}"#;

/// The cases of this domain.
#[must_use]
pub fn cases() -> Vec<Case> {
    vec![
        Case::alone("gate/warm", warm).budget(Budget::Nanos(500.0)),
        Case::alone("gate/cold", cold),
        Case::alone("gate/api-key", api_key),
    ]
}

/// An RS256 token seen before.
#[must_use]
pub fn warm() -> Run {
    let (gate, bearer) = warm_gate();
    call(gate, "authorization", bearer)
}

/// A gate that admits [`CALL`], and the `Authorization` to send with it.
#[must_use]
pub fn warm_gate() -> (Gate, String) {
    let gate = build(Gate::builder().verifier(material::rs256_verifier()));
    (gate, format!("Bearer {}", material::rs256_token()))
}

/// An HS256 token, verified each time.
fn cold() -> Run {
    let gate = build(Gate::builder().verifier(material::hs256_verifier()).cached_tokens(0));
    call(gate, "authorization", format!("Bearer {}", material::hs256_token(0)))
}

fn api_key() -> Run {
    let key = KeyFormat::default().mint("bench", "000000000000", &[7; 20]).expect("a good id");
    let keys = ApiKeys::builder().add(key.expose(), ApiKey::new("ci").role("user"));
    let gate = build(Gate::builder().api_keys(keys.build([9; 32]).expect("one key")));
    call(gate, "x-api-key", key.expose().into())
}

/// A principal may do a million calls a second, so that none is denied however fast they come.
fn build(parts: GateBuilder) -> Gate {
    parts
        .policy(Policy::new().role("user", Grants::new().tools(["fetch", "search", "draft_*"])))
        .principal_quota(Quota::per(1_000_000, Duration::from_secs(1)).expect("neither is 0"))
        .build([[1, 2, 3, 4]; 4])
        .expect("a whole gate")
}

fn call(gate: Gate, credential_name: &'static str, credential: String) -> Run {
    let peer: IpAddr = [127, 0, 0, 1].into();
    let mut mono = 0;
    timed(move || {
        mono += 1;
        let now = Now::new(NOW.unix, mono);
        let headers: [(&str, &[u8]); 9] = [
            ("host", b"127.0.0.1:3000"),
            ("user-agent", b"mcp-client/1.4.0"),
            ("accept", b"application/json, text/event-stream"),
            ("accept-encoding", b"gzip, br"),
            (credential_name, credential.as_bytes()),
            ("content-type", b"application/json"),
            ("content-length", b"154"),
            ("mcp-protocol-version", b"2025-06-18"),
            ("mcp-session-id", b"6f1c0b5e-2b7e-4b8e-9d3f-0a5c3e7d9b21"),
        ];
        let head = gate.head("POST", Some(peer), black_box(headers));
        let Step::NeedBody(need) = gate.begin(&head, now) else { panic!("the head is good") };
        let Step::Admitted(admitted) = gate.body(need, Body::Read(black_box(CALL)), now) else {
            panic!("the call is allowed")
        };
        admitted
    })
}
