//! How far a topic has come.

use std::time::Duration;

use anyhow::{Context, Result};
use local_stack::wait_until;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks the broker for a topic's ends, again and again by one connection.
pub(crate) struct TopicEnd {
    topic: String,
    partitions: i32,
    client: BaseConsumer,
}

impl TopicEnd {
    /// Of a topic with so many partitions; waits for their leaders.
    pub(crate) fn new(broker: &str, topic: &str, partitions: i32) -> Result<Self> {
        let client = ClientConfig::new()
            .set("bootstrap.servers", broker)
            .set("group.id", "bench")
            .set("isolation.level", "read_uncommitted")
            .create()?;
        let end = Self {
            topic: topic.to_owned(),
            partitions,
            client,
        };
        wait_until(&format!("topic {topic}"), TIMEOUT, || {
            Ok(end.messages().is_ok())
        })?;
        Ok(end)
    }

    /// Messages so far; markers of transactions count.
    pub(crate) fn messages(&self) -> Result<i64> {
        (0..self.partitions)
            .map(|partition| {
                let watermarks = self
                    .client
                    .fetch_watermarks(&self.topic, partition, TIMEOUT);
                watermarks
                    .map(|(_, end)| end)
                    .with_context(|| format!("asking for the end of {}:{partition}", self.topic))
            })
            .sum()
    }
}
