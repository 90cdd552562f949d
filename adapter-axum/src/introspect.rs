//! The network side of opaque tokens (RFC 7662): POSTs by reqwest, one at a time a token, shared by all requests with it.

use crate::fetch::cause;
use doorward::gate::{Answer, IntrospectionReply, IntrospectionWanted};
use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, watch};

/// How many tokens are asked about at once: a flood of strange ones waits, and is 503 past its deadline.
const AT_ONCE: usize = 64;

type Digest = [u8; 32];
type News = watch::Receiver<Option<IntrospectionReply>>;

/// Asks an introspection endpoint about a gate's opaque tokens.
///
/// A POST runs as a task of its own, so that a caller who hangs up takes nobody's answer along. Redirects are not followed,
/// no cookies are kept, and no more of an answer is read than the gate wants.
///
/// ```
/// # use std::sync::Arc;
/// use doorward::gate::{Gate, Introspection};
/// use doorward_axum::{GuardLayer, Introspector};
///
/// let introspection = Introspection::new("https://issuer.example/introspect", "https://issuer.example")?
///     .audience("https://mcp.example/mcp");
/// let gate = Arc::new(Gate::builder().introspection(introspection).build_random()?);
/// let introspector = Introspector::with_client("mcp-server", "the client's secret")?;
/// let layer = GuardLayer::new(gate).with_introspector(introspector);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Introspector {
    client: reqwest::Client,
    authorization: HeaderValue,
    under_way: Arc<Mutex<HashMap<Digest, News>>>,
    at_once: Arc<Semaphore>,
}

/// Why there is no introspection client.
#[derive(Debug)]
#[non_exhaustive]
pub enum IntrospectorError {
    /// The secret can't stand in a header.
    Secret,
    /// There is no HTTP client: usually for want of trusted certificates.
    Client(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for IntrospectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret => {
                f.write_str("the introspection client's secret has a character no header may have")
            }
            Self::Client(error) => write!(
                f,
                "opaque tokens can't be asked about: {error}: install the system's CA certificates (Debian: ca-certificates)"
            ),
        }
    }
}

impl std::error::Error for IntrospectorError {}

impl Introspector {
    /// Asks as that client, by HTTP Basic (RFC 6749 §2.3.1).
    ///
    /// # Errors
    /// There are no trusted certificates.
    pub fn with_client(id: &str, secret: &str) -> Result<Self, IntrospectorError> {
        Self::new(|request| request.basic_auth(form_encoded(id), Some(form_encoded(secret))))
    }

    /// Asks with that bearer token.
    ///
    /// # Errors
    /// The token can't stand in a header, or there are no trusted certificates.
    pub fn with_bearer(token: &str) -> Result<Self, IntrospectorError> {
        Self::new(|request| request.bearer_auth(token))
    }

    fn new(
        authorize: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Result<Self, IntrospectorError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| IntrospectorError::Client(error.into()))?;
        // The header is the same every time, so it is made once: of a request that is never sent.
        let request =
            authorize(client.get("http://localhost")).build().map_err(|_| IntrospectorError::Secret)?;
        let authorization = request.headers().get(AUTHORIZATION).cloned().ok_or(IntrospectorError::Secret)?;
        Ok(Self {
            client,
            authorization,
            under_way: Arc::default(),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Sees to a gate's question.
    pub(crate) async fn answer(&self, wanted: &IntrospectionWanted) -> Answer {
        match tokio::time::timeout(wanted.deadline(), self.asked(wanted)).await {
            Ok(reply) => reply.map_or(Answer::Unavailable, Answer::Introspection),
            Err(_) => {
                tracing::error!(target: "doorward", url = wanted.url(), deadline = ?wanted.deadline(), "introspection took too long");
                Answer::Unavailable
            }
        }
    }

    async fn asked(&self, wanted: &IntrospectionWanted) -> Option<IntrospectionReply> {
        let (mut news, started) = self.joined(wanted);
        if let Ok(reply) = news.wait_for(Option::is_some).await {
            return reply.clone();
        }
        if started {
            return None;
        }
        // What was joined may have been near its own deadline: one try more, not as many as there are callers.
        let (mut news, _) = self.joined(wanted);
        news.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// Joins the POST about the same token that is under way, or starts one, and tells which.
    fn joined(&self, wanted: &IntrospectionWanted) -> (News, bool) {
        let digest = *wanted.digest();
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(news) = under_way.get(&digest) {
            return (news.clone(), false);
        }
        let (sender, news) = watch::channel(None);
        under_way.insert(digest, news.clone());
        let over = Over { under_way: Arc::clone(&self.under_way), digest };
        let (at_once, url, deadline, limit) =
            (Arc::clone(&self.at_once), wanted.url().to_owned(), wanted.deadline(), wanted.limit());
        let request = self
            .client
            .post(wanted.url())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(wanted.body().to_owned());
        tokio::spawn(async move {
            let asked = async {
                let _place = at_once.acquire().await;
                post(request, limit).await
            };
            let reply = match tokio::time::timeout(deadline, asked).await {
                Ok(Ok(reply)) => reply,
                Ok(Err(error)) => {
                    tracing::error!(target: "doorward", %url, error = %cause(&error), "no answer to introspection");
                    None
                }
                Err(_) => None,
            };
            // Off the list first: whoever comes now is to ask anew, and not to hear of what is over.
            drop(over);
            if let Some(reply) = reply {
                sender.send_replace(Some(reply));
            }
        });
        (news, true)
    }
}

/// Nothing where the answer is too long.
async fn post(
    request: reqwest::RequestBuilder,
    limit: usize,
) -> Result<Option<IntrospectionReply>, reqwest::Error> {
    let mut response = request.send().await?;
    let status = response.status().as_u16();
    if status != 200 {
        // What it says is of no use, so it is not read.
        return Ok(Some(IntrospectionReply::new(status, Vec::new())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > limit - body.len() {
            tracing::error!(target: "doorward", limit, "the answer to introspection is too long");
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(IntrospectionReply::new(status, body)))
}

/// Takes a POST off the list when it goes: when its task panics, too.
struct Over {
    under_way: Arc<Mutex<HashMap<Digest, News>>>,
    digest: Digest,
}

impl Drop for Over {
    fn drop(&mut self) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.digest);
    }
}

/// As `application/x-www-form-urlencoded` has it, which is how a client's id and secret stand in Basic.
fn form_encoded(text: &str) -> String {
    let Ok(mut url) = reqwest::Url::parse("http://localhost") else { return String::new() };
    url.query_pairs_mut().append_key_only(text);
    url.query().unwrap_or_default().to_owned()
}

impl fmt::Debug for Introspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspector").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::form_encoded;

    #[test]
    fn a_clients_id_is_form_encoded() {
        assert_eq!(
            form_encoded("https://mcp.example/a b:c+\u{e9}%"),
            "https%3A%2F%2Fmcp.example%2Fa+b%3Ac%2B%C3%A9%25"
        );
        assert_eq!(form_encoded("plain-id_1.x*"), "plain-id_1.x*");
    }
}
