//! The little of HTTP that asks a daemon's admin endpoints.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// Such as 200.
    pub status: u16,
    /// The text.
    pub body: String,
}

/// `GET http://<address><path>`.
pub fn http_get(address: SocketAddr, path: &str) -> Result<HttpResponse> {
    let answer = request(address, path).with_context(|| format!("GET http://{address}{path}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").context("half an answer")?;
    let status = head.split(' ').nth(1).context("an answer without status")?;
    Ok(HttpResponse {
        status: status
            .parse()
            .with_context(|| format!("status {status:?}"))?,
        body: body.to_owned(),
    })
}

/// HTTP/1.0: the server closes after a body that isn't chunked.
fn request(address: SocketAddr, path: &str) -> Result<String> {
    let timeout = Duration::from_secs(10);
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
