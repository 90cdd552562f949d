//! The protected resource: its URI, and its metadata (RFC 9728 §2, RFC 8707 §2).

use super::ResourceError;
use super::scope;
use crate::escape::json_into;
use crate::origin::{Parts, PublicUrl};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Where the metadata of any resource begins (RFC 9728 §3).
pub(super) const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
/// Bytes of an issuer.
const MAX_ISSUER: usize = 2048;

/// An MCP server as its clients' authorization servers know it.
///
/// The URI, and everything that is told of it, comes from the configured public URL and never from a request. It is
/// canonical: scheme and host in lower case, no default port, no fragment, no trailing slash.
///
/// ```
/// use doorward::{oauth::Resource, origin::PublicUrl};
///
/// let url = PublicUrl::parse("HTTPS://MCP.Example/mcp/")?;
/// let resource = Resource::new(url, "https://issuer.example")?.scopes(["mcp:read", "mcp:write"])?;
/// assert_eq!(resource.uri(), "https://mcp.example/mcp");
/// assert_eq!(
///     resource.metadata_url(),
///     "https://mcp.example/.well-known/oauth-protected-resource/mcp"
/// );
/// assert!(resource.metadata().starts_with(r#"{"resource":"https://mcp.example/mcp","authorization_servers":["#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    url: PublicUrl,
    issuers: Vec<String>,
    scopes: Vec<String>,
    default_scopes: Option<Vec<String>>,
    name: Option<String>,
}

impl Resource {
    /// The resource at that URL, whose tokens that issuer makes.
    ///
    /// # Errors
    /// The issuer is no `https` URL (or `http` on a loopback host), or has a query or fragment.
    pub fn new(url: PublicUrl, issuer: &str) -> Result<Self, ResourceError> {
        let issuers = vec![checked(issuer)?];
        Ok(Self { url, issuers, scopes: Vec::new(), default_scopes: None, name: None })
    }

    /// One more issuer of tokens for it.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn and_issuer(mut self, issuer: &str) -> Result<Self, ResourceError> {
        let issuer = checked(issuer)?;
        if !self.issuers.contains(&issuer) {
            self.issuers.push(issuer);
        }
        Ok(self)
    }

    /// The scopes there are: `scopes_supported`, and what a client without a credential is told to ask for.
    /// `offline_access` is left out, for a resource never asks for it.
    ///
    /// # Errors
    /// One is no scope by RFC 6749 §3.3, or all together are too long for a header.
    pub fn scopes<T: AsRef<str>>(
        mut self,
        scopes: impl IntoIterator<Item = T>,
    ) -> Result<Self, ResourceError> {
        self.scopes = scope::list(scopes)?;
        Ok(self)
    }

    /// What a client without a credential is told to ask for, where that is less than all there are.
    ///
    /// # Errors
    /// As [`scopes`](Self::scopes).
    pub fn default_scopes<T: AsRef<str>>(
        mut self,
        scopes: impl IntoIterator<Item = T>,
    ) -> Result<Self, ResourceError> {
        self.default_scopes = Some(scope::list(scopes)?);
        Ok(self)
    }

    /// What people are shown: `resource_name`.
    ///
    /// # Errors
    /// It is empty, or longer than 256 bytes.
    pub fn name(mut self, name: impl Into<String>) -> Result<Self, ResourceError> {
        let name = name.into();
        if name.is_empty() || name.len() > 256 {
            return Err(ResourceError::Name);
        }
        self.name = Some(name);
        Ok(self)
    }

    /// The canonical URI: the audience of tokens for it.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.url.as_str()
    }

    /// Where its metadata is: in every challenge.
    #[must_use]
    pub fn metadata_url(&self) -> String {
        let mut url = String::from(self.url.origin().as_str());
        url.push_str(&self.metadata_path());
        url
    }

    /// The path of that address. The document is served at the root form too: clients look at both.
    #[must_use]
    pub fn metadata_path(&self) -> String {
        let mut path = String::from(WELL_KNOWN);
        path.push_str(self.url.path());
        path
    }

    /// The issuers of its tokens.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        self.issuers.iter().map(String::as_str)
    }

    /// What a client without a credential is told to ask for.
    pub fn challenge_scopes(&self) -> impl Iterator<Item = &str> {
        self.default_scopes.as_ref().unwrap_or(&self.scopes).iter().map(String::as_str)
    }

    /// The metadata document: JSON, the same bytes every time.
    #[must_use]
    pub fn metadata(&self) -> String {
        let mut json = String::from("{\"resource\":");
        push_string(&mut json, self.uri());
        push_array(&mut json, "authorization_servers", &self.issuers);
        if !self.scopes.is_empty() {
            push_array(&mut json, "scopes_supported", &self.scopes);
        }
        json.push_str(",\"bearer_methods_supported\":[\"header\"]");
        if let Some(name) = &self.name {
            json.push_str(",\"resource_name\":");
            push_string(&mut json, name);
        }
        json.push('}');
        json
    }
}

fn checked(issuer: &str) -> Result<String, ResourceError> {
    let parts = Parts::parse(issuer, MAX_ISSUER).map_err(ResourceError::IssuerMalformed)?;
    let is = |scheme: &str| parts.scheme.eq_ignore_ascii_case(scheme);
    let local = is("http") && parts.authority.host.is_loopback();
    if !is("https") && !local {
        return Err(ResourceError::IssuerNotHttps);
    }
    if parts.rest.contains(['?', '#']) {
        return Err(ResourceError::IssuerParts);
    }
    Ok(issuer.into())
}

fn push_array(json: &mut String, name: &str, items: &[String]) {
    json.push_str(",\"");
    json.push_str(name);
    json.push_str("\":");
    for (index, item) in items.iter().enumerate() {
        json.push(if index == 0 { '[' } else { ',' });
        push_string(json, item);
    }
    json.push(']');
}

/// A JSON string.
fn push_string(json: &mut String, text: &str) {
    json.push('"');
    json_into(text, json);
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::OriginError;

    fn resource(url: &str) -> Resource {
        Resource::new(PublicUrl::parse(url).unwrap(), "https://issuer.example").unwrap()
    }

    #[test]
    fn the_address_of_the_metadata_is_that_of_rfc_9728() {
        for (url, metadata) in [
            ("https://mcp.example", "https://mcp.example/.well-known/oauth-protected-resource"),
            ("https://mcp.example/", "https://mcp.example/.well-known/oauth-protected-resource"),
            ("https://mcp.example/mcp/", "https://mcp.example/.well-known/oauth-protected-resource/mcp"),
            (
                "HTTPS://MCP.example:8443/A/b",
                "https://mcp.example:8443/.well-known/oauth-protected-resource/A/b",
            ),
            ("http://127.0.0.1:3000/mcp", "http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp"),
            ("http://[::1]:3000/mcp", "http://[::1]:3000/.well-known/oauth-protected-resource/mcp"),
        ] {
            assert_eq!(resource(url).metadata_url(), metadata, "{url}");
        }
    }

    #[test]
    fn the_document_is_json_whatever_the_name() {
        let all = resource("https://mcp.example/mcp")
            .and_issuer("https://other.example/")
            .unwrap()
            .and_issuer("https://issuer.example")
            .unwrap()
            .scopes(["mcp:read", "offline_access"])
            .unwrap()
            .name("\"Tools\"\\\n\u{e9}")
            .unwrap();
        assert_eq!(
            all.metadata(),
            "{\"resource\":\"https://mcp.example/mcp\",\
             \"authorization_servers\":[\"https://issuer.example\",\"https://other.example/\"],\
             \"scopes_supported\":[\"mcp:read\"],\"bearer_methods_supported\":[\"header\"],\
             \"resource_name\":\"\\\"Tools\\\"\\\\\\u000a\u{e9}\"}"
        );
        let parsed: serde_json::Value = serde_json::from_str(&all.metadata()).unwrap();
        assert_eq!(parsed["resource_name"], "\"Tools\"\\\n\u{e9}");
        let plain: serde_json::Value =
            serde_json::from_str(&resource("https://mcp.example").metadata()).unwrap();
        assert!(plain.get("scopes_supported").is_none());
    }

    #[test]
    fn what_is_no_issuer_is_told_why() {
        for (issuer, expected) in [
            ("", ResourceError::IssuerMalformed(OriginError::Empty)),
            ("issuer.example", ResourceError::IssuerMalformed(OriginError::Scheme)),
            ("http://issuer.example", ResourceError::IssuerNotHttps),
            ("ftp://issuer.example", ResourceError::IssuerNotHttps),
            ("https://issuer.example?x", ResourceError::IssuerParts),
            ("https://issuer.example#x", ResourceError::IssuerParts),
            ("https://issuer.example/\"", ResourceError::IssuerMalformed(OriginError::Character)),
            ("https://issuer.example/\r\nx", ResourceError::IssuerMalformed(OriginError::Character)),
            ("https://me@issuer.example", ResourceError::IssuerMalformed(OriginError::UserInfo)),
        ] {
            let url = PublicUrl::parse("https://mcp.example").unwrap();
            assert_eq!(Resource::new(url, issuer), Err(expected), "{issuer:?}");
        }
        let url = PublicUrl::parse("https://mcp.example").unwrap();
        assert!(Resource::new(url, "http://localhost:8080/realms/x").is_ok());
    }
}
