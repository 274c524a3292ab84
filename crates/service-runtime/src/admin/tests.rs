//! Over real sockets.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::Reason;

struct Server {
    address: SocketAddr,
    health: Health,
    registry: Registry,
}

async fn start() -> Server {
    start_within(LIMITS).await
}

async fn start_within(limits: Limits) -> Server {
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (health, registry) = (Health::default(), Registry::new());
    let endpoints = Endpoints {
        health: health.clone(),
        registry: registry.clone(),
    };
    tokio::spawn(serve_within(limits, listener, endpoints));
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
    for path in ["/debug", "/config", "/metrics/", "//livez", "/../livez"] {
        assert_eq!(server.get(path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let server = start().await;
    let head = server.ask("HEAD /livez HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(head, (200, String::new()));
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
        // The body isn't waited for.
        let request =
            format!("{method} /livez HTTP/1.1\r\nhost: a\r\ncontent-length: 2000000000\r\n\r\n");
        assert_eq!(server.ask(&request).await.0, 405, "{method}");
    }
}

#[tokio::test]
async fn endless_requests_are_refused() {
    let server = start().await;
    let long = "a".repeat(2 * LIMITS.request_bytes);
    let requests = [
        format!("GET /{long}"),
        format!("GET /livez HTTP/1.1\r\nhost: a\r\nx: {long}"),
        format!(
            "GET /livez HTTP/1.1\r\nhost: a\r\n{}",
            "x: y\r\n".repeat(5_000)
        ),
    ];
    for request in requests {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // The answer may come, and the connection end, before all of it is written.
        let _ = stream.write_all(request.as_bytes()).await;
        assert!(!rest(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(server.get("/livez").await.0, 200);
}

#[tokio::test]
async fn a_client_that_takes_its_time_is_cut_off() {
    let server = start_within(Limits {
        time: Duration::from_millis(100),
        ..LIMITS
    })
    .await;
    for beginning in ["", "GET", "GET /metrics HTTP/1.1\r\nhost: a\r\nx:"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        assert_eq!(rest(&mut stream).await, "", "{beginning}");
    }
    // Every byte comes in time, and the request never does.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    while stream.write_all(b"a").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.get("/livez").await.0, 200);
}

#[tokio::test]
async fn a_probe_is_answered_though_all_connections_are_taken() {
    let server = start().await;
    let mut idle = Vec::new();
    for _ in 0..LIMITS.connections {
        idle.push(TcpStream::connect(server.address).await.unwrap());
    }
    assert_eq!(server.get("/livez").await.0, 200);
    assert_eq!(rest(&mut idle[0]).await, "");
    let last = idle.last_mut().unwrap();
    let request = "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n";
    last.write_all(request.as_bytes()).await.unwrap();
    assert!(rest(last).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_answers_once() {
    let server = start().await;
    let twice = "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n".repeat(2);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(twice.as_bytes()).await.unwrap();
    let answers = rest(&mut stream).await;
    assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
}

/// What comes until the server ends the connection, in order or not.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}
