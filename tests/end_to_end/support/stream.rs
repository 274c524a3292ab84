//! Topics, groups and folders of one test, and the daemons on them.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::Result;
use local_stack::{
    Broker, BrokerOptions, DaemonCommand, Distribution, Isolation, Message, Record, TOPICS, Topic,
    TopicReader, create_topics, send,
};

use super::PATIENCE;
use super::fixtures::fixture;

/// More than one, so that order and partitioning matter.
pub(crate) const PARTITIONS: i32 = 3;

/// Ends with the test binary.
static BROKER: LazyLock<Broker> =
    LazyLock::new(|| Broker::start(&BrokerOptions::default()).expect("Kafka starts"));

/// One test's part of a broker.
pub(crate) struct Stream {
    pub(crate) broker: String,
    name: String,
    folder: tempfile::TempDir,
}

impl Stream {
    /// Makes topics on the shared broker; `name` is the test's, unique among them.
    pub(crate) fn new(name: &str) -> Result<Self> {
        Self::on(&BROKER, name)
    }

    /// Makes topics on a broker of the test's own.
    pub(crate) fn on(broker: &Broker, name: &str) -> Result<Self> {
        let stream = Self {
            broker: broker.address(),
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

    /// Makes one more topic, of one partition, which takes no more than 1,000 bytes a
    /// message. Its whole name.
    pub(crate) fn make_small_topic(&self, name: &str) -> Result<String> {
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

    /// The jars that the shared broker runs from.
    pub(crate) fn distribution() -> &'static Distribution {
        BROKER.distribution()
    }

    /// This test's topic or group that is called `name` by default.
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.name)
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

    fn daemon(&self, binary: &str) -> DaemonCommand {
        DaemonCommand::new(binary)
            .set("kafka.bootstrap_servers", &self.broker)
            .topics(|name| self.topic(name))
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
