//! The same vectors over HTTP: each gate behind the axum layer on a socket, with the vector's clock.
//!
//! Run are those whose requests HTTP/1.1 can carry as they are told. The address of a peer is put into a header, which the
//! server in front of the layer takes out again. Exact codes are for the log alone and not compared.

use super::{Class, Expect, File, Request, Vector, gate, latin1, load, text};
use axum::extract::Request as Received;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::any;
use doorward::Now;
use doorward_axum::{Authenticated, GuardLayer, PeerAddress};
use doorward_tests::http::{Answer, Connection, Request as Sent};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

const PEER: &str = "x-vector-peer";

fn can_be_sent(vector: &Vector) -> bool {
    let requests = vector.request.iter().chain(vector.steps.iter().map(|step| &step.request));
    let carried = |request: &Request| {
        let body = request.body.as_ref().is_none_or(|body| body.bytes().is_ok());
        body && request.peer.is_some() && request.headers.iter().any(|(name, _)| name == "host")
    };
    let classes = [Class::Limit, Class::Rate, Class::Batch, Class::Policy];
    classes.contains(&vector.class) && requests.into_iter().all(carried)
}

async fn with_peer(mut request: Received, next: Next) -> Response {
    let peer = request.headers_mut().remove(PEER).expect("every request names its peer");
    let peer = peer.to_str().expect("an address is text").parse().expect("a peer is an address");
    request.extensions_mut().insert(PeerAddress(peer));
    next.run(request).await
}

/// A gate behind a socket, and its clock.
struct Served {
    address: SocketAddr,
    clock: Arc<Mutex<Now>>,
}

impl Served {
    fn new(runtime: &Runtime, file: &File, vector: &Vector) -> Self {
        let clock = Arc::new(Mutex::new(Now::new(vector.now.unix, vector.now.mono)));
        let told = Arc::clone(&clock);
        let layer = GuardLayer::with_clock(Arc::new(gate(file, vector)), move || {
            *told.lock().expect("it is only read")
        });
        let routes = axum::Router::new()
            .route("/mcp", any(|Authenticated(caller): Authenticated| async move { caller.id().to_owned() }))
            .layer(layer)
            .layer(from_fn(with_peer));
        let listener =
            runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Self { address, clock }
    }

    fn send(&self, request: &Request, now: Now) -> Answer {
        *self.clock.lock().expect("it is only read") = now;
        let mut sent =
            Sent::new(&request.method, "/mcp").header(PEER, request.peer.as_deref().unwrap_or_default());
        for (name, value) in &request.headers {
            sent = sent.header(name, latin1(value));
        }
        if let Some(Ok(body)) = request.body.as_ref().map(super::Content::bytes) {
            sent = sent.body(body);
        }
        let mut connection = Connection::open(self.address).expect("it listens");
        connection.send(&sent).unwrap_or_else(|error| panic!("no answer: {error} to {sent:?}"))
    }
}

fn compare(expect: &Expect, answer: &Answer) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differs = |what: &str, expected: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug| {
        let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
        if expected != found {
            differences.push(format!("{what}: expected {expected}, found {found}"));
        }
    };
    for (name, expected) in &expect.headers {
        // The service behind has a media type of its own.
        if expect.admitted.is_none() || name != "content-type" {
            differs(name, &expected.as_deref(), &answer.header(name));
        }
    }
    differs("status", &expect.status.or(expect.admitted.as_ref().map(|_| 200)), &Some(answer.status));
    if let Some(body) = expect.admitted.as_ref().or(expect.body.as_ref()) {
        differs("body", &body, &answer.text());
    }
    differences
}

#[test]
fn every_vector_that_http_can_carry_holds_over_http() {
    let file = load(&text()).expect("the vectors have the format this test knows");
    let runtime = Runtime::new().expect("a runtime");
    let (mut failures, mut count, mut limits) = (Vec::new(), 0, 0);
    for vector in file.vectors.iter().filter(|vector| can_be_sent(vector)) {
        let served = Served::new(&runtime, &file, vector);
        let single =
            vector.request.iter().zip(&vector.expect).map(|(request, expect)| (request, expect, 1, None));
        let steps = vector.steps.iter().map(|step| (&step.request, &step.expect, step.repeat, step.now));
        for ((request, expect, repeat, now), number) in single.chain(steps).zip(1..) {
            let now = now.unwrap_or(vector.now);
            for _ in 0..repeat {
                let found = compare(expect, &served.send(request, Now::new(now.unix, now.mono)));
                failures
                    .extend(found.into_iter().map(|found| format!("{} step {number}: {found}", vector.name)));
            }
        }
        count += 1;
        limits += u32::from(vector.class == Class::Limit);
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
    assert!(count >= 80 && limits >= 20, "only {count} vectors, {limits} of limits");
}
