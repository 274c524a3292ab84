//! How clients get into a broker.

use std::fmt;
use std::path::PathBuf;

use rdkafka::config::ClientConfig;

/// A broker's address, and what it must be shown there.
#[derive(Clone)]
pub struct Access {
    /// `host:port`, for `bootstrap.servers`.
    pub address: String,
    /// `None` where nobody is asked who he is.
    pub login: Option<Login>,
}

/// A user of a secured broker: SASL_SSL with SCRAM-SHA-512.
#[derive(Clone)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// The authority that signed the broker's certificate, as PEM.
    pub ca_file: PathBuf,
}

impl Access {
    /// A librdkafka client's configuration.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.address)
            // Who watches a broker come back must not be the last to notice.
            .set("reconnect.backoff.max.ms", "200")
            .set("log_level", "0");
        if let Some(login) = &self.login {
            config
                .set("security.protocol", "sasl_ssl")
                .set("sasl.mechanism", "SCRAM-SHA-512")
                .set("sasl.username", &login.user)
                .set("sasl.password", &login.password)
                .set("ssl.ca.location", login.ca_file.to_string_lossy());
        }
        config
    }
}

impl Login {
    /// A file for Java's clients, such as `kafka-topics.sh --command-config` reads.
    pub fn java_properties(&self) -> String {
        let Self { user, password, .. } = self;
        format!(
            "security.protocol=SASL_SSL\n\
             sasl.mechanism=SCRAM-SHA-512\n\
             sasl.jaas.config={}\n\
             ssl.truststore.type=PEM\n\
             ssl.truststore.location={}\n",
            jaas(user, password),
            self.ca_file.display()
        )
    }
}

/// What Java's clients are told of a user.
pub(crate) fn jaas(user: &str, password: &str) -> String {
    format!(
        "org.apache.kafka.common.security.scram.ScramLoginModule required \
         username=\"{user}\" password=\"{password}\";"
    )
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// A broker that asks nobody.
impl From<&str> for Access {
    fn from(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            login: None,
        }
    }
}

/// A broker that asks nobody.
impl From<&String> for Access {
    fn from(address: &String) -> Self {
        Self::from(address.as_str())
    }
}

impl From<&Self> for Access {
    fn from(access: &Self) -> Self {
        access.clone()
    }
}
