//! The admin endpoints: plain HTTP/1.1, read-only.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use prometheus::{Registry, TextEncoder};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use crate::Health;

/// What a client may ask for.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// For one request and its answer; the connection is closed after it.
    time: Duration,
    /// At once. One more ends the oldest, which had the most time: whoever keeps
    /// connections open can't keep a probe waiting, and so have the daemon restarted.
    connections: usize,
    /// Of request line and headers; bodies aren't read at all.
    request_bytes: usize,
}

const LIMITS: Limits = Limits {
    time: Duration::from_secs(10),
    connections: 64,
    request_bytes: 16 * 1024,
};

const INDEX: &str = "\
/livez    200 unless the daemon should be restarted (the same: /healthz)
/readyz   200 once it does its work, else the reasons
/metrics  for Prometheus
";

#[derive(Debug, Clone)]
struct Endpoints {
    health: Health,
    registry: Registry,
}

/// Listens at `address`; the error names it and its key.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        anyhow::anyhow!(
            "the admin endpoints can't listen on {address}: {error}; choose another admin.address"
        )
    })
}

/// Serves until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, health: Health, registry: Registry) {
    serve_within(LIMITS, listener, Endpoints { health, registry }).await;
}

async fn serve_within(limits: Limits, listener: TcpListener, endpoints: Endpoints) {
    let router = router(endpoints);
    let mut connections: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: others must end first.
                tracing::debug!(%error, "cannot accept a connection to the admin endpoints");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        connections.retain(|connection| !connection.is_finished());
        if connections.len() >= limits.connections
            && let Some(oldest) = connections.pop_front()
        {
            oldest.abort();
        }
        let connection = tokio::spawn(answer(limits, stream, router.clone()));
        connections.push_back(connection.abort_handle());
    }
}

async fn answer(limits: Limits, stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(limits.request_bytes)
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // A client that went away or was too slow is nobody's problem here.
    let _ = tokio::time::timeout(limits.time, connection).await;
}

fn router(endpoints: Endpoints) -> Router {
    Router::new()
        .route("/", get(|| async { INDEX }))
        .route("/livez", get(livez))
        .route("/healthz", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(endpoints)
}

async fn livez(State(endpoints): State<Endpoints>) -> Response {
    verdict(&endpoints.health.not_live(), "live\n")
}

async fn readyz(State(endpoints): State<Endpoints>) -> Response {
    verdict(&endpoints.health.not_ready(), "ready\n")
}

fn verdict(reasons: &[String], good: &'static str) -> Response {
    if reasons.is_empty() {
        return good.into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n").into_response()
}

async fn metrics(State(endpoints): State<Endpoints>) -> Response {
    match TextEncoder::new().encode_to_string(&endpoints.registry.gather()) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

#[cfg(test)]
mod tests;
