//! One event a decision, for the operator: of the same shape in every language.
//!
//! It tells who asked for what, from where, and what the gate said. It never tells a credential: what comes from a request is
//! a name, escaped and cut at 128 bytes, or what a verified credential says of its principal, cut at 512.

use super::{Admitted, Denial};
use crate::Now;
use crate::address::ClientAddress;
use crate::escape::{for_the_log_within, json_into};
use crate::mcp::Kind;
use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt::Write as _;

/// The most bytes of a principal's id that are told: names of issuers are long, and two principals should not look alike.
const LONGEST_PRINCIPAL: usize = 512;

/// A decision. Every event has every field; what is not known is nothing, and `null` in JSON.
///
/// ```
/// use doorward::api_keys::{ApiKey, ApiKeys};
/// use doorward::gate::{Gate, Step};
/// use doorward::Now;
///
/// let keys = ApiKeys::builder().add("a-key-nobody-guesses", ApiKey::new("ci")).build_random()?;
/// let gate = Gate::builder().api_keys(keys).build_random()?;
/// let now = Now::new(1_700_000_000.25, 0);
/// let head = gate.head("GET", Some([127, 0, 0, 1].into()), [("host", &b"localhost"[..]), ("x-api-key", b"a-guess")]);
/// let Step::Denied(denial) = gate.begin(&head, now) else { panic!("nobody's key") };
/// assert_eq!(
///     denial.audit(now, 17).to_json(),
///     concat!(
///         r#"{"time":1700000000.250,"decision":"denied","code":"api_key_unknown","status":401,"principal":null,"#,
///         r#""auth":null,"kind":null,"name":null,"address":"127.0.0.1","micros":17,"detail":null}"#
///     )
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AuditEvent<'a> {
    /// When, in seconds since the epoch.
    pub time: f64,
    /// `admitted` or `denied`.
    pub decision: &'static str,
    /// `admitted`, or the [code](super::Code) of the refusal.
    pub code: &'static str,
    /// The refusal's HTTP status; nothing where the service behind the gate answers.
    pub status: Option<u16>,
    /// Who it was, by the canonical id: escaped, and cut at 512 bytes.
    pub principal: Option<Cow<'a, str>>,
    /// How they authenticated: `api_key` or `jwt`.
    pub auth: Option<&'static str>,
    /// What was asked for: `tool`, `resource`, `prompt` or `method`. Nothing where no body was read.
    pub kind: Option<&'static str>,
    /// Its name, URI or method, the first of a batch: escaped, and cut at 128 bytes.
    pub name: Option<&'a str>,
    /// The address it counts against.
    pub address: Option<ClientAddress>,
    /// How long the decision took, in microseconds, reading the body and asking others included.
    pub micros: u64,
    /// More of why: which issuer or audience was expected and which was found.
    pub detail: Option<&'a str>,
}

impl Admitted {
    /// The event of this admission, made at `now` after so many microseconds.
    #[must_use]
    pub fn audit(&self, now: Now, micros: u64) -> AuditEvent<'_> {
        let (kind, name) = split(self.target.as_ref());
        AuditEvent {
            time: now.unix,
            decision: "admitted",
            code: "admitted",
            status: None,
            principal: Some(shown(self.principal.id())),
            auth: Some(self.principal.method().name()),
            kind,
            name,
            address: Some(self.address),
            micros,
            detail: None,
        }
    }
}

impl Denial {
    /// The event of this refusal, made at `now` after so many microseconds.
    #[must_use]
    pub fn audit(&self, now: Now, micros: u64) -> AuditEvent<'_> {
        let (kind, name) = split(self.target.as_ref());
        AuditEvent {
            time: now.unix,
            decision: "denied",
            code: self.code.as_str(),
            status: Some(self.status),
            principal: self.principal.as_ref().map(|principal| shown(principal.id())),
            auth: self.principal.as_ref().map(|principal| principal.method().name()),
            kind,
            name,
            address: self.address,
            micros,
            detail: self.detail.as_deref(),
        }
    }
}

impl AuditEvent<'_> {
    /// One line of JSON without its end: the fields in the order they are declared in, `time` to the millisecond.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut line = String::with_capacity(256);
        // Writing to a String cannot fail.
        let _ = match self.time.is_finite() {
            true => write!(line, "{{\"time\":{:.3}", self.time),
            false => write!(line, "{{\"time\":null"),
        };
        text(&mut line, "decision", Some(self.decision));
        text(&mut line, "code", Some(self.code));
        let _ = match self.status {
            Some(status) => write!(line, ",\"status\":{status}"),
            None => write!(line, ",\"status\":null"),
        };
        text(&mut line, "principal", self.principal.as_deref());
        text(&mut line, "auth", self.auth);
        text(&mut line, "kind", self.kind);
        text(&mut line, "name", self.name);
        let _ = match self.address {
            Some(address) => write!(line, ",\"address\":\"{address}\""),
            None => write!(line, ",\"address\":null"),
        };
        let _ = write!(line, ",\"micros\":{}", self.micros);
        text(&mut line, "detail", self.detail);
        line.push('}');
        line
    }
}

fn text(line: &mut String, name: &str, value: Option<&str>) {
    line.push_str(",\"");
    line.push_str(name);
    line.push_str("\":");
    match value {
        Some(value) => {
            line.push('"');
            json_into(value, line);
            line.push('"');
        }
        None => line.push_str("null"),
    }
}

fn split(target: Option<&(Kind, String)>) -> (Option<&'static str>, Option<&str>) {
    target.map(|(kind, name)| (kind.name(), name.as_str())).unzip()
}

/// A principal's id, nearly always as it is.
fn shown(id: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    if id.len() <= LONGEST_PRINCIPAL - 3 && id.bytes().all(plain) {
        return Cow::Borrowed(id);
    }
    let mut safe = String::new();
    // Writing to a String cannot fail.
    let _ = for_the_log_within(LONGEST_PRINCIPAL, id.chars(), &mut safe);
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::ToOwned as _;
    use std::format;

    fn event() -> AuditEvent<'static> {
        AuditEvent {
            time: 1_700_000_000.123_456,
            decision: "denied",
            code: "policy_forbidden",
            status: Some(403),
            principal: Some("jwt:https://issuer.example:anna".into()),
            auth: Some("jwt"),
            kind: Some("tool"),
            name: Some(r#"say \"hi\""#),
            address: None,
            micros: 12,
            detail: Some("a\nb"),
        }
    }

    #[test]
    fn it_is_one_line_that_json_takes_back() {
        let line = event().to_json();
        assert!(!line.contains('\n'), "{line}");
        let back: serde_json::Value = serde_json::from_str(&line).unwrap();
        let wanted = serde_json::json!({
            "time": 1_700_000_000.123, "decision": "denied", "code": "policy_forbidden", "status": 403,
            "principal": "jwt:https://issuer.example:anna", "auth": "jwt", "kind": "tool", "name": "say \\\"hi\\\"",
            "address": null, "micros": 12, "detail": "a\nb"
        });
        assert_eq!(back, wanted);
        for time in [f64::NAN, f64::INFINITY] {
            let line = AuditEvent { time, ..event() }.to_json();
            assert!(line.starts_with("{\"time\":null,"), "{line}");
        }
    }

    #[test]
    fn a_principal_is_escaped_and_cut() {
        assert_eq!(shown("jwt:https://a.example:auth0|7"), "jwt:https://a.example:auth0|7");
        assert_eq!(shown("jwt::a\nb\u{202e}"), r"jwt::a\nb\u{202e}");
        for length in 0..1100 {
            for unit in ["x", "é"] {
                let id = unit.repeat(length);
                let seen = shown(&id).into_owned();
                assert!(seen.len() <= LONGEST_PRINCIPAL);
                assert!(seen == id || seen.ends_with('…'), "{length}");
            }
        }
        assert_eq!(shown(&"y".repeat(509)), "y".repeat(509));
        assert_eq!(shown(&"y".repeat(510)), format!("{}…", "y".repeat(509)).to_owned());
    }
}
