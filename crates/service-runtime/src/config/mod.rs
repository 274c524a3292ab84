//! Configuration: embedded defaults < file < environment.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What is wrong with a configuration: names the key, its variable and what would do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// A daemon's own section.
pub trait Section: DeserializeOwned + Send + 'static {
    /// Checks the values against each other and against the shared sections.
    fn check(&self, runtime: &RuntimeConfig) -> Result<(), ConfigError>;
}

/// The sections that every daemon has.
#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// `[kafka]`
    pub kafka: KafkaConfig,
    /// `[topics]`
    pub topics: Topics,
    /// `[service]` `shutdown_timeout`
    pub shutdown_timeout: Duration,
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

/// `[kafka]`
#[derive(Debug, Clone)]
pub struct KafkaConfig {
    /// `session_timeout`
    pub session_timeout: Duration,
}
