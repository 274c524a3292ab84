//! Reading a topic from outside any group.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::{Access, topics, wait_until};

/// A record of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Option<Vec<u8>>,
    /// Its headers in their order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// The value as text, empty where there is none.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned()
    }

    /// The first header of this name as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(header, _)| header == name)?;
        let value = value.as_deref().unwrap_or_default();
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

/// Which records a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Those of committed transactions only.
    ReadCommitted,
    /// All.
    ReadUncommitted,
}

/// Reads all partitions of a topic from their beginning.
pub struct TopicReader {
    topic: String,
    consumer: BaseConsumer,
}

impl TopicReader {
    /// Starts reading a topic that exists.
    pub fn new(kafka: impl Into<Access>, topic: &str, isolation: Isolation) -> Result<Self> {
        let level = match isolation {
            Isolation::ReadCommitted => "read_committed",
            Isolation::ReadUncommitted => "read_uncommitted",
        };
        let consumer: BaseConsumer = kafka
            .into()
            .client()
            .set("group.id", "local-stack-reader")
            .set("enable.auto.commit", "false")
            .set("isolation.level", level)
            .set("fetch.wait.max.ms", "10")
            .create()?;
        let mut positions = TopicPartitionList::new();
        for partition in topics::partitions(&consumer, topic)? {
            positions.add_partition_offset(topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&positions)?;
        Ok(Self {
            topic: topic.to_owned(),
            consumer,
        })
    }

    /// The next record, if one comes within `timeout`; trouble with the broker is
    /// waited out.
    pub fn next(&self, timeout: Duration) -> Option<Record> {
        match self.consumer.poll(timeout) {
            Some(Ok(message)) => Some(record(&message)),
            Some(Err(_)) | None => None,
        }
    }

    /// Reads until there are `count` records; an error that says how many came by
    /// then if that takes longer than `timeout`.
    pub fn read(&self, count: usize, timeout: Duration) -> Result<Vec<Record>> {
        let mut records = Vec::with_capacity(count);
        let read = wait_until("records", timeout, || {
            while records.len() < count {
                match self.next(Duration::from_millis(100)) {
                    Some(record) => records.push(record),
                    None => return Ok(false),
                }
            }
            Ok(true)
        });
        let (topic, found) = (&self.topic, records.len());
        read.with_context(|| format!("{found} of {count} records on {topic}"))?;
        Ok(records)
    }

    /// Reads what is left up to the topic's present end, transaction markers and
    /// what `isolation` hides not counted.
    pub fn read_to_end(&self, timeout: Duration) -> Result<Vec<Record>> {
        let mut ends = BTreeMap::new();
        for partition in topics::partitions(&self.consumer, &self.topic)? {
            let (_, end) = self
                .consumer
                .fetch_watermarks(&self.topic, partition, timeout)?;
            ends.insert(partition, end);
        }
        let mut records = Vec::new();
        wait_until(&format!("the end of {}", self.topic), timeout, || {
            while let Some(record) = self.next(Duration::from_millis(50)) {
                records.push(record);
            }
            self.has_reached(&ends)
        })?;
        Ok(records)
    }

    /// A position passes markers and aborted records, which no poll returns; before
    /// the first record there is none, and an empty partition never has one.
    fn has_reached(&self, ends: &BTreeMap<i32, i64>) -> Result<bool> {
        let positions = self.consumer.position()?;
        Ok(ends.iter().all(|(&partition, &end)| {
            let position = positions.find_partition(&self.topic, partition);
            match position.map(|position| position.offset()) {
                Some(Offset::Offset(offset)) => offset >= end,
                _ => end == 0,
            }
        }))
    }
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        let owned = headers
            .iter()
            .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)));
        owned.collect()
    });
    Record {
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis().unwrap_or_default(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
    }
}
