//! What there is to read of an admission and of a refusal.

use super::step::{State, StepHandle};
use crate::now::now;
use doorward::address::ClientAddress;
use doorward::gate::{Notes, query_with_session};
use doorward::mcp::Kind;
use napi::bindgen_prelude::External;
use napi_derive::napi;

/// Names and values in turn, a line each: no header's value has a line end.
pub(super) fn lines<'a>(headers: impl Iterator<Item = (&'static str, &'a str)>) -> String {
    let mut lines = String::with_capacity(256);
    for (name, value) in headers {
        if !lines.is_empty() {
            lines.push('\n');
        }
        lines.push_str(name);
        lines.push('\n');
        lines.push_str(value);
    }
    lines
}

/// The headers of the answer: names and values in turn, a line each.
#[napi]
#[must_use]
pub(crate) fn step_headers(step: &External<StepHandle>) -> String {
    match &*step.state.borrow() {
        State::Admitted(admitted) => lines(step.core.gate.rate_headers(admitted).iter()),
        State::Denied(denial) => lines(denial.headers.iter().map(|(name, value)| (*name, &**value))),
        _ => String::new(),
    }
}

/// A decision's parts.
#[napi(object, object_from_js = false)]
pub(crate) struct Decided {
    /// The address it counts against.
    pub address: Option<String>,
    /// What kind of thing was asked for.
    pub kind: Option<&'static str>,
    /// Its name.
    pub name: Option<String>,
    /// The session by the service's own id.
    pub session: Option<String>,
    /// What the operator should be told besides.
    pub notes: Vec<&'static str>,
    /// A refusal's body.
    pub body: Option<String>,
    /// A refusal's code.
    pub code: Option<&'static str>,
    /// More of why.
    pub detail: Option<String>,
}

fn notes(notes: Notes) -> Vec<&'static str> {
    notes.iter().map(|note| note.code()).collect()
}

fn target(target: Option<&(Kind, String)>) -> (Option<&'static str>, Option<String>) {
    target.map(|(kind, name)| (kind.name(), name.clone())).unzip()
}

/// What there is to read of a decision.
#[napi]
#[must_use]
pub(crate) fn step_decided(step: &External<StepHandle>) -> Option<Decided> {
    match &*step.state.borrow() {
        State::Admitted(admitted) => {
            let (kind, name) = target(admitted.target.as_ref());
            Some(Decided {
                address: Some(admitted.address.to_string()),
                kind,
                name,
                session: admitted.session.as_deref().map(str::to_owned),
                notes: notes(admitted.notes),
                body: None,
                code: None,
                detail: None,
            })
        }
        State::Denied(denial) => {
            let (kind, name) = target(denial.target.as_ref());
            Some(Decided {
                address: denial.address.as_ref().map(ClientAddress::to_string),
                kind,
                name,
                session: None,
                notes: notes(denial.notes),
                body: Some(denial.body.clone().into_owned()),
                code: Some(denial.code.as_str()),
                detail: denial.detail.clone(),
            })
        }
        _ => None,
    }
}

/// The audit event of a decision: a line of JSON.
#[napi]
#[must_use]
pub(crate) fn step_audit(
    step: &External<StepHandle>,
    micros: f64,
    unix: f64,
    milliseconds: f64,
) -> Option<String> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; NaN is 0")]
    let (micros, now) = (micros as u64, now(unix, milliseconds));
    match &*step.state.borrow() {
        State::Admitted(admitted) => Some(admitted.audit(now, micros).to_json()),
        State::Denied(denial) => Some(denial.audit(now, micros).to_json()),
        _ => None,
    }
}

/// An admitted request's query with its session by the service's own id.
#[napi]
#[must_use]
pub(crate) fn step_query_with_session(
    step: &External<StepHandle>,
    parameter: String,
    query: String,
) -> Option<String> {
    match &*step.state.borrow() {
        State::Admitted(admitted) => query_with_session(&parameter, &query, admitted.session.as_deref()?),
        _ => None,
    }
}
