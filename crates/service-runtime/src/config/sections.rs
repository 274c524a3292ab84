//! The sections that every daemon has, as `config.shared.toml` documents them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;
use super::kafka::KafkaConfig;
use super::mlflow::MlflowConfig;
use super::types::{Secret, duration, socket_address};

/// The sections that every daemon has.
#[derive(Debug, Clone, Deserialize)]
pub struct RuntimeConfig {
    /// `[kafka]`
    pub kafka: KafkaConfig,
    /// `[topics]`
    pub topics: Topics,
    /// `[admin]`
    pub admin: AdminConfig,
    /// `[log]`
    pub log: LogConfig,
    /// `[service]`
    pub service: ServiceConfig,
    /// `[object_store]`
    pub object_store: ObjectStoreConfig,
    /// `[mlflow]`
    pub mlflow: MlflowConfig,
}

/// `[topics]`
#[derive(Debug, Clone, Deserialize)]
pub struct Topics {
    /// Where transactions come from.
    pub transactions: String,
    /// Where results go.
    pub results: String,
    /// Where transactions go that can't be scored.
    pub transactions_dead_letter: String,
    /// Where results go that can't be read.
    pub results_dead_letter: String,
}

impl Topics {
    /// Refuses names that Kafka refuses, and one name for two purposes: a dead letter
    /// that comes back as a transaction would go round for ever.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let named = [
            ("topics.transactions", &self.transactions),
            ("topics.results", &self.results),
            (
                "topics.transactions_dead_letter",
                &self.transactions_dead_letter,
            ),
            ("topics.results_dead_letter", &self.results_dead_letter),
        ];
        let mut faults = Vec::new();
        for (index, (key, topic)) in named.into_iter().enumerate() {
            if !is_topic_name(topic) {
                faults.push(Err(ConfigError(format!(
                    "{key} is {topic:?}: a topic's name has 1 to 249 letters, digits, '.', '_' and '-'"
                ))));
            }
            let earlier = named[..index].iter().find(|(_, other)| *other == topic);
            if let Some((other_key, _)) = earlier
                && !is_pair_of_dead_letters(key, other_key)
            {
                faults.push(Err(ConfigError(format!(
                    "{other_key} and {key} are both {topic:?}: each needs a topic of its own"
                ))));
            }
        }
        ConfigError::all(faults)
    }
}

/// Nobody reads dead letters as anything else, so both kinds may share a topic.
fn is_pair_of_dead_letters(key: &str, other_key: &str) -> bool {
    key.ends_with("_dead_letter") && other_key.ends_with("_dead_letter")
}

/// Kafka's rule (`org.apache.kafka.common.internals.Topic`).
fn is_topic_name(name: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=249).contains(&name.len()) && name.bytes().all(is_legal) && name != "." && name != ".."
}

/// `[admin]`
#[derive(Debug, Clone, Deserialize)]
pub struct AdminConfig {
    /// Where the admin endpoints listen; port 0 takes a free one.
    #[serde(deserialize_with = "socket_address")]
    pub address: SocketAddr,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
pub struct LogConfig {
    /// The shape of a line.
    pub format: LogFormat,
    /// tracing's filter; `RUST_LOG` wins.
    pub filter: String,
}

/// `[log]` `format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text where stderr is a terminal, else JSON.
    Auto,
    /// For people.
    Text,
    /// For log collectors.
    Json,
}

/// `[service]`
#[derive(Debug, Clone, Deserialize)]
pub struct ServiceConfig {
    /// From the wish to stop to the exit at the latest.
    #[serde(deserialize_with = "duration")]
    pub shutdown_timeout: Duration,
}

impl ServiceConfig {
    /// Refuses no time at all.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !self.shutdown_timeout.is_zero() {
            return Ok(());
        }
        Err(ConfigError(
            "service.shutdown_timeout is 0s, in which no work at hand can be finished or aborted: \
             leave it time, such as \"25s\""
                .into(),
        ))
    }
}

/// `[object_store]`
#[derive(Debug, Clone, Deserialize)]
pub struct ObjectStoreConfig {
    /// Empty: Amazon's, or `AWS_ENDPOINT_URL`.
    pub endpoint: String,
    /// Empty: `AWS_REGION`.
    pub region: String,
    /// Empty: `AWS_ACCESS_KEY_ID`, or the machine's role.
    pub access_key_id: String,
    /// From `secret_access_key` or `secret_access_key_file`.
    pub secret_access_key: Secret,
    secret_access_key_file: PathBuf,
    /// Whether the bucket is part of the path, not of the host name.
    pub path_style: bool,
    /// The longest that one upload may take.
    #[serde(deserialize_with = "duration")]
    pub put_timeout: Duration,
}

impl ObjectStoreConfig {
    /// Reads the file that holds the secret, and refuses one at another place.
    pub(super) fn settle(&mut self) -> Result<(), ConfigError> {
        let secret = std::mem::take(&mut self.secret_access_key);
        self.secret_access_key = secret.or_from_file(
            "object_store.secret_access_key",
            &self.secret_access_key_file,
        )?;
        // It comes to stand in logs.
        if self.endpoint.contains('@') {
            return Err(ConfigError(
                "object_store.endpoint holds a user: set object_store.access_key_id and \
                 object_store.secret_access_key"
                    .into(),
            ));
        }
        Ok(())
    }
}
