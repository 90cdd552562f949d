//! The guard: one tower service around another, which sees only what was admitted.

use crate::ending::{Begun, Ending, Rest};
#[cfg(feature = "fetch")]
use crate::fetch::KeyFetcher;
#[cfg(feature = "fetch")]
use crate::introspect::Introspector;
use crate::request::Credentials;
use crate::{headers, log, request, session};
use axum::body::Body;
use bytes::Bytes;
use doorward::Now;
use doorward::api_keys::{ApiKey, KeyDigest};
use doorward::gate::{
    Admitted, Answer, Ask, AuditEvent, Body as Read, Denial, Gate, KeyWanted, NeedBody, Question, Step,
};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_layer::Layer;
use tower_service::Service;

/// How long a body may take to arrive, all of it: layers that only bound the pauses let it trickle for ever.
const BODY_TIME: Duration = Duration::from_secs(30);

type Clock = Arc<dyn Fn() -> Now + Send + Sync>;
type Entry = Result<Option<ApiKey>, Box<dyn Error + Send + Sync>>;
type KeyLookUp = Arc<dyn Fn(KeyDigest) -> Pin<Box<dyn Future<Output = Entry> + Send>> + Send + Sync>;

/// A tower layer that lets through what its gate admits.
///
/// The head is decided before a byte of the body is read; the body then has 30 seconds to arrive. An admitted request
/// reaches the service with its [`Principal`](doorward::gate::Principal) in its extensions and its credential marked
/// sensitive, so that `Debug` hides it. A body the gate does not read, as that of a GET, does not reach the service. Where the gate
/// [binds sessions](doorward::gate::GateBuilder::sessions), `Mcp-Session-Id` is the service's own id inside and one that is good for its
/// principal alone outside; a session in a query or a body is not rewritten. Every answer carries rate headers; a streaming one
/// ends when its credential does, and within 15 seconds of its key's removal, its token's revocation, or a fetch that no longer brought the key its token is signed by. Every decision is a `tracing` event of target `doorward`, with its exact code and
/// its principal, and never a credential.
#[derive(Clone)]
pub struct GuardLayer {
    door: Arc<Door>,
}

/// The gate, and what it needs of the world.
#[derive(Clone)]
struct Door {
    gate: Arc<Gate>,
    clock: Clock,
    credentials: Credentials,
    #[cfg(feature = "fetch")]
    fetcher: Option<KeyFetcher>,
    #[cfg(feature = "fetch")]
    introspector: Option<Introspector>,
    key_lookup: Option<KeyLookUp>,
    #[cfg(feature = "redis")]
    redis: Option<crate::redis::Redis>,
    #[cfg(feature = "metrics")]
    metrics: Option<crate::Metrics>,
}

impl GuardLayer {
    /// A layer by that gate and the operating system's clocks. Where the gate's keys are fetched, by a [`KeyFetcher`] of
    /// its own; if none can be made, that is logged as an error, and every token of those keys is answered with 503.
    #[must_use]
    pub fn new(gate: Arc<Gate>) -> Self {
        Self::with_clock(gate, Now::system)
    }

    /// A layer whose time is told by `clock`: for tests.
    #[must_use]
    pub fn with_clock(gate: Arc<Gate>, clock: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        #[cfg(feature = "fetch")]
        let fetcher = match gate.key_sets().next().map(|_| KeyFetcher::new()) {
            Some(Err(error)) => {
                tracing::error!(target: "doorward", "{error}");
                None
            }
            Some(Ok(fetcher)) => Some(fetcher),
            None => None,
        };
        Self {
            door: Arc::new(Door {
                credentials: Credentials::of(&gate),
                gate,
                clock: Arc::new(clock),
                #[cfg(feature = "fetch")]
                fetcher,
                #[cfg(feature = "fetch")]
                introspector: None,
                key_lookup: None,
                #[cfg(feature = "redis")]
                redis: None,
                #[cfg(feature = "metrics")]
                metrics: None,
            }),
        }
    }

    /// For what is said while a layer is made: nobody shares it yet.
    fn door(&mut self) -> &mut Door {
        Arc::make_mut(&mut self.door)
    }

    /// The same layer with another fetcher of keys.
    #[cfg(feature = "fetch")]
    #[must_use]
    pub fn with_fetcher(mut self, fetcher: KeyFetcher) -> Self {
        self.door().fetcher = Some(fetcher);
        self
    }

    /// The same layer, which asks there about opaque tokens: for a gate with
    /// [`introspection`](doorward::gate::GateBuilder::introspection). Without one such tokens are answered with 503.
    #[cfg(feature = "fetch")]
    #[must_use]
    pub fn with_introspector(mut self, introspector: Introspector) -> Self {
        self.door().introspector = Some(introspector);
        self
    }

    /// The same layer, which asks `look_up` for API keys that the gate does not know, by their SHA-256: for a gate with an
    /// [`api_key_lookup`](doorward::gate::GateBuilder::api_key_lookup). No answer within its deadline, or an error, which is
    /// logged, is 503.
    ///
    /// ```
    /// # use std::{collections::HashMap, sync::Arc};
    /// use doorward::api_keys::{ApiKey, KeyDigest};
    /// use doorward::gate::{Gate, KeyLookup};
    /// use doorward::policy::Policy;
    /// use doorward_axum::GuardLayer;
    ///
    /// # async fn select(_: String) -> Result<Option<String>, std::io::Error> { Ok(None) }
    /// let gate = Gate::builder().api_key_lookup(KeyLookup::new()).policy(Policy::allow_all()).build_random()?;
    /// let layer = GuardLayer::new(Arc::new(gate)).with_key_lookup(|digest: KeyDigest| async move {
    ///     let customer = select(digest.to_hex()).await?;
    ///     Ok::<_, std::io::Error>(customer.map(|id| ApiKey::new(id).role("user")))
    /// });
    /// # Ok::<(), doorward::gate::GateError>(())
    /// ```
    #[must_use]
    pub fn with_key_lookup<F, E>(mut self, look_up: impl Fn(KeyDigest) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Option<ApiKey>, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.door().key_lookup = Some(Arc::new(move |digest| {
            let answer = look_up(digest);
            Box::pin(async move { answer.await.map_err(Into::into) })
        }));
        self
    }

    /// The same layer, which counts the gate's [shared limit](doorward::gate::GateBuilder::shared_limit) there. Without a
    /// server such a gate goes by its fallback.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use doorward::api_keys::{ApiKey, ApiKeys};
    /// use doorward::gate::Gate;
    /// use doorward::policy::Policy;
    /// use doorward::rate::shared::{Fallback, Settings};
    /// use doorward_axum::{GuardLayer, Redis};
    ///
    /// let keys = ApiKeys::builder().add("a-key-nobody-guesses", ApiKey::new("ci")).build_random()?;
    /// let limit = Settings::new("principal").fallback(Fallback::LocalAtLimitOver(2));
    /// let gate = Gate::builder().api_keys(keys).policy(Policy::allow_all()).shared_limit(limit).build_random()?;
    /// let layer = GuardLayer::new(Arc::new(gate)).with_redis(Redis::new("redis://127.0.0.1:6379")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn with_redis(mut self, redis: crate::redis::Redis) -> Self {
        self.door().redis = Some(redis);
        self
    }

    /// The same layer, which counts what it decides.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_metrics(mut self, metrics: crate::Metrics) -> Self {
        self.door().metrics = Some(metrics);
        self
    }

    /// Fetches the gate's key sets, so that the first caller need not wait for them. What fails is logged, and tried
    /// again when it is needed.
    #[cfg(feature = "fetch")]
    pub async fn fetch_keys(&self) {
        if let Some(fetcher) = &self.door.fetcher {
            fetcher.refreshed(&self.door.gate, &self.door.clock).await;
        }
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { inner, door: Arc::clone(&self.door) }
    }
}

impl fmt::Debug for GuardLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardLayer").field("gate", &self.door.gate).finish_non_exhaustive()
    }
}

/// A service behind a gate; made by [`GuardLayer`].
#[derive(Clone)]
pub struct Guard<S> {
    inner: S,
    door: Arc<Door>,
}

impl<S: fmt::Debug> fmt::Debug for Guard<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("inner", &self.inner)
            .field("gate", &self.door.gate)
            .finish_non_exhaustive()
    }
}

impl<S, Sent, Given> Service<Request<Sent>> for Guard<S>
where
    S: Service<Request<Body>, Response = Response<Given>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    Sent: http_body::Body<Data = Bytes> + Send + 'static,
    Sent::Error: Into<Box<dyn Error + Send + Sync>>,
    Given: http_body::Body<Data = Bytes> + Send + 'static,
    Given::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Sent>) -> Self::Future {
        // The clone that was made ready is the one to be called.
        let ready = self.inner.clone();
        let inner = mem::replace(&mut self.inner, ready);
        let door = Arc::clone(&self.door);
        Box::pin(async move { Ok(guard(inner, &door, request).await) })
    }
}

async fn guard<S, Sent, Given>(mut inner: S, door: &Arc<Door>, request: Request<Sent>) -> Response<Body>
where
    S: Service<Request<Body>, Response = Response<Given>, Error = Infallible>,
    Sent: http_body::Body<Data = Bytes> + Send + 'static,
    Sent::Error: Into<Box<dyn Error + Send + Sync>>,
    Given: http_body::Body<Data = Bytes> + Send + 'static,
    Given::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (gate, clock) = (&door.gate, &door.clock);
    let began = clock();
    let (mut parts, body) = request.into_parts();
    // What an outer layer may have put there is not this gate's word.
    parts.extensions.remove::<doorward::gate::Principal>();
    door.credentials.hide(&mut parts.headers);
    let mut step = gate.begin(&request::head(gate, &parts), began);
    door.refresh(began);
    if let Step::Ask(ask) = step {
        step = door.asked(ask).await;
    }
    let mut reading = match step {
        Step::NeedBody(need) => read(gate, clock, need, declared(&parts), body).await,
        step => {
            // What the gate has not read it has not decided on, so nobody gets it.
            let unread = has_body(&parts);
            parts.headers.remove(http::header::CONTENT_LENGTH);
            parts.headers.remove(http::header::TRANSFER_ENCODING);
            Reading { step, body: Body::empty(), unread }
        }
    };
    if let Step::Ask(ask) = reading.step {
        reading.step = door.asked(ask).await;
    }
    let Reading { step, body, unread } = reading;
    let must_end = unread && parts.version <= http::Version::HTTP_11;
    let decided = answered(gate, clock, step);
    // Behind all that the decision took: a signature's check as well.
    let at = clock();
    let micros = at.mono.saturating_sub(began.mono);
    let mut response = match decided {
        Ok(admitted) => {
            let event = admitted.audit(at, micros);
            door.count(&event);
            log::admitted(&admitted, event);
            parts.extensions.insert(admitted.principal.clone());
            session::inward(gate, &admitted, &mut parts.headers);
            let credential = parts.headers.get(http::header::AUTHORIZATION).cloned();
            let response = match inner.call(Request::from_parts(parts, body)).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            finish(door, &admitted, credential, response).await
        }
        Err(denial) => {
            let event = denial.audit(at, micros);
            door.count(&event);
            log::denied(&denial, event);
            refuse(*denial)
        }
    };
    // HTTP/1 can't go on behind a body that nobody reads (RFC 9112 §9.3), so the connection is closed: a client that
    // isn't told so sends its next request into it. HTTP/2 knows no such header.
    if must_end {
        response.headers_mut().insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// What came of a request's head, and of its body where that had a say.
struct Reading {
    step: Step,
    /// For the service behind.
    body: Body,
    /// Whether there is some of it that nobody has read.
    unread: bool,
}

/// Whether a request has a body at all (RFC 9112 §6.3).
fn has_body(parts: &http::request::Parts) -> bool {
    declared(parts) > 0 || parts.headers.contains_key(http::header::TRANSFER_ENCODING)
}

/// The length a request says its body has, in bytes. Not left to the body's own hint: layers outside the guard, such as
/// tower-http's timeouts, wrap the body and give none.
fn declared(parts: &http::request::Parts) -> u64 {
    let value = parts.headers.get(http::header::CONTENT_LENGTH);
    value.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0)
}

/// Reads the body, decides, and gives the bytes back for the service behind.
async fn read<Sent>(gate: &Gate, clock: &Clock, need: NeedBody, declared: u64, body: Sent) -> Reading
where
    Sent: http_body::Body<Data = Bytes>,
    Sent::Error: Into<Box<dyn Error + Send + Sync>>,
{
    // A body that says it is too long is not read at all.
    let limit = need.limit();
    let failed =
        |need, why| Reading { step: gate.body(need, why, clock()), body: Body::empty(), unread: true };
    if declared.max(body.size_hint().lower()) > limit as u64 {
        return failed(need, Read::TooLarge);
    }
    match tokio::time::timeout(BODY_TIME, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => {
            let bytes = collected.to_bytes();
            let step = gate.body(need, Read::Read(&bytes), clock());
            Reading { step, body: Body::from(bytes), unread: false }
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => failed(need, Read::TooLarge),
        Ok(Err(_)) | Err(_) => failed(need, Read::Broken),
    }
}

impl Door {
    #[cfg(feature = "metrics")]
    fn count(&self, event: &AuditEvent<'_>) {
        if let Some(metrics) = &self.metrics {
            metrics.decided(event);
        }
    }

    #[cfg(not(feature = "metrics"))]
    const fn count(&self, _: &AuditEvent<'_>) {}

    /// Sees to what the gate should know soon.
    #[cfg(feature = "fetch")]
    fn refresh(&self, now: Now) {
        if let Some(fetcher) = &self.fetcher {
            fetcher.refresh(&self.gate, &self.clock, now);
        }
    }

    #[cfg(not(feature = "fetch"))]
    const fn refresh(&self, _: Now) {}

    /// Sees to the gate's questions. Boxed, for few requests have any, and every request would carry their room about.
    fn asked(&self, mut ask: Ask) -> Pin<Box<dyn Future<Output = Step> + Send + '_>> {
        Box::pin(async move {
            loop {
                match self.resumed(ask).await {
                    Step::Ask(next) => ask = next,
                    step => return step,
                }
            }
        })
    }

    async fn resumed(&self, mut ask: Ask) -> Step {
        let answer = match ask.question_mut() {
            #[cfg(feature = "fetch")]
            Question::Keys(wanted) => match &self.fetcher {
                Some(fetcher) => fetcher.answer(wanted, &self.clock).await,
                None => Answer::Unavailable,
            },
            #[cfg(feature = "fetch")]
            Question::Introspect(wanted) => match &self.introspector {
                Some(introspector) => introspector.answer(wanted).await,
                None => Answer::Unavailable,
            },
            Question::ApiKey(wanted) => match &self.key_lookup {
                Some(look_up) => looked_up(look_up, wanted).await,
                None => Answer::Unavailable,
            },
            #[cfg(feature = "redis")]
            Question::SharedLimit(wanted) => match &self.redis {
                Some(redis) => Answer::SharedLimit(redis.run(wanted.command(), (self.clock)()).await),
                None => Answer::Unavailable,
            },
            _ => Answer::Unavailable,
        };
        #[cfg(feature = "redis")]
        if matches!(ask.question(), Question::SharedLimit(_)) {
            let step = self.gate.resume(ask, answer, (self.clock)());
            if let (Some(redis), Some(limit)) = (&self.redis, self.gate.shared_limit()) {
                redis.tell(limit);
            }
            return step;
        }
        self.gate.resume(ask, answer, (self.clock)())
    }
}

async fn looked_up(look_up: &KeyLookUp, wanted: &KeyWanted) -> Answer {
    match tokio::time::timeout(wanted.deadline(), look_up(*wanted.digest())).await {
        Ok(Ok(entry)) => Answer::ApiKey(entry.map(Box::new)),
        Ok(Err(error)) => {
            tracing::error!(target: "doorward", "the look-up of an API key failed: {error}");
            Answer::Unavailable
        }
        Err(_) => {
            tracing::error!(target: "doorward", deadline = ?wanted.deadline(), "the look-up of an API key took too long");
            Answer::Unavailable
        }
    }
}

/// The end of a request's steps. Its questions have been seen to; one that were left would be answered with
/// "unavailable".
fn answered(gate: &Gate, clock: &Clock, mut step: Step) -> Result<Admitted, Box<Denial>> {
    loop {
        step = match step {
            Step::Admitted(admitted) => return Ok(admitted),
            Step::Denied(denial) => return Err(denial),
            Step::Ask(ask) => gate.resume(ask, Answer::Unavailable, clock()),
            Step::NeedBody(need) => gate.body(need, Read::Broken, clock()),
        }
    }
}

async fn finish<Given>(
    door: &Arc<Door>,
    admitted: &Admitted,
    credential: Option<HeaderValue>,
    response: Response<Given>,
) -> Response<Body>
where
    Given: http_body::Body<Data = Bytes> + Send + 'static,
    Given::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (mut parts, body) = response.into_parts();
    // Room for them all, and for the length that is added last: a map that grows puts what it has in anew.
    parts.headers.reserve(headers::RATE + 1);
    parts.headers.extend(headers::rate(&door.gate.rate_headers(admitted)));
    session::outward(&door.gate, admitted, &mut parts.headers);
    let body = match Begun::of(Body::new(body)).await {
        Begun::Whole(body) => body,
        Begun::Lasting(body) => lasting(door, admitted, credential, body),
    };
    Response::from_parts(parts, body)
}

/// A body that takes its time: it ends when its credential does.
fn lasting(door: &Arc<Door>, admitted: &Admitted, credential: Option<HeaderValue>, body: Rest) -> Body {
    // An answer that knows its length is there, or nearly.
    #[cfg(feature = "metrics")]
    let counting = door.metrics.as_ref().filter(|_| !body.says_its_length()).map(crate::Metrics::stream);
    let (door, principal) = (Arc::clone(door), admitted.principal.clone());
    let left = admitted.valid_until.map(|until| until - (door.clock)().unix);
    let good = move || {
        let now = (door.clock)();
        // Where there is nothing but long answers, nobody else asks the issuers.
        door.refresh(now);
        door.gate.still_good(&principal, request::bearer(credential.as_ref()), now)
    };
    let ending = Ending::new(body, left, good);
    #[cfg(feature = "metrics")]
    let ending = ending.counted(counting);
    Body::new(ending)
}

fn refuse(denial: Denial) -> Response<Body> {
    let body = match denial.body {
        std::borrow::Cow::Borrowed(text) => Body::from(text),
        std::borrow::Cow::Owned(text) => Body::from(text),
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        http::StatusCode::from_u16(denial.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in denial.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(headers::name(name), value);
        }
    }
    response
}
