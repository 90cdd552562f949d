//! The URL clients reach this server by: the resource of RFC 8707 and RFC 9728, and the source of its own origin.

use super::authority::Parts;
use super::{Origin, OriginError};
use alloc::boxed::Box;
use alloc::format;
use core::fmt;
use core::str::FromStr;

/// Bytes of a public URL. It is repeated in a header of every challenge.
const MAX_URL: usize = 2048;

/// An absolute `http` or `https` URL of visible ASCII, without user information, query, fragment or trailing
/// slash. Safe inside a quoted string of a header.
///
/// ```
/// use doorward::origin::PublicUrl;
///
/// let url = PublicUrl::parse("HTTPS://MCP.Example.com:443/mcp/")?;
/// assert_eq!(url.as_str(), "https://mcp.example.com/mcp");
/// assert_eq!((url.origin().as_str(), url.host(), url.path()), ("https://mcp.example.com", "mcp.example.com", "/mcp"));
/// # Ok::<(), doorward::origin::OriginError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PublicUrl {
    text: Box<str>,
    origin: Origin,
    host: Box<str>,
    path: Box<str>,
}

impl PublicUrl {
    /// Reads a URL of at most 2048 bytes. Scheme and host are lowered, a default port and one trailing slash are
    /// dropped; the path is otherwise kept as written.
    ///
    /// # Errors
    /// [`OriginError`] naming the part that cannot stay and how to mend it.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let parts = Parts::parse(text, MAX_URL)?;
        if !["http", "https"].iter().any(|scheme| scheme.eq_ignore_ascii_case(parts.scheme)) {
            return Err(OriginError::NotHttp);
        }
        if parts.rest.contains('#') {
            return Err(OriginError::Fragment);
        }
        if parts.rest.contains('?') {
            return Err(OriginError::Query);
        }
        let path = parts.rest.strip_suffix('/').unwrap_or(parts.rest);
        if !path.split('/').skip(1).all(is_segment) {
            return Err(OriginError::PathSegment);
        }
        let origin = Origin::from_parts(&parts);
        Ok(Self {
            text: format!("{origin}{path}").into(),
            host: format!("{}", origin.host()).into(),
            path: path.into(),
            origin,
        })
    }

    /// The canonical URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its origin: the one the server's own pages would call from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its host in lower case, without a port; IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its path, beginning with `/`, or empty.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Not empty, not `.` or `..` in any spelling (clients would remove them), and every `%` with its two digits.
/// Brackets are no path characters (RFC 3986 §3.3).
fn is_segment(segment: &str) -> bool {
    let mut dots = 0usize;
    let mut others = 0usize;
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let (Some(high), Some(low)) = (bytes.next(), bytes.next()) else { return false };
                if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
                    return false;
                }
                if (high, low.to_ascii_lowercase()) == (b'2', b'e') {
                    dots += 1;
                } else {
                    others += 1;
                }
            }
            b'.' => dots += 1,
            b'[' | b']' => return false,
            _ => others += 1,
        }
    }
    others > 0 || dots > 2
}

impl FromStr for PublicUrl {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::parse(text)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        for (text, canonical, path) in [
            ("https://mcp.example.com", "https://mcp.example.com", ""),
            ("https://mcp.example.com/", "https://mcp.example.com", ""),
            ("HTTPS://MCP.Example.com:443/Mcp/", "https://mcp.example.com/Mcp", "/Mcp"),
            ("http://localhost:8000/mcp", "http://localhost:8000/mcp", "/mcp"),
            ("http://[::1]:8000/a/b", "http://[::1]:8000/a/b", "/a/b"),
            (
                "https://a.example/~me/v1.0;x=1,2/%20",
                "https://a.example/~me/v1.0;x=1,2/%20",
                "/~me/v1.0;x=1,2/%20",
            ),
            ("https://a.example/...", "https://a.example/...", "/..."),
        ] {
            let url = PublicUrl::parse(text).unwrap();
            assert_eq!((url.as_str(), url.path()), (canonical, path), "{text}");
            assert_eq!(PublicUrl::parse(url.as_str()), Ok(url));
        }
        assert_eq!(PublicUrl::parse("http://[0::1]:8000").unwrap().host(), "[::1]");
        assert_eq!(PublicUrl::parse("http://A.example:8000").unwrap().host(), "a.example");
    }

    #[test]
    fn each_refusal_has_its_reason() {
        for (text, expected) in [
            ("", OriginError::Empty),
            ("mcp.example.com", OriginError::Scheme),
            ("/mcp", OriginError::Scheme),
            ("ftp://a.example", OriginError::NotHttp),
            ("https:///mcp", OriginError::Host),
            ("https://a.example/mcp?x=1", OriginError::Query),
            ("https://a.example/mcp#top", OriginError::Fragment),
            ("https://a.example/mcp#", OriginError::Fragment),
            ("https://me@a.example", OriginError::UserInfo),
            ("https://a.example:99999", OriginError::Port),
            ("https://a.example//", OriginError::PathSegment),
            ("https://a.example/a//b", OriginError::PathSegment),
            ("https://a.example/./b", OriginError::PathSegment),
            ("https://a.example/a/..", OriginError::PathSegment),
            ("https://a.example/a/%2E%2e/b", OriginError::PathSegment),
            ("https://a.example/%2", OriginError::PathSegment),
            ("https://a.example/%zz", OriginError::PathSegment),
            ("https://a.example/[x]", OriginError::PathSegment),
            ("https://a.example/a b", OriginError::Character),
            ("https://a.example/\"", OriginError::Character),
            ("https://a.example/'", OriginError::Character),
            ("https://a.example/\\", OriginError::Character),
            ("https://a.example/\r\nSet-Cookie: x", OriginError::Character),
            ("https://a.example/\u{7f}", OriginError::Character),
            ("https://a.example/é", OriginError::NotAscii),
        ] {
            assert_eq!(PublicUrl::parse(text), Err(expected), "{text:?}");
        }
        let long = alloc::format!("https://a.example/{}", "a".repeat(MAX_URL));
        assert_eq!(PublicUrl::parse(&long), Err(OriginError::TooLong));
    }
}
