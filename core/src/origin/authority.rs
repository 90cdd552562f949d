//! `host[:port]` and `scheme://host[:port]`, read without allocating (RFC 3986 §3.1, §3.2).
//!
//! Stricter than the RFC where spellings would multiply: no user information, no empty or zero port, no trailing
//! dot, no percent-encoding, no IPv4 in fewer than four decimal parts (WHATWG URL §3.5 would read `127.1`).

use super::OriginError;
use alloc::boxed::Box;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes of an origin or a host and port that are looked at; the longest valid one is shorter.
pub(super) const MAX_ORIGIN: usize = 512;
/// Bytes of a host name, and of one label of it (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A host, as written or prepared. `N` is `&str` on the request path and `Box<str>`, in lower case, in rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Host<N> {
    Name(N),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

/// A host and the port written after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    pub(crate) host: Host<&'a str>,
    pub(super) port: Option<u16>,
}

/// An absolute URL cut at its authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    /// The port is absent where it is the scheme's default.
    pub(crate) authority: Authority<'a>,
    /// From the first `/`, `?` or `#` on.
    pub(crate) rest: &'a str,
}

impl<N: AsRef<str>> Host<N> {
    /// Equal but for the case of letters.
    pub(super) fn matches(&self, other: &Host<&str>) -> bool {
        match (self, other) {
            (Self::Name(a), Host::Name(b)) => a.as_ref().eq_ignore_ascii_case(b),
            (Self::V4(a), Host::V4(b)) => a == b,
            (Self::V6(a), Host::V6(b)) => a == b,
            _ => false,
        }
    }

    /// `localhost`, 127.0.0.0/8 or `[::1]`. Not `*.localhost` and not mapped addresses: nobody needs them.
    pub(crate) fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name.as_ref().eq_ignore_ascii_case("localhost"),
            Self::V4(v4) => v4.is_loopback(),
            Self::V6(v6) => v6.is_loopback(),
        }
    }
}

impl Host<&str> {
    pub(super) fn to_owned(self) -> Host<Box<str>> {
        match self {
            Self::Name(name) => Host::Name(name.to_ascii_lowercase().into()),
            Self::V4(v4) => Host::V4(v4),
            Self::V6(v6) => Host::V6(v6),
        }
    }
}

/// As a browser serialises it (WHATWG URL §3.6): IPv6 in brackets, compressed, hexadecimal throughout.
impl<N: AsRef<str>> fmt::Display for Host<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name.as_ref()),
            Self::V4(v4) => write!(f, "{v4}"),
            Self::V6(v6) => match (v6.to_ipv4_mapped(), v6.segments()) {
                (Some(_), [.., high, low]) => write!(f, "[::ffff:{high:x}:{low:x}]"),
                _ => write!(f, "[{v6}]"),
            },
        }
    }
}

impl<'a> Authority<'a> {
    /// Reads `host` or `host:port`.
    pub(super) fn parse(text: &'a str) -> Result<Self, OriginError> {
        // What is wrong is looked for only once something is: every request comes through here.
        Self::read(text).map_err(|problem| match problem {
            _ if text.contains('@') => OriginError::UserInfo,
            _ if text.contains('*') => OriginError::Wildcard,
            // An IPv6 address without brackets is not a name and a bad port.
            _ if text.parse::<Ipv6Addr>().is_ok() => OriginError::Host,
            problem => problem,
        })
    }

    fn read(text: &'a str) -> Result<Self, OriginError> {
        if let Some(bracketed) = text.strip_prefix('[') {
            let (address, after) = bracketed.split_once(']').ok_or(OriginError::Host)?;
            let host = Host::V6(address.parse().map_err(|_| OriginError::Host)?);
            let port = match after {
                "" => None,
                _ => Some(parse_port(after.strip_prefix(':').ok_or(OriginError::Host)?)?),
            };
            return Ok(Self { host, port });
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(parse_port(port)?)),
            None => (text, None),
        };
        let host = if is_name(name) {
            Host::Name(name)
        } else {
            Host::V4(name.parse().map_err(|_| OriginError::Host)?)
        };
        Ok(Self { host, port })
    }
}

impl<'a> Parts<'a> {
    /// Cuts `scheme://host[:port]rest`, at most `max` bytes of it.
    pub(crate) fn parse(text: &'a str, max: usize) -> Result<Self, OriginError> {
        check_characters(text, max)?;
        let (scheme, after) = text.split_once(':').ok_or(OriginError::Scheme)?;
        let after = after.strip_prefix("//").ok_or(OriginError::Scheme)?;
        if !is_scheme(scheme) {
            return Err(OriginError::Scheme);
        }
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, rest) = after.split_at_checked(end).ok_or(OriginError::Host)?;
        let mut authority = Authority::parse(authority)?;
        if authority.port == default_port(scheme) {
            authority.port = None;
        }
        Ok(Self { scheme, authority, rest })
    }
}

/// The port a scheme stands for when none is written. Only `http` and `https` have one here.
pub(super) fn default_port(scheme: &str) -> Option<u16> {
    if scheme.eq_ignore_ascii_case("https") {
        Some(443)
    } else if scheme.eq_ignore_ascii_case("http") {
        Some(80)
    } else {
        None
    }
}

/// Whether `address` can be reached from this machine only.
pub(super) fn is_loopback_bind(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Visible ASCII without the characters that end a quoted string or that no URL has (RFC 3986 §2).
pub(super) fn check_characters(text: &str, max: usize) -> Result<(), OriginError> {
    if text.is_empty() {
        return Err(OriginError::Empty);
    }
    if text.len() > max {
        return Err(OriginError::TooLong);
    }
    if !text.is_ascii() {
        return Err(OriginError::NotAscii);
    }
    let unsafe_byte =
        |byte| matches!(byte, 0..=b' ' | b'"' | b'\'' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{'..);
    if text.bytes().any(|byte| unsafe_byte(byte) && byte != b'~') {
        return Err(OriginError::Character);
    }
    Ok(())
}

/// Plain digits, 1 to 65535, no leading zero.
fn parse_port(digits: &str) -> Result<u16, OriginError> {
    let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| plain).ok_or(OriginError::Port)
}

/// RFC 3986 §3.1.
fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Labels of letters, digits, hyphens and underscores (which container networks use), the last of which is not a
/// number: browsers read such a host as an IPv4 address (WHATWG URL §3.5).
fn is_name(name: &str) -> bool {
    let mut label = 0;
    let mut previous = b'.';
    for byte in name.bytes() {
        match byte {
            b'.' if label > 0 && previous != b'-' => label = 0,
            b'-' if label == 0 => return false,
            b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' if label < MAX_LABEL => label += 1,
            _ => return false,
        }
        previous = byte;
    }
    label > 0 && previous != b'-' && name.len() <= MAX_NAME && !ends_in_number(name)
}

/// Decimal, or hexadecimal after `0x`.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    last.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn host(text: &str) -> Result<alloc::string::String, OriginError> {
        Authority::parse(text).map(|authority| authority.host.to_owned().to_string())
    }

    #[test]
    fn reads_hosts() {
        assert_eq!(host("MCP.Example.com:8443").unwrap(), "mcp.example.com");
        assert_eq!(host("my_service:8000").unwrap(), "my_service");
        assert_eq!(host("xn--bcher-kva.example").unwrap(), "xn--bcher-kva.example");
        assert_eq!(host("127.0.0.1").unwrap(), "127.0.0.1");
        assert_eq!(host("[2001:DB8:0:0::1]:1").unwrap(), "[2001:db8::1]");
        assert_eq!(host("[::ffff:192.0.2.1]").unwrap(), "[::ffff:c000:201]");
        assert_eq!(host("1.example").unwrap(), "1.example");
    }

    #[test]
    fn refuses_what_is_no_host() {
        let long_label = "a".repeat(64);
        let long_name = ["a".repeat(63).as_str(); 4].join(".");
        for text in [
            "",
            ":80",
            ".",
            "a..b",
            ".a",
            "localhost.",
            "-a",
            "a-",
            "a-.b",
            "a.-b",
            "a b",
            "a/b",
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "2130706433",
            "010.0.0.1",
            "1.2.3.4.5",
            "1.2.3.256",
            "example.0x",
            "[::1",
            "::1",
            "[127.0.0.1]",
            "[fe80::1%25eth0]",
            "[]",
            "[::1]x",
            "a%2eb",
            "a,b",
            "a\0",
            &long_label,
            &long_name,
        ] {
            assert_eq!(host(text), Err(OriginError::Host), "{text:?}");
        }
        for text in ["a:", "a:0", "a:080", "a:65536", "a:+80", "a:80:80", "a:x", "[::1]:", "1.2.3.4:-1"] {
            assert_eq!(host(text), Err(OriginError::Port), "{text:?}");
        }
        assert_eq!(host("user@a"), Err(OriginError::UserInfo));
        assert_eq!(host("*.example.com"), Err(OriginError::Wildcard));
    }

    #[test]
    fn no_byte_that_could_end_a_header_gets_through() {
        for byte in (0..=b' ').chain(*b"\"'\\<>^`{|}\x7f") {
            let text = alloc::format!("https://a.example/{}", char::from(byte));
            assert_eq!(check_characters(&text, MAX_ORIGIN), Err(OriginError::Character), "{text:?}");
        }
        assert_eq!(check_characters("!#$%&()*+,-./09:;=?@AZ[]_az~", MAX_ORIGIN), Ok(()));
    }

    #[test]
    fn the_longest_name_fits() {
        let label = "a".repeat(63);
        let name = [label.as_str(), &label, &label, &"a".repeat(61)].join(".");
        assert_eq!(name.len(), 253);
        assert!(is_name(&name));
    }

    #[test]
    fn loopback_is_three_things() {
        for text in
            ["localhost", "LOCALHOST:1", "127.0.0.1", "127.255.0.3:80", "[::1]", "[0:0:0:0:0:0:0:1]:9"]
        {
            assert!(Authority::parse(text).unwrap().host.is_loopback(), "{text}");
        }
        for text in
            ["a.localhost", "localhost.example.com", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]", "128.0.0.1"]
        {
            assert!(!Authority::parse(text).unwrap().host.is_loopback(), "{text}");
        }
    }
}
