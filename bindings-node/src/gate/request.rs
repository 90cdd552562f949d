//! A request's head, as TypeScript packs it: one string, a line for each part.
//!
//! Nothing that came by HTTP has a line end in it. What has one, for a host got its values elsewhere, makes another number of
//! lines than was said, and is packed again without it.

use doorward::Now;
use doorward::gate::{Gate, Head, Step};
use std::borrow::Cow;
use std::net::IpAddr;

/// How many lines come before the headers: method, peer, and the query parameter of the session with its query.
const BEFORE: usize = 4;

/// A head, its headers not picked apart yet.
pub(super) struct Request<'a> {
    method: &'a str,
    peer: Option<IpAddr>,
    parameter: &'a str,
    query: &'a str,
    headers: Headers<'a>,
}

enum Headers<'a> {
    /// As good as always: all in ASCII, and each where it lies.
    Plain(&'a str),
    /// Names that are text, and values as they were on the wire.
    Other(Vec<(&'a str, Cow<'a, [u8]>)>),
}

impl<'a> Request<'a> {
    /// Nothing where there are more lines, or fewer, than was said.
    pub(super) fn unpack(packed: &'a [u8], lines: f64) -> Option<Self> {
        let count = packed.iter().filter(|byte| **byte == b'\n').count() + 1;
        #[expect(clippy::cast_precision_loss, reason = "below 2^24")]
        let is_so = count as f64 == lines && count >= BEFORE && count % 2 == 0;
        if !is_so {
            return None;
        }
        let mut rest = packed;
        let mut line = || {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let (line, behind) = end.map_or((rest, &[][..]), |end| (&rest[..end], &rest[end + 1..]));
            rest = behind;
            // What is no text, for a lone surrogate, is no method, no address and no query.
            std::str::from_utf8(line).unwrap_or("\u{fffd}")
        };
        let (method, peer, parameter, query) = (line(), line(), line(), line());
        // A link-local address may come with its zone.
        let peer = peer.split('%').next().and_then(|address| address.parse().ok());
        let headers = match std::str::from_utf8(rest) {
            Ok(plain) if plain.is_ascii() => Headers::Plain(plain),
            _ => Headers::Other(pairs(rest)),
        };
        Some(Self { method, peer, parameter, query, headers })
    }

    pub(super) fn begin(&self, gate: &Gate, now: Now) -> Step {
        let mut head = self.head(gate, self.method);
        if !self.parameter.is_empty() {
            head = head.session_in_query(self.parameter, self.query);
        }
        gate.begin(&head, now)
    }

    /// The address's rate headers: names and values in turn, a line each.
    pub(super) fn address_headers(&self, gate: &Gate, now: Now) -> String {
        let lines = gate.address_headers(&self.head(gate, "GET"), now);
        super::decided::lines(lines.iter().flat_map(doorward::rate::HeaderLines::iter))
    }

    fn head(&'a self, gate: &Gate, method: &'a str) -> Head<'a> {
        match &self.headers {
            Headers::Plain(plain) => {
                let lines = || plain.split('\n');
                head(gate, method, self.peer, || {
                    let (names, values) = (lines().step_by(2), lines().skip(1).step_by(2));
                    names.zip(values).map(|(name, value)| (name, value.as_bytes()))
                })
            }
            Headers::Other(pairs) => {
                head(gate, method, self.peer, || pairs.iter().map(|(name, value)| (*name, &**value)))
            }
        }
    }
}

/// HTTP/2 has the host in `:authority`. Where `Host` says something else, both are passed on, and two hosts are refused.
fn head<'a, I: Iterator<Item = (&'a str, &'a [u8])>>(
    gate: &Gate,
    method: &'a str,
    peer: Option<IpAddr>,
    headers: impl Fn() -> I,
) -> Head<'a> {
    let Some((_, authority)) = headers().find(|(name, _)| *name == ":authority") else {
        return gate.head(method, peer, headers());
    };
    let is_host = |value: &[u8]| value.eq_ignore_ascii_case(authority);
    let same = headers().any(|(name, value)| name.eq_ignore_ascii_case("host") && is_host(value));
    gate.head(method, peer, headers().chain((!same).then_some(("host", authority))))
}

fn pairs(packed: &[u8]) -> Vec<(&str, Cow<'_, [u8]>)> {
    let mut lines = packed.split(|byte| *byte == b'\n');
    let mut pairs = Vec::new();
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        // No header that decides anything has another name.
        if let Ok(name) = std::str::from_utf8(name) {
            pairs.push((name, wire(value)));
        }
    }
    pairs
}

/// The bytes of a value: a string of JavaScript's is ISO 8859-1, as Node and `fetch` read it (RFC 9110 §5.5); what is none
/// of that was never on a wire, and is no credential either.
fn wire(value: &[u8]) -> Cow<'_, [u8]> {
    let text = match std::str::from_utf8(value) {
        Ok(text) if !text.is_ascii() => text,
        _ => return Cow::Borrowed(value),
    };
    let latin: Option<Vec<u8>> = text.chars().map(|one| u8::try_from(u32::from(one)).ok()).collect();
    latin.map_or(Cow::Borrowed(value), Cow::Owned)
}
