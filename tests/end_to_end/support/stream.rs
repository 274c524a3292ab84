//! Topics, groups and folders of one test, and the daemons on them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use anyhow::Result;
use local_stack::{
    Access, Broker, BrokerOptions, DaemonCommand, Distribution, Isolation, Message, Record,
    Security, TOPICS, Topic, TopicReader, USERS, create_topics, grant, least_rights, send, user_of,
};

use super::PATIENCE;
use super::fixtures::fixture;

/// More than one, so that order and partitioning matter.
pub(crate) const PARTITIONS: i32 = 3;

/// Ends with the test binary.
static BROKER: LazyLock<Broker> =
    LazyLock::new(|| Broker::start(&broker_options()).expect("Kafka starts"));

/// What broker tests start: with `SECURED=1` in the environment, one that wants TLS and
/// passwords, and denies what isn't granted.
pub(crate) fn broker_options() -> BrokerOptions {
    if env::var("SECURED").is_ok_and(|text| !["", "0"].contains(&text.as_str())) {
        BrokerOptions::secured(Arc::new(Security::new(&USERS).expect("security")))
    } else {
        BrokerOptions::default()
    }
}

/// One test's part of a broker.
pub(crate) struct Stream {
    /// The broker, for the tests themselves, which may do all.
    pub(crate) broker: Access,
    security: Option<Arc<Security>>,
    name: String,
    folder: tempfile::TempDir,
}

impl Stream {
    /// Makes topics on the shared broker; `name` is the test's, unique among them.
    pub(crate) fn new(name: &str) -> Result<Self> {
        Self::on(&BROKER, name)
    }

    /// Makes topics on a broker of the test's own. If that asks for rights, the daemons
    /// have those that they need.
    pub(crate) fn on(broker: &Broker, name: &str) -> Result<Self> {
        let stream = Self::without_rights(broker, name)?;
        stream.grant(&stream.least_rights()?)?;
        Ok(stream)
    }

    /// Makes topics on a broker that lets no daemon use them yet.
    pub(crate) fn without_rights(broker: &Broker, name: &str) -> Result<Self> {
        let stream = Self {
            broker: broker.access(),
            security: broker.security().cloned(),
            name: name.to_owned(),
            folder: tempfile::tempdir()?,
        };
        let names = TOPICS.map(|name| stream.topic(name));
        create_topics(
            &stream.broker,
            &names.each_ref().map(|name| Topic::new(name, PARTITIONS)),
        )?;
        Ok(stream)
    }

    /// The table of rights in deploy/README.md, for this stream.
    pub(crate) fn least_rights(&self) -> Result<Vec<String>> {
        least_rights(|default| self.name(default))
    }

    /// Lets the daemons use the topic called `name` as they use the one that is called
    /// `default` by default.
    pub(crate) fn grant_instead(&self, default: &str, name: &str) -> Result<()> {
        let mut rights = least_rights(|other| match other == default {
            true => self.topic(name),
            false => self.name(other),
        })?;
        rights.retain(|right| right.ends_with(&format!(":{}", self.topic(name))));
        self.grant(&rights)
    }

    /// Nothing where nobody asks for rights.
    fn grant(&self, rights: &[String]) -> Result<()> {
        match self.security {
            Some(_) => grant(&self.broker, rights),
            None => Ok(()),
        }
    }

    /// Makes one more topic, of one partition, which takes no more than 1,000 bytes a
    /// message. Its whole name. `small-` is what `name` has beside that of the topic in
    /// whose place daemons use it.
    pub(crate) fn make_small_topic(&self, name: &str) -> Result<String> {
        self.grant_instead(&name.replace("small-", ""), name)?;
        let topic = self.topic(name);
        create_topics(
            &self.broker,
            &[Topic {
                name: &topic,
                partitions: 1,
                config: &[("max.message.bytes", "1000")],
            }],
        )?;
        Ok(topic)
    }

    /// What lets Java's console consumer in.
    pub(crate) fn consumer_config(&self) -> Vec<OsString> {
        let security = self.security.iter();
        let arguments = security.map(|security| {
            [
                "--consumer.config".into(),
                security.admin_properties().into(),
            ]
        });
        arguments.flatten().collect()
    }

    /// The same for Python's: an object of settings, as JSON.
    pub(crate) fn python_settings(&self) -> Option<String> {
        let login = self.broker.login.as_ref()?;
        let settings = serde_json::json!({
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": login.user,
            "sasl_plain_password": login.password,
            "ssl_cafile": login.ca_file,
        });
        Some(settings.to_string())
    }

    /// The jars that the shared broker runs from.
    pub(crate) fn distribution() -> &'static Distribution {
        BROKER.distribution()
    }

    /// This test's topic or group that is called `name` by default.
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.name)
    }

    /// The same for the default name of a group, too.
    fn name(&self, default: &str) -> String {
        self.topic(match default {
            "fraud-scorer" => "scorer",
            "fraud-results-sink" => "sink",
            topic => topic,
        })
    }

    /// A path in this test's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the sink writes.
    pub(crate) fn result_files(&self) -> PathBuf {
        self.path("results")
    }

    /// The producer, sending everything of `source`.
    pub(crate) fn producer(&self, source: &Path) -> DaemonCommand {
        self.daemon("producer-svc").set("producer.source", source)
    }

    /// The scorer with the random forest.
    pub(crate) fn scorer(&self) -> DaemonCommand {
        self.daemon("scorer-svc")
            .set("scorer.model", fixture("models/random-forest"))
            .set("scorer.group", self.topic("scorer"))
    }

    /// The sink, writing to [`result_files`](Self::result_files).
    pub(crate) fn sink(&self) -> DaemonCommand {
        self.daemon("results-sink-svc")
            .set("sink.group", self.topic("sink"))
            .set("sink.parquet", self.result_files())
    }

    /// `scorer-svc replay`, without its further arguments.
    pub(crate) fn replay(&self) -> DaemonCommand {
        self.as_user("replay", self.scorer()).arguments(["replay"])
    }

    fn daemon(&self, binary: &str) -> DaemonCommand {
        self.as_user(user_of(binary), DaemonCommand::new(binary))
            .topics(|name| self.topic(name))
    }

    /// The daemon as this user, where somebody asks.
    pub(crate) fn as_user(&self, user: &str, daemon: DaemonCommand) -> DaemonCommand {
        let login = self.security.as_ref().map(|security| security.login(user));
        daemon.kafka(&Access {
            address: self.broker.address.clone(),
            login,
        })
    }

    /// Sends values without keys to partition 0 of `transactions`: they keep their
    /// order, and line N is at offset N.
    pub(crate) fn send_transactions<T: AsRef<[u8]>>(&self, values: &[T]) -> Result<()> {
        self.send("transactions", values)
    }

    /// As [`Self::send_transactions`], to any topic.
    pub(crate) fn send<T: AsRef<[u8]>>(&self, topic: &str, values: &[T]) -> Result<()> {
        let messages = values.iter().map(|value| Message {
            value: Some(value.as_ref()),
            partition: Some(0),
            key: None,
            ..Message::default()
        });
        send(
            &self.broker,
            &self.topic(topic),
            &messages.collect::<Vec<_>>(),
        )
    }

    /// Reads a topic from its beginning as consumers of committed results do.
    pub(crate) fn reader(&self, topic: &str) -> Result<TopicReader> {
        TopicReader::new(&self.broker, &self.topic(topic), Isolation::ReadCommitted)
    }

    /// The first `count` records of a topic, and an error if there are more by then.
    pub(crate) fn exactly(&self, topic: &str, count: usize) -> Result<Vec<Record>> {
        let reader = self.reader(topic)?;
        let records = reader.read(count, PATIENCE)?;
        let more = reader.read_to_end(PATIENCE)?;
        anyhow::ensure!(
            more.is_empty(),
            "{} more than {count} records on {topic}",
            more.len()
        );
        Ok(records)
    }
}

/// `(partition, offset)` of the transaction that a result or dead letter is of.
pub(crate) fn source(record: &Record) -> (i32, i64) {
    let header = record.header("source").expect("results carry their source");
    let mut numbers = header.split(':');
    let mut next = || numbers.next()?.parse::<i64>().ok();
    let (partition, offset) = (next().expect("partition"), next().expect("offset"));
    (i32::try_from(partition).expect("a partition"), offset)
}
