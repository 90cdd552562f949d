//! The rate headers, written once for all adapters.
//!
//! Two families: `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds *until* the bucket is full), which
//! clients know; and `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-11. On a denial
//! also `Retry-After` (RFC 9110 §10.2.3). Seconds are rounded up, so that nobody is asked back too early.
//!
//! - `q` and `w` are the quota as configured. `w` is whole seconds, rounded up and at least 1 (§3.1.3).
//! - `r` is what is left, and `t` the time until all of it is back, so that a client that spreads `r` over `t`
//!   keeps the rate (§6, §8.5). On a denial `t` is the time in `Retry-After`, which must not be earlier than the
//!   end of `t` (§6).
//! - A cost that never fits gets no `Retry-After`: waiting will not help.
//!
//! ```
//! use core::time::Duration;
//! use doorward::{Now, rate::{Limiter, Quota, RateHeaders}};
//!
//! let quota = Quota::per(100, Duration::from_secs(60))?;
//! let limiter = Limiter::new(1000, quota, [1, 2, 3, 4])?;
//! let headers = RateHeaders::new("principal", &quota).expect("a plain name");
//!
//! let decision = limiter.check(b"alice", limiter.base(), 1, Now::new(0.0, 0));
//! let lines = headers.write(&decision);
//! let lines: Vec<_> = lines.iter().collect();
//! assert_eq!(lines[1], ("x-ratelimit-remaining", "99"));
//! assert_eq!(lines[3], ("ratelimit-policy", r#""principal";q=100;w=60"#));
//! assert_eq!(lines[4], ("ratelimit", r#""principal";r=99;t=1"#));
//! # Ok::<(), doorward::rate::QuotaError>(())
//! ```

use super::decision::Decision;
use super::quota::Quota;
use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write};

/// The longest policy name, in bytes.
const NAME_MAX: usize = 64;
const MICROS: u64 = 1_000_000;

/// Writes the headers of one policy.
#[derive(Clone, Debug)]
pub struct RateHeaders {
    /// `"name"`, quotes included.
    name: String,
    policy: String,
    x_ratelimit: bool,
    ratelimit: bool,
}

/// A policy name that a header could not hold: empty, over 64 bytes, or with other than printable ASCII, or
/// with `"` or `\`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPolicyName;

impl BadPolicyName {
    /// The error's stable name, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "quota_bad_policy_name"
    }
}

impl fmt::Display for BadPolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the name of a rate policy must be 1 to 64 printable ASCII characters other than \" and \\",
        )
    }
}

impl core::error::Error for BadPolicyName {}

impl RateHeaders {
    /// Both families, for the policy called `name`.
    ///
    /// # Errors
    /// [`BadPolicyName`], where `name` would need escaping in a Structured Fields string (RFC 9651 §3.3.3).
    pub fn new(name: &str, quota: &Quota) -> Result<Self, BadPolicyName> {
        let plain = |b: u8| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\';
        if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(plain) {
            return Err(BadPolicyName);
        }
        let name = format!("\"{name}\"");
        Ok(Self { policy: policy(&name, quota), name, x_ratelimit: true, ratelimit: true })
    }

    /// The same headers for another quota of the policy's class.
    pub(crate) fn with_quota(&self, quota: &Quota) -> Self {
        Self { policy: policy(&self.name, quota), ..self.clone() }
    }

    /// Which families are written: `X-RateLimit-*`, and `RateLimit` with `RateLimit-Policy`.
    ///
    /// `Retry-After` is always written.
    #[must_use]
    pub fn families(mut self, x_ratelimit: bool, ratelimit: bool) -> Self {
        self.x_ratelimit = x_ratelimit;
        self.ratelimit = ratelimit;
        self
    }

    /// The headers that tell of `decision`. Allocates nothing.
    #[must_use]
    pub fn write(&self, decision: &Decision) -> HeaderLines<'_> {
        let mut lines = HeaderLines { policy: None, text: Text::new(), lines: [("", 0); 5], count: 0 };
        let reset = seconds(decision.reset_after_micros);
        let retry = decision.can_retry().then(|| seconds(decision.retry_after_micros).max(1));
        if self.x_ratelimit {
            lines.push("x-ratelimit-limit", format_args!("{}", decision.limit));
            lines.push("x-ratelimit-remaining", format_args!("{}", decision.remaining));
            lines.push("x-ratelimit-reset", format_args!("{reset}"));
        }
        if self.ratelimit {
            lines.policy = Some(&self.policy);
            let time = retry.unwrap_or(reset);
            lines.push("ratelimit", format_args!("{};r={};t={time}", self.name, decision.remaining));
        }
        if let Some(retry) = retry {
            lines.push("retry-after", format_args!("{retry}"));
        }
        lines
    }
}

/// The header `RateLimit-Policy`, of a name with its quotes.
fn policy(name: &str, quota: &Quota) -> String {
    let window = quota.period().as_nanos().div_ceil(1_000_000_000);
    format!("{name};q={};w={}", quota.limit(), window.min(SF_INTEGER_MAX))
}

/// The largest integer of a structured field (RFC 9651 §3.3.1).
const SF_INTEGER_MAX: u128 = 999_999_999_999_999;

fn seconds(micros: u64) -> u64 {
    micros.div_ceil(MICROS)
}

/// Finished headers: names in lower case, values in ASCII.
#[derive(Clone, Debug)]
pub struct HeaderLines<'a> {
    policy: Option<&'a str>,
    text: Text,
    /// The name, and where its value ends in `text`.
    lines: [(&'static str, usize); 5],
    count: usize,
}

impl HeaderLines<'_> {
    /// Names and values, in the order they should be sent.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let mut start = 0;
        let own = self.lines.iter().take(self.count).map(move |&(name, end)| {
            let value = self.text.get(start, end);
            start = end;
            (name, value)
        });
        own.flat_map(|line| {
            // The policy goes before the state that refers to it.
            let before =
                self.policy.filter(|_| line.0 == "ratelimit").map(|policy| ("ratelimit-policy", policy));
            before.into_iter().chain([line])
        })
    }

    fn push(&mut self, name: &'static str, value: fmt::Arguments<'_>) {
        // The buffer holds the longest values there are.
        let written = self.text.write_fmt(value).is_ok();
        debug_assert!(written);
        if let Some(line) = self.lines.get_mut(self.count) {
            *line = (name, self.text.length);
            self.count += 1;
        }
    }
}

/// Room for five numbers of 20 digits, twice two of 10, and a name in quotes.
const TEXT_MAX: usize = 3 * 20 + 2 * 10 + NAME_MAX + 2 + 6 + 20;

#[derive(Clone, Debug)]
struct Text {
    bytes: [u8; TEXT_MAX],
    length: usize,
}

impl Text {
    const fn new() -> Self {
        Self { bytes: [0; TEXT_MAX], length: 0 }
    }

    fn get(&self, start: usize, end: usize) -> &str {
        self.bytes.get(start..end).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.saturating_add(text.len());
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(all(test, not(doorward_loom)))]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use core::time::Duration;

    fn headers(amount: u32, period: Duration) -> RateHeaders {
        RateHeaders::new("p", &Quota::per(amount, period).unwrap()).unwrap()
    }

    fn decision(allowed: bool, remaining: u32, reset: u64, retry: u64) -> Decision {
        Decision {
            allowed,
            limit: 10,
            remaining,
            reset_after_micros: reset,
            retry_after_micros: retry,
            receipt: None,
        }
    }

    fn value(headers: &RateHeaders, decision: &Decision, name: &str) -> Option<String> {
        headers.write(decision).iter().find(|line| line.0 == name).map(|line| line.1.to_string())
    }

    #[test]
    fn both_families_in_order_and_each_alone() {
        let both = headers(10, Duration::from_secs(60));
        let allowed = decision(true, 9, 6_000_000, 0);
        let names = |h: &RateHeaders| h.write(&allowed).iter().map(|line| line.0).collect::<Vec<_>>();
        let x = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
        assert_eq!(names(&both), [&x[..], &["ratelimit-policy", "ratelimit"]].concat());
        assert_eq!(names(&both.clone().families(true, false)), x);
        assert_eq!(names(&both.clone().families(false, true)), ["ratelimit-policy", "ratelimit"]);
        assert!(names(&both.families(false, false)).is_empty());
    }

    #[test]
    fn seconds_are_rounded_up() {
        let headers = headers(10, Duration::from_secs(60));
        for (micros, text) in [(0, "0"), (1, "1"), (1_000_000, "1"), (1_000_001, "2"), (59_999_999, "60")] {
            let reset = value(&headers, &decision(true, 0, micros, 0), "x-ratelimit-reset");
            assert_eq!(reset.as_deref(), Some(text));
        }
        for (micros, text) in [(1, "1"), (1_000_000, "1"), (1_000_001, "2"), (u64::MAX - 1, "18446744073710")]
        {
            let denied = decision(false, 0, micros, micros);
            assert_eq!(value(&headers, &denied, "retry-after").as_deref(), Some(text));
            assert_eq!(value(&headers, &denied, "ratelimit"), Some(format!("\"p\";r=0;t={text}")));
        }
    }

    #[test]
    fn retry_after_only_where_waiting_helps() {
        let headers = headers(10, Duration::from_secs(60));
        assert_eq!(value(&headers, &decision(true, 1, 5, 0), "retry-after"), None);
        assert_eq!(value(&headers, &decision(false, 1, 5, Decision::NEVER), "retry-after"), None);
        assert_eq!(value(&headers, &decision(false, 1, 5, 0), "retry-after").as_deref(), Some("1"));
    }

    #[test]
    fn windows_are_whole_seconds_and_at_least_one() {
        let policy = |period| headers(5, period).policy;
        assert_eq!(policy(Duration::from_millis(1)), "\"p\";q=5;w=1");
        assert_eq!(policy(Duration::from_millis(60_001)), "\"p\";q=5;w=61");
        assert_eq!(policy(Duration::MAX), "\"p\";q=5;w=999999999999999");
    }

    #[test]
    fn the_longest_values_fit() {
        let quota = Quota::per(u32::MAX, Duration::MAX).unwrap();
        let name = "n".repeat(NAME_MAX);
        let headers = RateHeaders::new(&name, &quota).unwrap();
        let worst = Decision { limit: u32::MAX, ..decision(false, u32::MAX, u64::MAX, u64::MAX - 1) };
        assert_eq!(headers.write(&worst).iter().count(), 6);
        assert_eq!(value(&headers, &worst, "retry-after").as_deref(), Some("18446744073710"));
    }

    #[test]
    fn names_that_would_need_escaping_are_refused() {
        let quota = Quota::per(1, Duration::from_secs(1)).unwrap();
        let long = "n".repeat(NAME_MAX + 1);
        for bad in ["", "a\"b", "a\\b", "a\r\nb", "a\tb", "é", "\u{7f}", &long] {
            assert_eq!(RateHeaders::new(bad, &quota).err(), Some(BadPolicyName));
        }
        assert!(RateHeaders::new("per user, daily; 1", &quota).is_ok());
    }
}
