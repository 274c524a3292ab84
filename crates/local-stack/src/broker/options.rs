//! What broker to start.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use crate::{DEFAULT_KAFKA_VERSION, Listener, Security};

/// What broker to start.
#[derive(Debug, Clone)]
pub struct BrokerOptions {
    /// The Kafka version; by default the environment's `KAFKA_VERSION`, else
    /// [`DEFAULT_KAFKA_VERSION`].
    pub version: String,
    /// Where it keeps its data; an existing folder goes on where it stopped.
    /// `None`: a temporary folder, which is removed with the broker.
    pub data: Option<PathBuf>,
    /// Where clients reach it; the first is the one that [`address`](super::Broker::address)
    /// gives, and the broker itself uses it too: it must be `PLAINTEXT`, or security's own.
    pub listeners: Vec<Listener>,
    /// What it asks of its clients; `None`: nothing.
    pub security: Option<Arc<Security>>,
    /// Broker properties over the ones for tests.
    pub properties: BTreeMap<String, String>,
}

impl Default for BrokerOptions {
    fn default() -> Self {
        Self {
            version: env::var("KAFKA_VERSION").unwrap_or_else(|_| DEFAULT_KAFKA_VERSION.to_owned()),
            data: None,
            listeners: vec![Listener::new("PLAINTEXT", "PLAINTEXT")],
            security: None,
            properties: BTreeMap::new(),
        }
    }
}

impl BrokerOptions {
    /// A broker that asks of its clients what this security says.
    pub fn secured(security: Arc<Security>) -> Self {
        Self {
            listeners: vec![security.listener("SECURED")],
            security: Some(security),
            ..Self::default()
        }
    }
}
