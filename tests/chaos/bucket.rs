//! An S3 server behind a proxy.

use std::net::SocketAddr;

use anyhow::Result;
use local_stack::{ChildProcess, Proxy, free_port};

use crate::python;
use crate::stack::PATIENCE;

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
