//! The sections that every daemon has, as `config.shared.toml` documents them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;
use super::types::{Secret, duration, read_secret_file};

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

/// `[kafka]`
#[derive(Debug, Clone, Deserialize)]
pub struct KafkaConfig {
    /// `host:port`, several with commas.
    pub bootstrap_servers: String,
    /// How to talk to the brokers.
    pub security_protocol: SecurityProtocol,
    /// Such as `SCRAM-SHA-512`.
    pub sasl_mechanism: String,
    /// The SASL user.
    pub username: String,
    /// The SASL user's password, from `password` or `password_file`.
    pub password: Secret,
    password_file: PathBuf,
    /// Trusted certificates (PEM); empty: the system's.
    pub ca_file: PathBuf,
    /// After this long without a heartbeat a member's partitions go to others.
    #[serde(deserialize_with = "duration")]
    pub session_timeout: Duration,
    /// librdkafka properties of all clients, by their dotted names.
    pub properties: BTreeMap<String, String>,
    /// librdkafka properties of consumers.
    pub consumer_properties: BTreeMap<String, String>,
    /// librdkafka properties of producers.
    pub producer_properties: BTreeMap<String, String>,
}

/// `security_protocol`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityProtocol {
    /// Neither encrypted nor authenticated.
    Plaintext,
    /// Encrypted.
    Ssl,
    /// Authenticated, not encrypted.
    SaslPlaintext,
    /// Authenticated and encrypted.
    SaslSsl,
}

impl SecurityProtocol {
    /// Whether a user and a password are needed.
    pub(crate) fn has_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    /// Whether the connection is encrypted.
    pub(crate) fn has_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    /// librdkafka's name of it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }
}

impl KafkaConfig {
    /// Reads the files that keys name and checks the keys against each other.
    pub(super) fn settle(&mut self) -> Result<(), ConfigError> {
        let password = std::mem::take(&mut self.password);
        self.password = password.or_from_file("kafka.password", &self.password_file)?;
        ConfigError::all([
            super::required("kafka.bootstrap_servers", &self.bootstrap_servers),
            self.check_session_timeout(),
            self.check_user(),
            self.check_ca_file(),
        ])
    }

    /// A member whose session outlasts its polls (5 min by librdkafka's default) can't be made.
    fn check_session_timeout(&self) -> Result<(), ConfigError> {
        if (Duration::from_secs(1)..=Duration::from_secs(300)).contains(&self.session_timeout) {
            return Ok(());
        }
        Err(ConfigError(
            "kafka.session_timeout must lie between 1s and 5m: shorter ends on every hiccup, longer than \
             a poll may last (max.poll.interval.ms) is refused"
                .into(),
        ))
    }

    fn check_user(&self) -> Result<(), ConfigError> {
        if !self.security_protocol.has_sasl() {
            if self.username.is_empty() && self.password.is_empty() {
                return Ok(());
            }
            return Err(ConfigError(format!(
                "kafka.username and kafka.password do nothing while kafka.security_protocol is \"{0}\": \
                 set it to \"sasl_ssl\" or \"sasl_plaintext\"",
                self.security_protocol.name()
            )));
        }
        let password = if self.password.is_empty() {
            Err(ConfigError(
                "kafka.password or kafka.password_file must be set (or FRAUD__KAFKA__PASSWORD)"
                    .into(),
            ))
        } else {
            Ok(())
        };
        ConfigError::all([super::required("kafka.username", &self.username), password])
    }

    fn check_ca_file(&self) -> Result<(), ConfigError> {
        if self.ca_file.as_os_str().is_empty() {
            return Ok(());
        }
        if !self.security_protocol.has_tls() {
            return Err(ConfigError(format!(
                "kafka.ca_file does nothing while kafka.security_protocol is \"{}\": set it to \"sasl_ssl\" or \"ssl\"",
                self.security_protocol.name()
            )));
        }
        std::fs::File::open(&self.ca_file)
            .map(|_| ())
            .map_err(|error| {
                ConfigError(format!(
                    "kafka.ca_file: cannot read {}: {error}",
                    self.ca_file.display()
                ))
            })
    }
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

/// `[admin]`
#[derive(Debug, Clone, Deserialize)]
pub struct AdminConfig {
    /// Where the admin endpoints listen; port 0 takes a free one.
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
    /// Reads the file that holds the secret.
    pub(super) fn settle(&mut self) -> Result<(), ConfigError> {
        let secret = std::mem::take(&mut self.secret_access_key);
        self.secret_access_key = secret.or_from_file(
            "object_store.secret_access_key",
            &self.secret_access_key_file,
        )?;
        Ok(())
    }
}

/// `[mlflow]`
#[derive(Debug, Clone, Deserialize)]
pub struct MlflowConfig {
    /// The tracking server; empty: none.
    pub tracking_uri: String,
    token_file: PathBuf,
}

impl MlflowConfig {
    /// The bearer token in `token_file`, read anew because it may be rotated;
    /// `None` where there is no such file configured.
    pub fn token(&self) -> Result<Option<Secret>, ConfigError> {
        if self.token_file.as_os_str().is_empty() {
            return Ok(None);
        }
        read_secret_file(&self.token_file)
            .map(Some)
            .map_err(|error| {
                ConfigError(format!(
                    "mlflow.token_file: cannot read {}: {error}",
                    self.token_file.display()
                ))
            })
    }
}
