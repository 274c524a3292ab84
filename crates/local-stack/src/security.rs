//! What a secured broker asks of whoever comes: TLS with a certificate of a private
//! authority, SCRAM-SHA-512, and a right for everything.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rand::distr::{Alphanumeric, SampleString};

use crate::access::jaas;
use crate::authority::{Authority, Host};
use crate::{Access, Listener, Login, TemporaryFolder};

/// The user that may do all: the broker itself, and whoever makes topics and grants rights.
const ADMIN: &str = "admin";
/// As whom the broker comes to its controller, by a certificate.
const BROKER: &str = "broker";

/// The authority, the broker's certificate, and the users' passwords, which nobody else knows.
pub struct Security {
    authority: Authority,
    passwords: BTreeMap<String, String>,
    folder: TemporaryFolder,
}

impl Security {
    /// Security for these users; they may do nothing until they are granted rights.
    pub fn new(users: &[&str]) -> Result<Self> {
        let authority = Authority::new("fraud-stream on this machine")?;
        let folder = TemporaryFolder::new("kafka-security-")?;
        let passwords = users.iter().chain([&ADMIN]).map(|&user| {
            let password = Alphanumeric.sample_string(&mut rand::rng(), 24);
            (user.to_owned(), password)
        });
        let security = Self {
            passwords: passwords.collect(),
            authority,
            folder,
        };
        let certificate = security.authority.issue(BROKER, Host::Here, 30)?;
        security.write("ca.pem", &security.authority.pem()?)?;
        security.write("broker.pem", &certificate)?;
        let admin = security.login(ADMIN).java_properties();
        security.write("admin.properties", admin.as_bytes())?;
        Ok(security)
    }

    /// What this user shows a broker.
    ///
    /// # Panics
    ///
    /// If there is no such user.
    pub fn login(&self, user: &str) -> Login {
        let password = self.passwords.get(user);
        Login {
            user: user.to_owned(),
            password: password.expect("one of the users").clone(),
            ca_file: self.ca_file(),
        }
    }

    /// The broker at `address` (`host:port`), for the one that may do all.
    pub(crate) fn admin(&self, address: String) -> Access {
        Access {
            address,
            login: Some(self.login(ADMIN)),
        }
    }

    /// The admin's configuration for Java's clients.
    pub fn admin_properties(&self) -> PathBuf {
        self.folder.path().join("admin.properties")
    }

    /// Signs the broker's certificate, and could sign others.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A listener on a free port.
    pub fn listener(&self, name: &str) -> Listener {
        self.listener_with(name, &self.folder.path().join("broker.pem"))
    }

    /// A listener that shows the certificate in the file `keys`, after its private key.
    pub fn listener_with(&self, name: &str, keys: &Path) -> Listener {
        let mut listener = Listener::new(name, "SASL_SSL");
        let admin = jaas(ADMIN, &self.passwords[ADMIN]);
        listener.properties = self.keys(keys);
        listener
            .properties
            // As whom the broker comes to itself.
            .insert("scram-sha-512.sasl.jaas.config".to_owned(), admin);
        listener
    }

    /// A broker's properties, those of its listeners for clients aside.
    pub(crate) fn properties(&self) -> BTreeMap<String, String> {
        let mut controller = self.keys(&self.folder.path().join("broker.pem"));
        controller.insert("ssl.client.auth".to_owned(), "required".to_owned());
        let controller = controller
            .into_iter()
            .map(|(key, value)| (format!("listener.name.controller.{key}"), value));
        let others = [
            (
                "authorizer.class.name",
                "org.apache.kafka.metadata.authorizer.StandardAuthorizer".to_owned(),
            ),
            ("super.users", format!("User:{ADMIN};User:CN={BROKER}")),
            ("sasl.enabled.mechanisms", "SCRAM-SHA-512".to_owned()),
            (
                "sasl.mechanism.inter.broker.protocol",
                "SCRAM-SHA-512".to_owned(),
            ),
        ];
        let others = others.map(|(key, value)| (key.to_owned(), value));
        controller.chain(others).collect()
    }

    /// What `StorageTool format` must be told, so that the users exist from the start on.
    pub(crate) fn format_arguments(&self) -> Vec<String> {
        let users = self.passwords.iter().flat_map(|(user, password)| {
            let user = format!("SCRAM-SHA-512=[name={user},password={password},iterations=4096]");
            ["--add-scram".to_owned(), user]
        });
        users.collect()
    }

    /// What a server shows, and whom it trusts.
    fn keys(&self, keys: &Path) -> BTreeMap<String, String> {
        let pem = || "PEM".to_owned();
        BTreeMap::from([
            ("ssl.keystore.type".to_owned(), pem()),
            (
                "ssl.keystore.location".to_owned(),
                keys.display().to_string(),
            ),
            ("ssl.truststore.type".to_owned(), pem()),
            (
                "ssl.truststore.location".to_owned(),
                self.ca_file().display().to_string(),
            ),
        ])
    }

    fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))
    }
}

/// Without the passwords.
impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Security").finish_non_exhaustive()
    }
}
