//! `[scorer]`

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use fraud_model::{DotOrder, ModelOptions};
use serde::Deserialize;
use service_runtime::config::{duration, required};
use service_runtime::kafka::Start;
use service_runtime::{ConfigError, RuntimeConfig, Section, object_store};

use crate::model_source::Location;

/// The broker's own bound (`transaction.max.timeout.ms`), which managed Kafka
/// doesn't let one raise.
const LONGEST_TRANSACTION: Duration = Duration::from_secs(15 * 60);

/// `[scorer]`; `config.default.toml` says what each key does.
#[derive(Debug, Clone, Deserialize)]
pub struct ScorerConfig {
    /// Where the model is.
    pub model: String,
    /// Where models are kept that aren't on this machine; empty: with the user's caches.
    pub model_cache: PathBuf,
    /// Name to use instead of the folder's.
    pub model_name: String,
    /// Spark's schema of the input.
    pub input_schema: PathBuf,
    /// How Spark added products.
    pub dot_order: DotOrder,
    /// Transactions and Spark's results to start with.
    pub parity: PathBuf,
    /// The class called fraud.
    pub positive_class: u32,
    /// The consumer group.
    pub group: String,
    /// Where a group without offsets begins; a [`Start`].
    pub start: String,
    /// Where results go.
    pub output: Output,
    /// What a failure may cost.
    pub delivery: DeliveryMode,
    /// Whether results have headers.
    pub headers: bool,
    /// The longest that work stays uncommitted.
    #[serde(deserialize_with = "duration")]
    pub commit_interval: Duration,
    /// When the broker aborts a transaction by itself.
    #[serde(deserialize_with = "duration")]
    pub transaction_timeout: Duration,
    /// Stable and unique for each replica; empty: group and host name.
    pub transactional_id: String,
    /// Consumers with a producer each.
    pub workers: u32,
}

/// Where results go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// To the topic.
    Kafka,
    /// To stdout, as Spark's console sink prints them.
    Console,
}

/// What a failure may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryMode {
    /// Nothing.
    ExactlyOnce,
    /// Results that are sent again.
    AtLeastOnce,
}

impl Output {
    /// Its name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Console => "console",
        }
    }
}

impl DeliveryMode {
    /// Its name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ExactlyOnce => "exactly-once",
            Self::AtLeastOnce => "at-least-once",
        }
    }
}

impl ScorerConfig {
    /// What isn't in the model's folder.
    pub fn model_options(&self) -> ModelOptions {
        ModelOptions {
            name: Some(self.model_name.clone()).filter(|name| !name.is_empty()),
            version: None,
            input_schema: Some(self.input_schema.clone())
                .filter(|path| !path.as_os_str().is_empty()),
            dot_order: self.dot_order,
        }
    }

    /// The folder of parity rows, if it isn't the one beside the model.
    pub(crate) fn parity(&self) -> Option<&Path> {
        Some(self.parity.as_path()).filter(|path| !path.as_os_str().is_empty())
    }

    /// `start`, which the check has parsed before.
    pub(crate) fn start(&self) -> Result<Start, ConfigError> {
        Start::from_str(&self.start).map_err(|error| ConfigError(format!("scorer.start: {error}")))
    }

    /// The transactional id and static member's id of a worker.
    pub(crate) fn worker_id(&self, worker: u32) -> String {
        format!("{}-{worker}", base_id(&self.group, &self.transactional_id))
    }

    fn check_model(&self, runtime: &RuntimeConfig) -> Result<(), ConfigError> {
        if self.model.is_empty() {
            return Err(ConfigError::must_be_set("scorer.model"));
        }
        let location = self.model.parse();
        let location = location.map_err(|error| ConfigError(format!("scorer.model: {error}")))?;
        match location {
            Location::Folder(_) => Ok(()),
            Location::Bucket(url) => object_store::check(&url),
            Location::Registered(_) => runtime.mlflow.tracking_uri().map(drop),
        }
    }

    fn check_times(&self, session_timeout: Duration) -> Result<(), ConfigError> {
        let Self {
            commit_interval,
            transaction_timeout,
            ..
        } = self;
        if commit_interval.is_zero() {
            return fault("scorer.commit_interval must be more than 0");
        }
        if *transaction_timeout > LONGEST_TRANSACTION {
            return fault(format!(
                "scorer.transaction_timeout is {transaction_timeout:?}, but brokers allow 15m at most"
            ));
        }
        if commit_interval >= transaction_timeout {
            return fault(format!(
                "scorer.commit_interval ({commit_interval:?}) must be shorter than \
                 scorer.transaction_timeout ({transaction_timeout:?}), or the broker aborts every transaction"
            ));
        }
        if session_timeout > *transaction_timeout {
            return fault(format!(
                "kafka.session_timeout ({session_timeout:?}) must not be longer than \
                 scorer.transaction_timeout ({transaction_timeout:?}), or the broker aborts the work of a \
                 scorer that the group still counts on"
            ));
        }
        Ok(())
    }

    fn check_output(&self) -> Result<(), ConfigError> {
        if self.workers == 0 {
            return fault("scorer.workers must be at least 1");
        }
        if self.output == Output::Console && self.workers > 1 {
            return fault(
                "scorer.output = \"console\" prints one sequence of batches: set scorer.workers to 1",
            );
        }
        Ok(())
    }
}

impl Section for ScorerConfig {
    fn check(&self, runtime: &RuntimeConfig) -> Result<(), ConfigError> {
        ConfigError::all([
            self.check_model(runtime),
            required("scorer.group", &self.group),
            self.start()
                .and_then(|start| start.check_topic("scorer.start", &runtime.topics.transactions)),
            self.check_times(runtime.kafka.session_timeout),
            self.check_output(),
        ])
    }
}

/// What `replay` needs of `[scorer]`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ReplayConfig {
    group: String,
    transactional_id: String,
}

impl ReplayConfig {
    /// What the transactional ids of this replica begin with.
    pub(crate) fn base_id(&self) -> String {
        base_id(&self.group, &self.transactional_id)
    }
}

impl Section for ReplayConfig {
    fn check(&self, _runtime: &RuntimeConfig) -> Result<(), ConfigError> {
        required("scorer.group", &self.group)
    }
}

fn base_id(group: &str, transactional_id: &str) -> String {
    if transactional_id.is_empty() {
        let host = rustix::system::uname();
        format!("{group}-{}", host.nodename().to_string_lossy())
    } else {
        transactional_id.to_owned()
    }
}

fn fault(message: impl Into<String>) -> Result<(), ConfigError> {
    Err(ConfigError(message.into()))
}
