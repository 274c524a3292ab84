//! Where a broker listens for clients.

use std::collections::BTreeMap;

use crate::free_port;

/// One listener of a broker on 127.0.0.1.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Its name: upper case, unique in the broker.
    pub name: String,
    /// `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`.
    pub security_protocol: String,
    /// The port, or `None` for a free one.
    pub port: Option<u16>,
    /// What clients are told to connect to, such as a proxy's `host:port`; `None`
    /// for the listener itself.
    pub advertised: Option<String>,
    /// Properties of this listener, without the prefix `listener.name.<name>.`,
    /// such as `ssl.keystore.location`.
    pub properties: BTreeMap<String, String>,
}

impl Listener {
    /// A listener on a free port.
    pub fn new(name: &str, security_protocol: &str) -> Self {
        Self {
            name: name.to_owned(),
            security_protocol: security_protocol.to_owned(),
            port: None,
            advertised: None,
            properties: BTreeMap::new(),
        }
    }

    /// The same listener with a port.
    pub(crate) fn with_port(mut self) -> Self {
        self.port.get_or_insert_with(free_port);
        self
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port.unwrap_or_default())
    }

    pub(crate) fn advertised(&self) -> String {
        self.advertised.clone().unwrap_or_else(|| self.address())
    }
}
