//! An S3 server behind a proxy.

use std::net::SocketAddr;

use anyhow::Result;
use local_stack::{ChildProcess, DaemonCommand, Proxy, free_port};

use super::{PATIENCE, python};

/// Tells a daemon to use the bucket at `address`.
pub(crate) fn configure(daemon: DaemonCommand, address: SocketAddr) -> DaemonCommand {
    daemon
        .set("sink.parquet", "s3://bucket/results")
        .set("object_store.endpoint", format!("http://{address}"))
        .set("object_store.region", "us-east-1")
        .set("object_store.access_key_id", "id")
        .set("object_store.secret_access_key", "secret")
}

/// A server with the bucket `bucket`, and the sink's way to it.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) proxy: Proxy,
    server: SocketAddr,
    _process: ChildProcess,
}

impl Bucket {
    /// Starts the server and waits for it.
    pub(crate) fn start() -> Result<Self> {
        let server = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut command = python::script("chaos/python/bucket.py");
        command.arg(server.port().to_string());
        let mut process = ChildProcess::spawn("bucket.py", &mut command)?;
        process.wait_for_line(ChildProcess::stdout, "serving", PATIENCE)?;
        Ok(Self {
            proxy: Proxy::start(server)?,
            server,
            _process: process,
        })
    }

    /// For whoever isn't to be hurt.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server)
    }
}
