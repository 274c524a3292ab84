//! The section `[sink]`; `config.default.toml` says what each key does.

use std::time::Duration;

use serde::Deserialize;
use service_runtime::config::required;
use service_runtime::kafka::Start;
use service_runtime::{ConfigError, RuntimeConfig, Section, object_store};

use crate::roll::RollPolicy;

/// Below this, even one partition's encoder would fill the memory.
const LEAST_MEMORY: u64 = 16 * 1024 * 1024;
/// How long printed lines stay uncommitted where there are no files.
const CONSOLE_COMMIT_INTERVAL: Duration = Duration::from_secs(1);

/// `[sink]`
#[derive(Debug, Clone, Deserialize)]
pub struct SinkConfig {
    /// The consumer group.
    pub group: String,
    /// The static member's id; empty: `<group>-<host name>`.
    pub instance_id: String,
    /// Where to begin without a committed offset and without files.
    #[serde(deserialize_with = "start")]
    pub start: Start,
    /// Whether results are printed.
    pub console: bool,
    /// Folder or `s3://` URL of the result files; empty: none are written.
    pub parquet: String,
    /// Rows of a file.
    pub max_rows: u64,
    /// Encoded bytes of a file.
    #[serde(deserialize_with = "service_runtime::config::bytes")]
    pub max_bytes: u64,
    /// Age of an open file.
    #[serde(deserialize_with = "service_runtime::config::duration")]
    pub max_age: Duration,
    /// Bytes of all open files and uploads.
    #[serde(deserialize_with = "service_runtime::config::bytes")]
    pub memory: u64,
    /// The class whose probability is the column `fraud_probability`.
    pub positive_class: usize,
}

impl SinkConfig {
    /// The static member's id. A host name is stable and unique where each replica
    /// has its own, as in a StatefulSet.
    pub(crate) fn member_id(&self) -> String {
        if self.instance_id.is_empty() {
            let host = rustix::system::uname();
            format!("{}-{}", self.group, host.nodename().to_string_lossy())
        } else {
            self.instance_id.clone()
        }
    }

    /// When ranges of records are closed.
    pub(crate) fn roll_policy(&self) -> RollPolicy {
        let max_age = if self.parquet.is_empty() {
            CONSOLE_COMMIT_INTERVAL
        } else {
            self.max_age
        };
        RollPolicy {
            max_rows: self.max_rows,
            max_bytes: self.max_bytes,
            max_age,
        }
    }

    fn check_outputs(&self) -> Result<(), ConfigError> {
        if !self.console && self.parquet.is_empty() {
            return fault(
                "sink.parquet (or FRAUD__SINK__PARQUET) must name a folder or an s3:// URL, or \
                 sink.console (or FRAUD__SINK__CONSOLE) must be true: results would go nowhere",
            );
        }
        if self.parquet.contains("://") && !object_store::is_url(&self.parquet) {
            return fault("sink.parquet must be a folder or a URL such as \"s3://bucket/prefix\"");
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<(), ConfigError> {
        if self.max_rows == 0 {
            return fault("sink.max_rows must be at least 1");
        }
        if self.max_age.is_zero() {
            return fault("sink.max_age must not be zero: every record would become a file");
        }
        if self.memory < LEAST_MEMORY {
            return fault(
                "sink.memory must be at least \"16MiB\": encoding one partition's file takes that much",
            );
        }
        if self.max_bytes == 0 || self.max_bytes > self.memory {
            return fault(
                "sink.max_bytes must be above zero and not above sink.memory: a file is held in \
                 memory until it is published, so it can't become longer than that",
            );
        }
        Ok(())
    }
}

impl Section for SinkConfig {
    fn check(&self, runtime: &RuntimeConfig) -> Result<(), ConfigError> {
        ConfigError::all([
            required("sink.group", &self.group),
            self.start
                .check_topic("sink.start", &runtime.topics.results),
            self.check_outputs(),
            self.check_limits(),
        ])
    }
}

fn fault(text: &str) -> Result<(), ConfigError> {
    Err(ConfigError(text.to_owned()))
}

fn start<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Start, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests;
