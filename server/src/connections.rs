//! Connections: how many there are, and what each may take before its first request is read.
//!
//! `axum::serve` sets no timer, so with it whoever sends half a head, or nothing, holds a connection for ever.

use axum::Router;
use axum::body::Body;
use doorward_axum::PeerAddress;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// How many connections there may be at once; further ones wait to be accepted.
const CONNECTIONS: usize = 4096;
/// How long a head may take to arrive, from the connection's start or the answer before it.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// The longest head, in bytes: what a stranger can make the server keep.
const LONGEST_HEAD: usize = 64 * 1024;
/// How long to wait when no connection can be accepted: no more files may be open, for the most part.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves `routes` until `stop`, then ends each connection when its request under way is answered.
pub(crate) async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(LONGEST_HEAD);
    http.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD_TIME);
    let http = Arc::new(http);
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let under_way = GracefulShutdown::new();
    loop {
        let accepted = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            accepted = accepted => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(target: "doorward", %error, "a connection was not accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
        let (http, routes, watcher) = (Arc::clone(&http), routes.clone(), under_way.watcher());
        tokio::spawn(async move {
            let begun = CancellationToken::new();
            let first = begun.clone();
            let service = routes.map_request(move |request: Request<Incoming>| {
                first.cancel();
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(PeerAddress(peer.ip()));
                request
            });
            let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
            let mut connection = pin!(watcher.watch(connection));
            // Until the first request, hyper's timer does not cover the choice between HTTP/1 and HTTP/2.
            tokio::select! {
                _ = &mut connection => {}
                () = sleep(HEAD_TIME) => {
                    if begun.is_cancelled() {
                        let _ = connection.await;
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    under_way.shutdown().await;
}
