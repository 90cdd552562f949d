//! What is answered at the well-known addresses (RFC 9728 §3): the resource's metadata, or that there is none.
//!
//! These documents are public: any page may read them. A server without OAuth says 404 here and not an empty object,
//! which clients would take for metadata; and so does every server for an authorization server's, for it is none.

use super::Resource;
use super::resource::WELL_KNOWN;
use alloc::string::String;

/// What clients ask a server for that may be its own authorization server.
const AUTHORIZATION_SERVER: [&str; 2] =
    ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

type Headers = &'static [(&'static str, &'static str)];

const DOCUMENT: Headers = &[
    ("content-type", "application/json"),
    ("cache-control", "public, max-age=300"),
    ("access-control-allow-origin", "*"),
];
const MISSING: Headers = &[("cache-control", "no-store"), ("access-control-allow-origin", "*")];
/// Clients send `MCP-Protocol-Version` along, which makes a browser ask first.
const PREFLIGHT: Headers = &[
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "GET, HEAD"),
    ("access-control-allow-headers", "*"),
    ("access-control-max-age", "600"),
];
const OTHER_METHOD: Headers = &[("allow", "GET, HEAD, OPTIONS"), ("access-control-allow-origin", "*")];

/// An answer at a well-known address, to be sent as it is; to HEAD without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WellKnown<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The answer's headers, names in lower case.
    pub headers: Headers,
    /// The answer's body; empty but for a document.
    pub body: &'a str,
}

/// What a server serves there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents(Option<(String, String)>);

impl Documents {
    /// Of that resource; without one, nothing.
    pub(crate) fn new(resource: Option<&Resource>) -> Self {
        Self(resource.map(|resource| (resource.metadata_path(), resource.metadata())))
    }

    /// The answer to a request with that path; nothing where the path is none of these.
    pub(crate) fn answer(&self, method: &str, path: &str) -> Option<WellKnown<'_>> {
        let under = |place: &str| {
            path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let ours = under(WELL_KNOWN);
        let theirs = AUTHORIZATION_SERVER.into_iter().any(|place| under(place) || path.ends_with(place));
        if !ours && !theirs {
            return None;
        }
        Some(match (method, self.document(path)) {
            ("OPTIONS", _) => WellKnown { status: 204, headers: PREFLIGHT, body: "" },
            ("GET" | "HEAD", Some(body)) => WellKnown { status: 200, headers: DOCUMENT, body },
            (_, None) => WellKnown { status: 404, headers: MISSING, body: "" },
            _ => WellKnown { status: 405, headers: OTHER_METHOD, body: "" },
        })
    }

    /// The document at that path: by the resource's own, or by the root; one slash at the end does not matter.
    fn document(&self, path: &str) -> Option<&str> {
        let (own, document) = self.0.as_ref()?;
        let path = path.strip_suffix('/').unwrap_or(path);
        (path == own || path == WELL_KNOWN).then_some(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::PublicUrl;

    fn documents(url: &str) -> Documents {
        let url = PublicUrl::parse(url).unwrap();
        Documents::new(Some(&Resource::new(url, "https://issuer.example").unwrap()))
    }

    fn statuses(documents: &Documents, paths: &[&str]) -> alloc::vec::Vec<Option<u16>> {
        paths.iter().map(|path| documents.answer("GET", path).map(|answer| answer.status)).collect()
    }

    #[test]
    fn the_document_is_at_both_addresses_and_nowhere_else() {
        let documents = documents("https://mcp.example/a/mcp");
        for path in [
            "/.well-known/oauth-protected-resource",
            "/.well-known/oauth-protected-resource/",
            "/.well-known/oauth-protected-resource/a/mcp",
            "/.well-known/oauth-protected-resource/a/mcp/",
        ] {
            let answer = documents.answer("GET", path).unwrap();
            assert_eq!((answer.status, answer.headers), (200, DOCUMENT), "{path}");
            assert!(answer.body.starts_with(r#"{"resource":"https://mcp.example/a/mcp","#));
            assert_eq!(documents.answer("HEAD", path), Some(answer));
        }
        for path in [
            "/.well-known/oauth-protected-resource//",
            "/.well-known/oauth-protected-resource/a",
            "/.well-known/oauth-protected-resource/A/mcp",
            "/.well-known/oauth-protected-resource/a/mcp//",
            "/.well-known/oauth-protected-resource/a/../a/mcp",
            "/.well-known/oauth-authorization-server",
            "/.well-known/oauth-authorization-server/a/mcp",
            "/.well-known/openid-configuration",
            "/a/mcp/.well-known/openid-configuration",
        ] {
            let answer = documents.answer("GET", path).unwrap();
            assert_eq!((answer.status, answer.headers, answer.body), (404, MISSING, ""), "{path}");
        }
        let others =
            ["/", "/mcp", "/.well-known", "/.well-known/oauth-protected-resources", "/.well-known/mcp.json"];
        assert_eq!(statuses(&documents, &others), [None; 5]);
    }

    #[test]
    fn the_root_is_one_address_where_there_is_no_path() {
        let documents = documents("https://mcp.example/");
        let paths = ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"];
        assert_eq!(statuses(&documents, &paths), [Some(200), Some(404)]);
    }

    #[test]
    fn without_a_resource_there_is_nothing() {
        let none = Documents::default();
        let paths = [
            "/.well-known/oauth-protected-resource",
            "/.well-known/oauth-protected-resource/mcp",
            "/.well-known/oauth-authorization-server",
        ];
        assert_eq!(statuses(&none, &paths), [Some(404); 3]);
        // Whatever is asked: a 405 would say that there is something.
        assert_eq!(none.answer("POST", paths[0]).map(|answer| answer.status), Some(404));
        assert_eq!(none.answer("GET", "/mcp"), None);
    }

    #[test]
    fn a_page_may_ask_and_nobody_may_write() {
        let documents = documents("https://mcp.example/mcp");
        let path = "/.well-known/oauth-protected-resource/mcp";
        for method in ["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "get"] {
            let answer = documents.answer(method, path).unwrap();
            assert!(answer.headers.contains(&("access-control-allow-origin", "*")), "{method}");
            let status = match method {
                "OPTIONS" => 204,
                "GET" | "HEAD" => 200,
                _ => 405,
            };
            assert_eq!(answer.status, status, "{method}");
        }
    }
}
