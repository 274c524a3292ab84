//! `[kafka]`: how to reach the brokers, and as whom.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;
use super::types::{Secret, duration};

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
    /// librdkafka properties of all clients, by their dotted names; some are secrets.
    pub properties: BTreeMap<String, Secret>,
    /// librdkafka properties of consumers.
    pub consumer_properties: BTreeMap<String, Secret>,
    /// librdkafka properties of producers.
    pub producer_properties: BTreeMap<String, Secret>,
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
