//! Binding, serving, and ending well.

use crate::app::App;
use crate::connections;
use crate::ephemeral::Ephemeral;
use doorward::config::Config;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long requests under way may take to end after Ctrl-C before streams, which never end by themselves, are ended.
const FINISH: Duration = Duration::from_secs(5);
/// How long everything may take to end after that.
const GRACE: Duration = Duration::from_secs(5);

/// Binds to the configured address, and writes the port that was chosen into the configuration.
pub(crate) fn bind(config: &mut Config) -> Result<std::net::TcpListener, Box<dyn std::error::Error>> {
    let wanted = SocketAddr::new(config.host, config.port);
    let listener = std::net::TcpListener::bind(wanted)
        .map_err(|error| format!("cannot listen on {wanted}: {error}: set HOST or PORT to a free one"))?;
    listener.set_nonblocking(true)?;
    config.port = listener.local_addr()?.port();
    Ok(listener)
}

/// Serves until Ctrl-C or SIGTERM; requests under way are finished first.
pub(crate) async fn serve(
    app: App,
    listener: std::net::TcpListener,
    config: &Config,
    made: Option<Ephemeral>,
) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::from_std(listener)?;
    let metrics = match config.metrics.zip(app.metrics) {
        Some((wanted, routes)) => Some((listen(wanted, "METRICS_ADDR").await?, routes)),
        None => None,
    };
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
    // Beside serving, so that an issuer that is down keeps nobody else waiting.
    tokio::spawn(async move { app.guard.fetch_keys().await });
    let streams = app.stop;
    let asked = CancellationToken::new();
    if let Some((listener, routes)) = metrics {
        let address = listener.local_addr()?;
        tracing::info!(target: "doorward", %address, "counters are served");
        tokio::spawn(connections::serve(listener, routes, asked.clone()));
    }
    let server = connections::serve(listener, app.routes, asked.clone());
    let ending = async {
        asked_to_stop().await;
        tracing::info!(target: "doorward", "stopping: requests under way are finished first");
        asked.cancel();
        tokio::time::sleep(FINISH).await;
        streams.cancel();
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = server => {}
        () = ending => {
            tracing::warn!(
                target: "doorward",
                seconds = (FINISH + GRACE).as_secs(),
                "requests still under way were cut off"
            );
        }
    }
    tracing::info!(target: "doorward", "stopped");
    Ok(())
}

async fn listen(wanted: SocketAddr, setting: &str) -> Result<TcpListener, String> {
    TcpListener::bind(wanted)
        .await
        .map_err(|error| format!("cannot listen on {wanted}: {error}: set {setting} to a free one"))
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
