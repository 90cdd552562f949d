//! A refusal, compared whole: status, every header there is, and the body's bytes.

use crate::http::Answer;
use std::ops::RangeInclusive;

/// The rate headers every answer carries.
pub const RATE: [&str; 5] =
    ["ratelimit", "ratelimit-policy", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

/// The body of every public code, as clients have it: written out here, not taken from doorward.
const BODIES: [(&str, &str); 8] = [
    ("invalid_request", "The request is malformed."),
    ("unauthorized", "A credential is required."),
    ("invalid_token", "The credential is not valid."),
    ("forbidden", "The credential does not allow this."),
    ("origin_not_allowed", "The Host or Origin is not allowed."),
    ("too_large", "The request body is too large."),
    ("rate_limited", "Too many requests: wait as long as Retry-After says."),
    ("unavailable", "The service cannot decide now: try again later."),
];

/// What a refusal must be.
#[derive(Clone, Copy, Debug)]
pub struct Denied {
    status: u16,
    error: &'static str,
    body: Option<&'static str>,
    policy: &'static str,
    /// What a challenge says besides the error.
    challenge: &'static str,
    limit: u64,
    window_seconds: u64,
    remaining: Option<u64>,
    /// The least and the most it may say.
    retry_after: (u64, u64),
}

impl Denied {
    /// 401 without a credential.
    pub const UNAUTHORIZED: Self = Self::of_address(401, "unauthorized");
    /// 401 with a bad one.
    pub const INVALID_TOKEN: Self = Self::of_address(401, "invalid_token");
    /// 400 for credentials that can't be read, or several.
    pub const BAD_CREDENTIAL: Self = Self::of_address(400, "invalid_request");
    /// 403 by Host or Origin.
    pub const ORIGIN: Self = Self::of_address(403, "origin_not_allowed");
    /// 503 while an issuer's keys can't be had.
    pub const UNAVAILABLE: Self = Self::of_address(503, "unavailable");
    /// 503 while a limit that servers share can't be counted.
    pub const NOT_COUNTED: Self = Self::of_principal(503, "unavailable");
    /// 400 for a body or its headers.
    pub const BAD_BODY: Self = Self::of_principal(400, "invalid_request");
    /// 403 by policy.
    pub const FORBIDDEN: Self = Self::of_principal(403, "forbidden");
    /// 413
    pub const TOO_LARGE: Self = Self::of_principal(413, "too_large");
    /// 429 by address.
    pub const ADDRESS_LIMITED: Self = Self::of_address(429, "rate_limited");
    /// 429 by principal.
    pub const PRINCIPAL_LIMITED: Self = Self::of_principal(429, "rate_limited");

    const fn of_address(status: u16, error: &'static str) -> Self {
        Self {
            status,
            error,
            body: None,
            policy: "address",
            challenge: "",
            limit: 30,
            window_seconds: 3600,
            remaining: None,
            retry_after: (1, 3600),
        }
    }

    const fn of_principal(status: u16, error: &'static str) -> Self {
        Self { policy: "principal", limit: 100, ..Self::of_address(status, error) }
    }

    /// The bucket's size, and its window in seconds.
    #[must_use]
    pub const fn quota(mut self, limit: u64, window_seconds: u64) -> Self {
        self.limit = limit;
        self.window_seconds = window_seconds;
        self
    }

    /// What is left in the bucket.
    #[must_use]
    pub const fn remaining(mut self, remaining: u64) -> Self {
        self.remaining = Some(remaining);
        self
    }

    /// The seconds `Retry-After` may say.
    #[must_use]
    pub const fn retry_after(mut self, seconds: RangeInclusive<u64>) -> Self {
        self.retry_after = (*seconds.start(), *seconds.end());
        self
    }

    /// What a challenge says besides the error.
    #[must_use]
    pub const fn challenge(mut self, challenge: &'static str) -> Self {
        self.challenge = challenge;
        self
    }

    /// Another body than the public code's own.
    #[must_use]
    pub const fn body(mut self, body: &'static str) -> Self {
        self.body = Some(body);
        self
    }

    /// Compares, the CORS headers aside.
    ///
    /// # Panics
    /// Something differs.
    pub fn check(&self, answer: &Answer) {
        let listed = answer.names().into_iter().filter(|name| !name.starts_with("access-control-"));
        let names: Vec<&str> = listed.filter(|name| !["date", "vary", "connection"].contains(name)).collect();
        let mut expected: Vec<&str> = RATE.to_vec();
        expected.extend(["cache-control", "content-length", "content-type"]);
        expected.extend((self.status == 401).then_some("www-authenticate"));
        expected.extend([429, 503].contains(&self.status).then_some("retry-after"));
        expected.sort_unstable();
        assert_eq!((answer.status, names), (self.status, expected), "{answer:?}");

        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        // No `error` where no credential was sent (RFC 6750 §3.1).
        let challenge = match self.error {
            "unauthorized" => Some(vec!["Bearer"]),
            "invalid_token" => Some(vec!["Bearer error=\"invalid_token\""]),
            _ => None,
        };
        let challenge = challenge.map(|mut parts| {
            parts.extend((!self.challenge.is_empty()).then_some(self.challenge));
            parts.join(if self.error == "unauthorized" { " " } else { ", " })
        });
        assert_eq!(answer.header("www-authenticate"), challenge.as_deref(), "{answer:?}");
        let text = || {
            let sentence = BODIES.iter().find(|(error, _)| *error == self.error).map(|(_, text)| text);
            let sentence = sentence.expect("a public code");
            format!(r#"{{"error":"{}","error_description":"{sentence}"}}"#, self.error)
        };
        assert_eq!(answer.text(), self.body.map_or_else(text, str::to_owned));
        assert_eq!(answer.number("content-length") as usize, answer.body.len());
        self.check_rate(answer);
    }

    fn check_rate(&self, answer: &Answer) {
        let (policy, limit, window) = (self.policy, self.limit, self.window_seconds);
        check_rate(answer, policy, limit, window);
        if let Some(remaining) = self.remaining {
            assert_eq!(answer.number("x-ratelimit-remaining"), remaining, "{answer:?}");
        }
        if self.status == 429 {
            let retry = answer.number("retry-after");
            let (least, most) = self.retry_after;
            assert!((least..=most).contains(&retry), "{least} to {most}: {answer:?}");
        }
    }
}

/// Compares the rate headers of any answer with each other and with their quota.
///
/// # Panics
/// Something differs.
pub fn check_rate(answer: &Answer, policy: &str, limit: u64, window_seconds: u64) {
    assert_eq!(answer.number("x-ratelimit-limit"), limit, "{answer:?}");
    let (remaining, reset) = (answer.number("x-ratelimit-remaining"), answer.number("x-ratelimit-reset"));
    assert!(remaining <= limit && reset <= window_seconds, "{answer:?}");
    assert_eq!(remaining == limit, reset == 0, "full is full: {answer:?}");
    let time = if answer.status == 429 { answer.number("retry-after") } else { reset };
    assert_eq!(
        (answer.header("ratelimit-policy"), answer.header("ratelimit")),
        (
            Some(format!("\"{policy}\";q={limit};w={window_seconds}").as_str()),
            Some(format!("\"{policy}\";r={remaining};t={time}").as_str())
        ),
        "{answer:?}"
    );
}
