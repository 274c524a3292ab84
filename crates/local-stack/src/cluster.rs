//! Kafka for one run of the whole stack.

use anyhow::{Result, ensure};
use local_stack::{
    Broker, BrokerOptions, DaemonCommand, TOPICS, Topic, create_topics, delete, end_offsets,
};

use crate::kafka_command::start_broker;

const PARTITIONS: i32 = 4;
const SCORER_GROUP: &str = "fraud-scorer";
const SINK_GROUP: &str = "fraud-results-sink";

/// A broker of our own, or topics of our own on somebody else's.
pub(crate) struct Cluster {
    broker: Option<Broker>,
    address: String,
    /// Before the names of topics and groups. Where the broker isn't ours, a topic
    /// called `transactions` may be the real one.
    prefix: String,
    /// Whether there are topics on somebody else's broker to remove.
    has_guests: bool,
}

impl Cluster {
    /// Uses the broker at `existing` (`host:port`), else starts one, and makes the
    /// topics.
    pub(crate) fn start(existing: Option<&str>) -> Result<Self> {
        let mut cluster = match existing {
            None => {
                let broker = start_broker(&BrokerOptions::default())?;
                Self {
                    address: broker.address(),
                    broker: Some(broker),
                    prefix: String::new(),
                    has_guests: false,
                }
            }
            Some(address) => Self {
                broker: None,
                address: address.to_owned(),
                prefix: format!("local-stack-{:08x}.", rand::random::<u32>()),
                has_guests: false,
            },
        };
        let names = cluster.topics();
        let topics: Vec<_> = names
            .iter()
            .map(|name| Topic::new(name, PARTITIONS))
            .collect();
        create_topics(&cluster.address, &topics)?;
        cluster.has_guests = cluster.broker.is_none();
        Ok(cluster)
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The name here of the topic that is called `name` by default.
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The four topics.
    pub(crate) fn topics(&self) -> [String; 4] {
        TOPICS.map(|name| self.topic(name))
    }

    /// How many records `topic` ever took; markers of transactions count.
    pub(crate) fn records(&self, topic: &str) -> Result<i64> {
        Ok(end_offsets(&self.address, &self.topic(topic))?
            .values()
            .sum())
    }

    /// A daemon that works here.
    pub(crate) fn daemon(&self, binary: &str) -> DaemonCommand {
        DaemonCommand::new(binary)
            .set("kafka.bootstrap_servers", &self.address)
            .topics(|name| self.topic(name))
            .set("scorer.group", self.topic(SCORER_GROUP))
            .set("sink.group", self.topic(SINK_GROUP))
    }

    /// An error if the broker is ours and ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        if let Some(broker) = &mut self.broker {
            ensure!(broker.is_running()?, "Kafka ended");
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.has_guests {
            return;
        }
        eprintln!("removing the topics and groups {}* …", self.prefix);
        let topics = self.topics();
        let topics: Vec<_> = topics.iter().map(String::as_str).collect();
        let groups = [self.topic(SCORER_GROUP), self.topic(SINK_GROUP)];
        if let Err(error) = delete(&self.address, &topics, &[&groups[0], &groups[1]]) {
            eprintln!(
                "topics {}* are left on {}: {error:#}",
                self.prefix, self.address
            );
        }
    }
}
