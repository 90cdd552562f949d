//! What can be wrong with a configured origin, URL or host, and why a request is refused.

use alloc::boxed::Box;
use core::fmt;

/// Why an origin, a public URL or a list of hosts cannot be used. Raised at configuration only; says how to mend
/// it and never repeats the text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginError {
    /// Nothing at all.
    Empty,
    /// Longer than 512 bytes for an origin or a host, 2048 for a URL.
    TooLong,
    /// A character outside ASCII.
    NotAscii,
    /// A space, a control character, a quote, a backslash or another character no URL has (RFC 3986 §2).
    Character,
    /// A `*` anywhere.
    Wildcard,
    /// The opaque origin `null`.
    Null,
    /// No `scheme://` where one is needed, or a malformed one.
    Scheme,
    /// A public URL that is neither `http` nor `https`.
    NotHttp,
    /// A user name or password before an `@`.
    UserInfo,
    /// Neither a host name, an IPv4 address in four parts, nor an IPv6 address in brackets.
    Host,
    /// A port outside 1 to 65535, or not in plain digits.
    Port,
    /// A path where only scheme, host and port may stand.
    Path,
    /// A path with an empty, `.` or `..` segment, or a `%` that is not followed by two hexadecimal digits.
    PathSegment,
    /// A query.
    Query,
    /// A fragment.
    Fragment,
    /// One item of the list of allowed hosts.
    AllowedHost {
        /// Which item, counted from 1.
        position: usize,
        /// What is wrong with it.
        problem: Box<Self>,
    },
    /// Bound to more than loopback, with neither a public URL nor allowed hosts.
    HostsRequired,
}

impl OriginError {
    /// A stable snake_case code, the same in every language.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::NotAscii => "not_ascii",
            Self::Character => "character",
            Self::Wildcard => "wildcard",
            Self::Null => "null_origin",
            Self::Scheme => "scheme",
            Self::NotHttp => "not_http",
            Self::UserInfo => "user_info",
            Self::Host => "host",
            Self::Port => "port",
            Self::Path => "path",
            Self::PathSegment => "path_segment",
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::AllowedHost { problem, .. } => problem.code(),
            Self::HostsRequired => "hosts_required",
        }
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty: write it in full, as in https://mcp.example.com, or leave the setting out",
            Self::TooLong => "is too long: a host has at most 253 characters, a public URL 2048",
            Self::NotAscii => "has a character outside ASCII: write a host in its xn-- form, percent-encode a path",
            Self::Character => {
                "has a space, quote, backslash, control or other character that no URL has: percent-encode it"
            }
            Self::Wildcard => "has a wildcard, which would let any site call: list each one by name",
            Self::Null => {
                "is null, which any sandboxed page or local file can send: serve the page from an origin of its own"
            }
            Self::Scheme => "does not begin with a scheme: write it in full, as in https://mcp.example.com",
            Self::NotHttp => "has another scheme than http or https: clients reach this server by one of the two",
            Self::UserInfo => "has a user name or password: remove what stands before the @",
            Self::Host => {
                "has no usable host: write a name of letters, digits and hyphens without a trailing dot, an IPv4 \
                 address in four parts, or an IPv6 address in brackets without a zone"
            }
            Self::Port => "has a port that is not a number from 1 to 65535 in plain digits: mend it or leave it out",
            Self::Path => "has a path: keep only what stands before it",
            Self::PathSegment => {
                "has an empty, . or .. segment or a stray % in its path: write the path as clients will send it"
            }
            Self::Query => "has a query: remove the ? and what follows",
            Self::Fragment => "has a fragment: remove the # and what follows",
            Self::AllowedHost { position, problem } => {
                return match **problem {
                    Self::Scheme => write!(
                        f,
                        "allowed host {position} begins with a scheme: write the host alone, or host:port"
                    ),
                    ref problem => write!(f, "allowed host {position} {problem}"),
                };
            }
            Self::HostsRequired => {
                "the server binds to more than loopback and does not know its own name: set PUBLIC_URL or \
                 ALLOWED_HOSTS, or bind to 127.0.0.1"
            }
        })
    }
}

impl core::error::Error for OriginError {}

/// Why a request's Host or Origin is refused. The answer to the peer is the same 403 for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// No Host at all.
    HostMissing,
    /// More than one Host.
    HostRepeated,
    /// A Host that is not `host` or `host:port` (RFC 9110 §7.2).
    HostMalformed,
    /// A Host that is not one of ours.
    HostNotListed,
    /// The opaque origin `null`.
    OriginNull,
    /// More than one Origin.
    OriginRepeated,
    /// An Origin that is not one serialised origin (RFC 6454 §6.2).
    OriginMalformed,
    /// An Origin that is neither our own nor listed.
    OriginNotListed,
    /// No Origin, where a browser says that a page of another origin sent it (Fetch Metadata).
    OriginCrossSite,
}

impl Refusal {
    /// `host_not_allowed` or `origin_not_allowed`: stable, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::HostMissing | Self::HostRepeated | Self::HostMalformed | Self::HostNotListed => {
                "host_not_allowed"
            }
            Self::OriginNull
            | Self::OriginRepeated
            | Self::OriginMalformed
            | Self::OriginNotListed
            | Self::OriginCrossSite => "origin_not_allowed",
        }
    }

    /// What exactly was wrong, for the operator's log: `missing`, `repeated`, `malformed`, `null`, `not_listed` or
    /// `cross_site`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::HostMissing => "missing",
            Self::HostRepeated | Self::OriginRepeated => "repeated",
            Self::HostMalformed | Self::OriginMalformed => "malformed",
            Self::OriginNull => "null",
            Self::HostNotListed | Self::OriginNotListed => "not_listed",
            Self::OriginCrossSite => "cross_site",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HostMissing => "the request has no host",
            Self::HostRepeated => "the request has more than one host",
            Self::HostMalformed => "the host is malformed",
            Self::HostNotListed => "the host is not one this server answers to",
            Self::OriginNull => "the origin is null",
            Self::OriginRepeated => "the request has more than one origin",
            Self::OriginMalformed => "the origin is malformed",
            Self::OriginNotListed => "the origin may not call this server",
            Self::OriginCrossSite => "a page of another origin sent it, without an origin",
        })
    }
}

impl core::error::Error for Refusal {}
