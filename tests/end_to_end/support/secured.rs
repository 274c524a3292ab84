//! A broker with more doors and users than daemons need: to stand before the wrong one.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use anyhow::Result;
use local_stack::{
    Authority, Broker, BrokerOptions, Host, Listener, Security, TemporaryFolder, USERS,
};

use super::python::output;

/// Beside those of the table, for one test each, and with what it grants them.
const STRANGERS: [&str; 3] = ["newcomer", "stranger", "forgotten"];

/// Ends with the test binary.
static BROKER: LazyLock<Broker> = LazyLock::new(|| start().expect("a secured Kafka"));
static CERTIFICATES: LazyLock<TemporaryFolder> =
    LazyLock::new(|| TemporaryFolder::new("certificates-").expect("a folder"));

/// The shared broker.
pub(crate) fn secured_broker() -> &'static Broker {
    &BROKER
}

/// A listener of it beside the one that daemons should use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// Whoever is in has to show the password again every other second.
    Strict,
    /// With an expired certificate.
    Expired,
    /// With another host's certificate.
    OtherHost,
    /// Without TLS and passwords.
    Plaintext,
}

impl Door {
    const ALL: [Self; 4] = [
        Self::Strict,
        Self::Expired,
        Self::OtherHost,
        Self::Plaintext,
    ];

    /// `host:port`.
    pub(crate) fn address(self) -> String {
        let address = BROKER.listener_address(self.name());
        address.expect("the broker has all of them")
    }

    fn name(self) -> &'static str {
        match self {
            Self::Strict => "STRICT",
            Self::Expired => "EXPIRED",
            Self::OtherHost => "OTHERHOST",
            Self::Plaintext => "PLAINTEXT",
        }
    }

    fn listener(self, security: &Security) -> Result<Listener> {
        let name = self.name();
        let with = |certificate: Vec<u8>| {
            let keys = CERTIFICATES.path().join(name);
            fs::write(&keys, certificate)?;
            anyhow::Ok(security.listener_with(name, &keys))
        };
        let authority = security.authority();
        match self {
            Self::Strict => {
                let mut listener = security.listener(name);
                let key = "scram-sha-512.connections.max.reauth.ms".to_owned();
                listener.properties.insert(key, "2000".to_owned());
                Ok(listener)
            }
            Self::Expired => with(authority.issue("broker", Host::Here, -1)?),
            Self::OtherHost => {
                let host = Host::Called("kafka.elsewhere.example");
                with(authority.issue("broker", host, 1)?)
            }
            Self::Plaintext => Ok(Listener::new(name, name)),
        }
    }
}

/// An authority that signed nothing of the broker's.
pub(crate) fn other_authority() -> Result<PathBuf> {
    let path = CERTIFICATES.path().join("other-ca.pem");
    fs::write(&path, Authority::new("somebody else")?.pem()?)?;
    Ok(path)
}

/// The user's password.
pub(crate) fn password(user: &str) -> String {
    security().login(user).password
}

/// Makes the broker expect another password of a user's.
pub(crate) fn set_password(user: &str, password: &str) -> Result<()> {
    let credential = format!("SCRAM-SHA-512=[iterations=4096,password={password}]");
    let class = "kafka.admin.ConfigCommand";
    let mut command = BROKER
        .distribution()
        .java(&["-XX:TieredStopAtLevel=1"], class);
    command
        .args(["--bootstrap-server", &BROKER.address(), "--alter"])
        .arg("--command-config")
        .arg(security().admin_properties())
        .args(["--entity-type", "users", "--entity-name", user])
        .args(["--add-config", &credential]);
    output(&mut command)?;
    Ok(())
}

fn security() -> &'static Security {
    BROKER.security().expect("it is secured")
}

fn start() -> Result<Broker> {
    let security = Arc::new(Security::new(&[&USERS[..], &STRANGERS].concat())?);
    let mut options = BrokerOptions::secured(Arc::clone(&security));
    for door in Door::ALL {
        options.listeners.push(door.listener(&security)?);
    }
    Broker::start(&options)
}
