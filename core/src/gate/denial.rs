//! A refusal, finished: an HTTP answer that any host can send as it is.

use super::challenge::Challenges;
use super::{Code, Notes, Principal, Public};
use crate::address::ClientAddress;
use crate::mcp::Kind;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// A header of an answer: its name in lower case, and its value.
pub type Header = (&'static str, Cow<'static, str>);

/// A refused request's answer, and what the operator should know of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Denial {
    /// The HTTP status.
    pub status: u16,
    /// The answer's headers, rate headers and challenge included.
    pub headers: Vec<Header>,
    /// The answer's body: JSON.
    pub body: Cow<'static, str>,
    /// Why, exactly: for the log, never for the caller.
    pub code: Code,
    /// More of why, where there is more: which issuer or audience was expected and which was found, escaped and cut.
    pub detail: Option<String>,
    /// Who it was, where that was known by then.
    pub principal: Option<Principal>,
    /// The address it counts against, where one was known.
    pub address: Option<ClientAddress>,
    /// What it asked for, where the body was read: cut at 128 bytes, escaped as far as it is no plain text.
    pub target: Option<(Kind, String)>,
    /// What else the operator should be told.
    pub notes: Notes,
}

impl Denial {
    /// `scope`: the scopes that would help, for the challenge.
    pub(super) fn new(code: Code, challenges: &Challenges, scope: Option<&str>) -> Self {
        let public = code.public();
        let mut headers: Vec<Header> = Vec::with_capacity(8);
        headers.push(("content-type", Cow::Borrowed("application/json")));
        headers.push(("cache-control", Cow::Borrowed("no-store")));
        if let Some(challenge) = challenges.of(public, scope) {
            headers.push(("www-authenticate", challenge));
        }
        if public == Public::Unavailable {
            headers.push(("retry-after", Cow::Borrowed("1")));
        }
        Self {
            status: public.status(),
            headers,
            body: match code {
                // Before the body is read, its id is not known.
                Code::HeaderMismatch => Cow::Owned(super::judge::mismatch_body("")),
                _ => Cow::Borrowed(public.body()),
            },
            code,
            detail: None,
            principal: None,
            address: None,
            target: None,
            notes: Notes::default(),
        }
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| *one == name).map(|(_, value)| &**value)
    }
}

/// A name taken from a request, fit for a log: at most 128 bytes, whatever is no plain text escaped.
pub(super) fn for_the_log(name: &crate::json::JsonStr<'_>) -> String {
    // What nearly every name is, at once: by its characters, judging a message took 684 instructions in place of 288.
    if let Some(plain) = name.as_plain()
        && plain.len() <= 125
        && plain.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return String::from(plain);
    }
    let mut safe = String::new();
    // Writing to a String cannot fail.
    let _ = crate::escape::for_the_log(name.chars(), &mut safe);
    safe
}
