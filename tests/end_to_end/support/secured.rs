//! A broker that wants TLS and passwords and denies what isn't granted.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context as _, Result};
use local_stack::{
    Broker, BrokerOptions, ChildProcess, Daemon, DaemonCommand, Listener, wait_until,
};

use super::python::{output, script};
use super::{PATIENCE, Stream};

/// Each with [`password`], and with the rights that its tests grant. The last three are for
/// one test each.
const USERS: [&str; 6] = [
    "producer",
    "scorer",
    "sink",
    "newcomer",
    "stranger",
    "forgotten",
];

/// Ends with the test binary.
static BROKER: LazyLock<Broker> = LazyLock::new(|| start().expect("a secured Kafka"));

/// The shared broker. Who comes to [`Broker::address`], without TLS, may do all; the
/// others come to [`guarded`].
pub(crate) fn secured_broker() -> &'static Broker {
    &BROKER
}

/// A broker's listener with a certificate of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Valid,
    /// Valid too, and whoever is in has to show the password again every other second.
    Strict,
    Expired,
    OtherHost,
}

impl Door {
    const ALL: [Self; 4] = [Self::Valid, Self::Strict, Self::Expired, Self::OtherHost];

    fn listener(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Strict => "STRICT",
            Self::Expired => "EXPIRED",
            Self::OtherHost => "OTHERHOST",
        }
    }

    fn certificate(self) -> PathBuf {
        certificate(match self {
            Self::Valid | Self::Strict => "valid.pem",
            Self::Expired => "expired.pem",
            Self::OtherHost => "other-host.pem",
        })
    }

    /// `host:port`.
    pub(crate) fn address(self) -> String {
        let address = BROKER.listener_address(self.listener());
        address.expect("the broker has all of them")
    }
}

/// The daemon as this user, by the valid door; what is set afterwards wins.
pub(crate) fn guarded(daemon: DaemonCommand, user: &str) -> DaemonCommand {
    daemon
        .set("kafka.bootstrap_servers", Door::Valid.address())
        .set("kafka.security_protocol", "sasl_ssl")
        .set("kafka.sasl_mechanism", "SCRAM-SHA-512")
        .set("kafka.username", user)
        .set("kafka.password", password(user))
        .set("kafka.ca_file", certificate("ca.pem"))
}

/// The user's password.
pub(crate) fn password(user: &str) -> String {
    format!("{user}-knows-this")
}

/// A file that `certificates.py` made.
pub(crate) fn certificate(name: &str) -> PathBuf {
    certificates().join(name)
}

/// The table of rights in deploy/README.md, for this stream.
pub(crate) fn table(stream: &Stream) -> Vec<String> {
    let ids = format!("{}-*", stream.topic("scorer"));
    let rows: [(&str, &str, String, &[&str]); 9] = [
        (
            "producer",
            "Topic",
            stream.topic("transactions"),
            &["Write", "Describe"],
        ),
        (
            "scorer",
            "Topic",
            stream.topic("transactions"),
            &["Read", "Describe"],
        ),
        ("scorer", "Group", stream.topic("scorer"), &["Read"]),
        (
            "scorer",
            "Topic",
            stream.topic("results"),
            &["Write", "Describe", "DescribeConfigs"],
        ),
        (
            "scorer",
            "Topic",
            stream.topic("transactions.dead-letter"),
            &["Write", "Describe", "DescribeConfigs"],
        ),
        ("scorer", "TransactionalId", ids, &["Write", "Describe"]),
        (
            "sink",
            "Topic",
            stream.topic("results"),
            &["Read", "Describe"],
        ),
        ("sink", "Group", stream.topic("sink"), &["Read"]),
        (
            "sink",
            "Topic",
            stream.topic("results.dead-letter"),
            &["Write", "Describe"],
        ),
    ];
    let rights = rows.iter().flat_map(|(user, kind, name, operations)| {
        let right = move |operation| format!("{user}:{operation}:{kind}:{name}");
        operations.iter().map(right)
    });
    rights.collect()
}

/// Grants rights, each as `user:Operation:Type:name`; they hold when it returns.
pub(crate) fn grant<T: AsRef<str>>(rights: &[T]) -> Result<()> {
    change("grant", rights)
}

/// Takes rights away that were granted.
pub(crate) fn revoke<T: AsRef<str>>(rights: &[T]) -> Result<()> {
    change("revoke", rights)
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
        .args(["--entity-type", "users", "--entity-name", user])
        .args(["--add-config", &credential]);
    output(&mut command)?;
    Ok(())
}

/// It is alive and not ready, for a reason that it also logs.
pub(crate) fn assert_waits(daemon: &mut Daemon, reason: &str) -> Result<()> {
    let warned = daemon.wait_for_line(ChildProcess::stderr, reason, PATIENCE);
    warned.with_context(|| daemon.stderr().to_string())?;
    wait_until("the reason in /readyz", PATIENCE, || {
        let answer = daemon.get("/readyz")?;
        Ok(answer.status == 503 && answer.body.contains(reason))
    })?;
    assert_eq!(daemon.get("/livez")?.status, 200);
    Ok(())
}

fn change<T: AsRef<str>>(verb: &str, rights: &[T]) -> Result<()> {
    output(
        script("end_to_end/python/rights.py")
            .args([BROKER.address().as_str(), verb])
            .args(rights.iter().map(AsRef::as_ref)),
    )?;
    Ok(())
}

fn certificates() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/certificates"))
}

fn start() -> Result<Broker> {
    output(script("end_to_end/python/certificates.py").arg(certificates()))?;
    let mut options = BrokerOptions::default();
    options.listeners.extend(Door::ALL.map(listener));
    options.properties.extend(
        [
            (
                "authorizer.class.name",
                "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            ),
            // The broker and its controller, and the tests themselves.
            ("super.users", "User:ANONYMOUS"),
            ("sasl.enabled.mechanisms", "SCRAM-SHA-512"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    for user in USERS {
        let password = password(user);
        options.format_arguments.extend([
            "--add-scram".to_owned(),
            format!("SCRAM-SHA-512=[name={user},password={password},iterations=4096]"),
        ]);
    }
    Broker::start(&options)
}

fn listener(door: Door) -> Listener {
    let mut listener = Listener::new(door.listener(), "SASL_SSL");
    let keys = door.certificate().display().to_string();
    listener.properties.extend(
        [
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.location", keys.as_str()),
            (
                "scram-sha-512.sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            ),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    if door == Door::Strict {
        let key = "scram-sha-512.connections.max.reauth.ms";
        listener
            .properties
            .insert(key.to_owned(), "2000".to_owned());
    }
    listener
}
