//! Binding, serving, and ending well.

use crate::app::App;
use crate::ephemeral::Ephemeral;
use axum_server::Handle;
use doorward::config::Config;
use hyper_util::rt::TokioTimer;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long requests under way may take to end after Ctrl-C before streams, which never end by themselves, are ended.
const FINISH: Duration = Duration::from_secs(5);
/// How long a client may take to send a request's head, or to begin one on a connection it keeps.
const HEAD: Duration = Duration::from_secs(30);
/// How long everything may take to end after that.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until Ctrl-C or SIGTERM; requests under way are finished first.
pub(crate) async fn serve(
    app: App,
    config: &Config,
    made: Option<Ephemeral>,
) -> Result<(), Box<dyn std::error::Error>> {
    let wanted = SocketAddr::new(config.host, config.port);
    let listener = TcpListener::bind(wanted)
        .await
        .map_err(|error| format!("cannot listen on {wanted}: {error}: set HOST or PORT to a free one"))?;
    let address = listener.local_addr()?;
    let url = format!("http://{address}/mcp");
    tracing::info!(target: "doorward", %address, "listening");
    if !config.host.is_loopback() {
        tracing::warn!(
            target: "doorward",
            "reachable from other machines, and speaks plain HTTP: put a proxy with TLS in front of it, or every \
             credential can be read on the way"
        );
    }
    if let Some(made) = made {
        made.show(&url);
    }
    let handle = Handle::new();
    tokio::spawn(stop_when_asked(handle.clone(), app.stop));
    let mut server = axum_server::from_tcp(listener.into_std()?)?.handle(handle);
    server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    server.http_builder().http2().timer(TokioTimer::new()).keep_alive_interval(HEAD).keep_alive_timeout(HEAD);
    server.serve(app.routes.into_make_service_with_connect_info::<SocketAddr>()).await?;
    tracing::info!(target: "doorward", "stopped");
    Ok(())
}

async fn stop_when_asked(handle: Handle<SocketAddr>, streams: CancellationToken) {
    asked_to_stop().await;
    tracing::info!(target: "doorward", "stopping: requests under way are finished first");
    handle.graceful_shutdown(Some(FINISH + GRACE));
    tokio::time::sleep(FINISH).await;
    streams.cancel();
}

async fn asked_to_stop() {
    let interrupt = async {
        // Where no handler can be installed, Ctrl-C ends the process as it does any other.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
