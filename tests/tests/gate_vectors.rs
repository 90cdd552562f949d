//! The shared vectors of whole requests: `tests/vectors/gate.json`, written by `gate.py` beside it.
//!
//! `gates` are configurations, by their variables, and by the TOML of the same name in `files`, where there is one; every
//! gate whose TOML has no policy has the same `policy`. A vector has a gate of its own,
//! new and with seeds that don't change, and either one `request` with what to `expect`, or `steps` of those in order;
//! a step may be repeated, and may have another `now`.
//!
//! - A header's value is ISO 8859-1: each character is one byte.
//! - `introspect` is what the gate must ask about an opaque token, at which `url`, and the `answer`: a `status` and a `body`, or `unavailable`. A
//!   request without it must not ask.
//! - `roles` and `scopes` are an admitted principal's.
//! - A `body` is a text; or `{"base64": …}`; or `before`, `unit` as many `times`, and `after`, joined; or a `state`:
//!   `too_large` or `broken`. Without one it is empty.
//! - `admitted` is the principal's id, and `session` the service's own id of its session, empty where it has none; or else `status`, `code` (the operator's) and `body` are those of the refusal.
//!   `headers` are those of the answer that matter, null where there must be none. What is not said is not compared.

#[path = "gate_vectors/over_http.rs"]
mod over_http;

use doorward::Now;
use doorward::config::Config;
use doorward::gate::{Admitted, Answer, Body, Denial, Gate, IntrospectionReply, Question, Step};
use doorward::policy::{Grants, Policy};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Debug;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    gates: BTreeMap<String, BTreeMap<String, String>>,
    files: BTreeMap<String, String>,
    policy: Roles,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles {
    roles: BTreeMap<String, Role>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    #[serde(default)]
    tools: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    prompts: Vec<String>,
    /// The default ones where none are given.
    methods: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Class {
    Credential,
    Token,
    Origin,
    Body,
    Policy,
    Batch,
    Protocol,
    Rate,
    Address,
    Session,
    Limit,
    Oauth,
    Opaque,
    Anonymous,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    class: Class,
    gate: String,
    now: Time,
    request: Option<Request>,
    expect: Option<Expect>,
    #[serde(default)]
    steps: Vec<OneStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneStep {
    request: Request,
    expect: Expect,
    #[serde(default = "once")]
    repeat: u32,
    now: Option<Time>,
}

const fn once() -> u32 {
    1
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Time {
    unix: f64,
    mono: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    peer: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<Content>,
    introspect: Option<Introspect>,
}

/// What the gate must ask of the host, and what it is told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Introspect {
    url: String,
    asked: String,
    answer: Told,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Told {
    Answer { status: u16, body: Content },
    Nothing(Unavailable),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unavailable {
    Unavailable,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Content {
    Text(String),
    Base64 { base64: String },
    Repeated { before: String, unit: String, times: usize, after: String },
    State { state: State },
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    TooLarge,
    Broken,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    admitted: Option<String>,
    session: Option<String>,
    roles: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    status: Option<u16>,
    code: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    body: Option<String>,
}

impl Roles {
    fn policy(&self) -> Policy {
        self.roles.iter().fold(Policy::new(), |policy, (name, role)| {
            let grants = Grants::new().tools(&role.tools).resources(&role.resources).prompts(&role.prompts);
            let grants = match &role.methods {
                Some(methods) => grants.methods(methods),
                None => grants,
            };
            policy.role(name.as_str(), grants)
        })
    }
}

impl Content {
    fn bytes(&self) -> Result<Vec<u8>, State> {
        use base64::Engine as _;
        Ok(match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Base64 { base64 } => {
                base64::engine::general_purpose::STANDARD.decode(base64).expect("a body is base64")
            }
            Self::Repeated { before, unit, times, after } => {
                [before.as_str(), &unit.repeat(*times), after].concat().into_bytes()
            }
            Self::State { state } => return Err(*state),
        })
    }
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|one| u8::try_from(u32::from(one)).expect("a header's character is one byte")).collect()
}

fn gate(file: &File, vector: &Vector) -> Gate {
    let vars = file.gates.get(&vector.gate).unwrap_or_else(|| panic!("{}: no such gate", vector.name));
    let toml = file.files.get(&vector.gate).map_or("", String::as_str);
    let config = Config::from_toml_and_vars(toml, vars).expect("a vector's gate is configured well");
    let builder = config.gate(file.policy.policy()).expect("a checked configuration makes a gate");
    builder.build([[1; 4], [2; 4], [3; 4], [4; 4]]).expect("a checked configuration makes a gate")
}

/// Takes a request through the gate to its end.
fn decide(gate: &Gate, request: &Request, now: Now) -> Result<Admitted, Box<Denial>> {
    let headers: Vec<(&str, Vec<u8>)> =
        request.headers.iter().map(|(name, value)| (name.as_str(), latin1(value))).collect();
    let peer = request.peer.as_ref().map(|peer| peer.parse().expect("a peer is an address"));
    let head =
        gate.head(&request.method, peer, headers.iter().map(|(name, value)| (*name, value.as_slice())));
    let mut to_ask = request.introspect.as_ref();
    let mut step = gate.begin(&head, now);
    loop {
        step = match step {
            Step::NeedBody(need) => {
                let body = request.body.as_ref().map_or_else(|| Ok(Vec::new()), Content::bytes);
                let body = match &body {
                    Ok(bytes) => Body::Read(bytes),
                    Err(State::TooLarge) => Body::TooLarge,
                    Err(State::Broken) => Body::Broken,
                };
                gate.body(need, body, now)
            }
            Step::Ask(ask) => {
                let Question::Introspect(wanted) = ask.question() else {
                    panic!("asks {:?}", ask.question())
                };
                let told = to_ask.take().expect("asks about a token");
                assert_eq!((wanted.url(), wanted.body()), (told.url.as_str(), told.asked.as_str()));
                let answer = match &told.answer {
                    Told::Nothing(Unavailable::Unavailable) => Answer::Unavailable,
                    Told::Answer { status, body } => {
                        let body = body.bytes().unwrap_or_else(|_| panic!("an answer has a body"));
                        Answer::Introspection(IntrospectionReply::new(*status, body))
                    }
                };
                gate.resume(ask, answer, now)
            }
            Step::Admitted(_) | Step::Denied(_) => break,
        };
    }
    assert!(to_ask.is_none(), "it does not ask about the token");
    match step {
        Step::Admitted(admitted) => Ok(admitted),
        Step::Denied(denial) => Err(denial),
        other => panic!("no decision: {other:?}"),
    }
}

/// What differs from what is expected.
fn compare(gate: &Gate, expect: &Expect, found: Result<Admitted, Box<Denial>>) -> Vec<String> {
    fn differs<T: PartialEq + Debug>(what: &str, expected: Option<T>, found: T) -> Option<String> {
        let expected = expected?;
        (expected != found).then(|| format!("{what}: expected {expected:?}, found {found:?}"))
    }
    let mut differences = Vec::new();
    let headers: Vec<(String, String)> = match &found {
        Ok(admitted) => gate
            .rate_headers(admitted)
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        Err(denial) => {
            denial.headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect()
        }
    };
    for (name, expected) in &expect.headers {
        let values: Vec<_> = headers.iter().filter(|(one, _)| one == name).map(|(_, value)| value).collect();
        let expected: Vec<_> = expected.iter().collect();
        differences.extend(differs(name, Some(expected), values));
    }
    match (found, &expect.admitted) {
        (Ok(admitted), Some(principal)) => {
            differences.extend(differs("principal", Some(principal.as_str()), admitted.principal.id()));
            let session = admitted.session.as_deref().unwrap_or_default();
            differences.extend(differs("session", expect.session.as_deref(), session));
            let owned = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect::<Vec<_>>();
            differences.extend(differs(
                "roles",
                expect.roles.as_ref(),
                &owned(&mut admitted.principal.roles()),
            ));
            differences.extend(differs(
                "scopes",
                expect.scopes.as_ref(),
                &owned(&mut admitted.principal.scopes()),
            ));
        }
        (Err(denial), None) => {
            differences.extend(differs("status", expect.status, denial.status));
            differences.extend(differs("code", expect.code.as_deref(), denial.code.as_str()));
            differences.extend(differs("body", expect.body.as_deref(), &*denial.body));
        }
        (Ok(admitted), None) => differences.push(format!("admitted: {}", admitted.principal.id())),
        (Err(denial), Some(_)) => differences.push(format!("denied: {}", denial.code)),
    }
    differences
}

fn run(file: &File, vector: &Vector) -> Vec<String> {
    let gate = gate(file, vector);
    let single =
        vector.request.iter().zip(&vector.expect).map(|(request, expect)| (request, expect, 1, vector.now));
    let steps = vector
        .steps
        .iter()
        .map(|step| (&step.request, &step.expect, step.repeat, step.now.unwrap_or(vector.now)));
    let mut differences = Vec::new();
    for ((request, expect, repeat, now), number) in single.chain(steps).zip(1..) {
        let now = Now::new(now.unix, now.mono);
        for _ in 0..repeat {
            let found = compare(&gate, expect, decide(&gate, request, now));
            differences.extend(found.into_iter().map(|found| format!("step {number}: {found}")));
        }
    }
    differences
}

fn text() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/gate.json");
    std::fs::read_to_string(path).expect("the vectors are in the repository")
}

fn load(text: &str) -> Result<File, serde_json::Error> {
    serde_json::from_str(text)
}

#[test]
fn every_vector_holds() {
    let file = load(&text()).expect("the vectors have the format this test knows");
    assert_eq!(file.format, 1);
    assert!(file.vectors.len() >= 200, "only {} vectors", file.vectors.len());
    let names: HashSet<&str> = file.vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(names.len(), file.vectors.len(), "a name is used twice");
    let gates: HashSet<&str> = file.vectors.iter().map(|vector| vector.gate.as_str()).collect();
    assert_eq!(gates.len(), file.gates.len(), "a gate is used by no vector");
    assert!(file.files.keys().all(|name| gates.contains(name.as_str())), "a file is no gate's");
    for vector in &file.vectors {
        let single = vector.request.is_some() && vector.expect.is_some();
        let neither = vector.request.is_none() && vector.expect.is_none();
        let whole = if vector.steps.is_empty() { single } else { neither };
        assert!(whole, "{}: one request with what to expect, or steps", vector.name);
    }
    let failures: Vec<String> = file
        .vectors
        .iter()
        .map(|vector| (vector, run(&file, vector)))
        .filter(|(_, differences)| !differences.is_empty())
        .map(|(vector, differences)| {
            format!("[{:?}] {}\n  {}", vector.class, vector.name, differences.join("\n  "))
        })
        .collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

/// A field that this test does not know would be an expectation that nobody checks.
#[test]
fn unknown_fields_fail_the_loader() {
    let text = text();
    let unknown = [
        ("{\"format\":1,", "{\"format\":1,\"extra\":1,"),
        ("\"policy\":{", "\"policy\":{\"everybody\":{},"),
        ("\"tools\":[\"whoami\"]", "\"tools\":[\"whoami\"],\"scopes\":[]"),
        ("\"class\":\"rate\"", "\"class\":\"rate\",\"skip\":true"),
        ("\"class\":\"rate\"", "\"class\":\"speed\""),
        ("\"now\":{", "\"now\":{\"zone\":\"UTC\","),
        ("\"request\":{", "\"request\":{\"path\":\"/mcp\","),
        ("\"expect\":{", "\"expect\":{\"notes\":[],"),
        ("\"introspect\":{", "\"introspect\":{\"method\":\"GET\","),
        ("\"answer\":{\"status\":", "\"answer\":{\"headers\":[],\"status\":"),
        ("\"answer\":\"unavailable\"", "\"answer\":\"slow\""),
        ("{\"state\":\"broken\"}", "{\"state\":\"slow\"}"),
        ("{\"state\":\"broken\"}", "{\"state\":\"broken\",\"after\":5}"),
    ];
    assert!(load(&text).is_ok());
    for (known, with) in unknown {
        assert!(text.contains(known), "{known}");
        assert!(load(&text.replacen(known, with, 1)).is_err(), "{with}");
    }
}
