//! A serialised origin (RFC 6454 §6.2; WHATWG HTML §7.1.1), canonical.

use super::OriginError;
use super::authority::{Host, MAX_ORIGIN, Parts};
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::{self, Write as _};
use core::str::FromStr;

/// `scheme://host[:port]`: lower case, without the port `http` or `https` stands for, IPv6 in brackets and
/// compressed. Any scheme is accepted (`vscode-webview://…` calls too); `null` and `*` are not.
///
/// ```
/// use doorward::origin::Origin;
///
/// let origin = Origin::parse("HTTPS://App.Example.com:443")?;
/// assert_eq!(origin.as_str(), "https://app.example.com");
/// assert!(Origin::parse("*").is_err());
/// # Ok::<(), doorward::origin::OriginError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    text: Box<str>,
    scheme: Box<str>,
    host: Host<Box<str>>,
    /// Absent where it is the scheme's default.
    port: Option<u16>,
}

impl Origin {
    /// Reads an origin of at most 512 bytes.
    ///
    /// # Errors
    /// [`OriginError`] for `*` and `null`, and for anything but a scheme, a host and perhaps a port.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let parts = parse_parts(text)?;
        Ok(Self::from_parts(&parts))
    }

    /// The canonical text, as a browser sends it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn from_parts(parts: &Parts<'_>) -> Self {
        let scheme = parts.scheme.to_ascii_lowercase();
        let host = parts.authority.host.to_owned();
        let port = parts.authority.port;
        let mut text = String::new();
        // Writing to a `String` does not fail.
        let _ = match port {
            None => write!(text, "{scheme}://{host}"),
            Some(port) => write!(text, "{scheme}://{host}:{port}"),
        };
        Self { text: text.into(), scheme: scheme.into(), host, port }
    }

    /// Whether `value` is the canonical text.
    pub(super) fn is_spelled(&self, value: &[u8]) -> bool {
        self.text.as_bytes() == value
    }

    /// Whether a parsed origin is this one, without building its text.
    pub(super) fn matches(&self, parts: &Parts<'_>) -> bool {
        self.port == parts.authority.port
            && self.scheme.eq_ignore_ascii_case(parts.scheme)
            && self.host.matches(&parts.authority.host)
    }

    pub(super) fn host(&self) -> &Host<Box<str>> {
        &self.host
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }
}

/// An origin cut into its parts, on the request path too: nothing is allocated.
pub(super) fn parse_parts(text: &str) -> Result<Parts<'_>, OriginError> {
    if text == "*" {
        return Err(OriginError::Wildcard);
    }
    if text.eq_ignore_ascii_case("null") {
        return Err(OriginError::Null);
    }
    let parts = Parts::parse(text, MAX_ORIGIN)?;
    match parts.rest.bytes().next() {
        None => Ok(parts),
        Some(b'?') => Err(OriginError::Query),
        Some(b'#') => Err(OriginError::Fragment),
        Some(_) => Err(OriginError::Path),
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::parse(text)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Result<String, OriginError> {
        Origin::parse(text).map(|origin| origin.as_str().into())
    }

    #[test]
    fn one_spelling() {
        for (text, expected) in [
            ("https://example.com", "https://example.com"),
            ("HTTPS://Example.COM:443", "https://example.com"),
            ("http://example.com:80", "http://example.com"),
            ("http://example.com:443", "http://example.com:443"),
            ("https://example.com:80", "https://example.com:80"),
            ("http://[2001:DB8:0::0:1]:8080", "http://[2001:db8::1]:8080"),
            ("http://[::ffff:1.2.3.4]", "http://[::ffff:102:304]"),
            ("http://127.0.0.1:6274", "http://127.0.0.1:6274"),
            ("vscode-webview://0abc-1", "vscode-webview://0abc-1"),
            ("app://obsidian.md:80", "app://obsidian.md:80"),
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn each_refusal_has_its_reason() {
        for (text, expected) in [
            ("", OriginError::Empty),
            ("*", OriginError::Wildcard),
            ("https://*.example.com", OriginError::Wildcard),
            ("null", OriginError::Null),
            ("NULL", OriginError::Null),
            ("example.com", OriginError::Scheme),
            ("//example.com", OriginError::Scheme),
            ("://example.com", OriginError::Scheme),
            ("1http://example.com", OriginError::Scheme),
            ("https:example.com", OriginError::Scheme),
            ("https://", OriginError::Host),
            ("file:///home", OriginError::Host),
            ("https://example.com.", OriginError::Host),
            ("https://example.com/", OriginError::Path),
            ("https://example.com/mcp", OriginError::Path),
            ("https://example.com?x", OriginError::Query),
            ("https://example.com#x", OriginError::Fragment),
            ("https://me:pw@example.com", OriginError::UserInfo),
            ("https://example.com:", OriginError::Port),
            ("https://a.example https://b.example", OriginError::Character),
            ("https://example.com\r\nX: y", OriginError::Character),
            ("https://exa\"mple.com", OriginError::Character),
            ("https:\\\\example.com", OriginError::Character),
            ("https://bücher.example", OriginError::NotAscii),
        ] {
            assert_eq!(canonical(text), Err(expected), "{text:?}");
        }
        let long = alloc::format!("https://{}", "a.".repeat(300));
        assert_eq!(canonical(&long), Err(OriginError::TooLong));
    }
}
