//! The gate's headers as `http` has them.

use doorward::rate::HeaderLines;
use http::{HeaderName, HeaderValue};

/// The most rate headers an answer has.
pub(crate) const RATE: usize = 6;

/// Their names: parsed when the program was built, not with every answer.
static NAMES: [HeaderName; RATE] = [
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("ratelimit"),
    http::header::RETRY_AFTER,
];

/// A name the gate gives, in lower case as they all are.
pub(crate) fn name(name: &'static str) -> HeaderName {
    let known = NAMES.iter().find(|known| known.as_str() == name);
    known.cloned().unwrap_or_else(|| HeaderName::from_static(name))
}

/// Rate headers, for an answer.
pub(crate) fn rate<'a>(lines: &'a HeaderLines<'a>) -> impl Iterator<Item = (HeaderName, HeaderValue)> + 'a {
    lines.iter().filter_map(|(line, value)| Some((name(line), HeaderValue::from_str(value).ok()?)))
}
