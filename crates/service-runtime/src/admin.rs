//! The admin endpoints: plain HTTP/1.1, read-only.

use std::net::SocketAddr;
use std::sync::Arc;
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
use tokio::sync::Semaphore;

use crate::Health;

/// One request and its answer; a connection is closed after it.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_CONNECTIONS: usize = 64;
/// Request line and headers; bodies aren't read at all.
const MAX_REQUEST_BYTES: usize = 16 * 1024;

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
    let router = router(Endpoints { health, registry });
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let permit = Arc::clone(&permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: others must end first.
                tracing::debug!(%error, "cannot accept a connection to the admin endpoints");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let router = router.clone();
        tokio::spawn(async move {
            answer(stream, router).await;
            drop(permit);
        });
    }
}

async fn answer(stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(MAX_REQUEST_BYTES)
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // A client that went away or was too slow is nobody's problem here.
    let _ = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await;
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
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::Reason;

    struct Server {
        address: SocketAddr,
        health: Health,
        registry: Registry,
    }

    async fn start() -> Server {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (health, registry) = (Health::default(), Registry::new());
        tokio::spawn(serve(listener, health.clone(), registry.clone()));
        Server {
            address,
            health,
            registry,
        }
    }

    impl Server {
        /// Status code and body.
        async fn ask(&self, request: &str) -> (u16, String) {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            (status, body.to_owned())
        }

        async fn get(&self, path: &str) -> (u16, String) {
            self.ask(&format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"))
                .await
        }
    }

    #[tokio::test]
    async fn readiness_follows_the_reasons_and_lists_them() {
        let server = start().await;
        assert_eq!(server.get("/readyz").await, (200, "ready\n".into()));
        server
            .health
            .wait_for(Reason::Starting, "loading the model");
        server.health.wait_for(Reason::Kafka, "no broker");
        assert_eq!(
            server.get("/readyz").await,
            (503, "no broker\nloading the model\n".into())
        );
        assert_eq!(server.get("/livez").await, (200, "live\n".into()));
    }

    #[tokio::test]
    async fn a_failure_ends_liveness_under_both_names() {
        let server = start().await;
        server.health.failed("fenced");
        assert_eq!(server.get("/livez").await, (503, "fenced\n".into()));
        assert_eq!(server.get("/healthz").await, (503, "fenced\n".into()));
    }

    #[tokio::test]
    async fn metrics_are_prometheus_text() {
        let server = start().await;
        let counter = prometheus::IntCounter::new("fraud_things_total", "Things.").unwrap();
        server.registry.register(Box::new(counter.clone())).unwrap();
        counter.inc();
        let (status, body) = server.get("/metrics").await;
        assert_eq!(status, 200);
        assert!(
            body.contains("# TYPE fraud_things_total counter\nfraud_things_total 1\n"),
            "{body}"
        );
    }

    #[tokio::test]
    async fn the_index_lists_the_endpoints_and_nothing_else_exists() {
        let server = start().await;
        let (status, index) = server.get("/").await;
        assert_eq!(status, 200);
        for path in ["/livez", "/readyz", "/metrics"] {
            assert!(index.contains(path), "{index}");
        }
        assert_eq!(server.get("/debug").await.0, 404);
    }

    #[tokio::test]
    async fn only_reading_is_allowed() {
        let server = start().await;
        let head = server.ask("HEAD /livez HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert_eq!(head, (200, String::new()));
        let post = "POST /livez HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi";
        assert_eq!(server.ask(post).await.0, 405);
    }

    #[tokio::test]
    async fn an_endless_request_is_refused() {
        let server = start().await;
        let path = "a".repeat(2 * MAX_REQUEST_BYTES);
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // The answer may come, and the connection end, before all of it is written.
        let _ = stream.write_all(format!("GET /{path}").as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
        assert_eq!(server.get("/livez").await.0, 200);
    }
}
