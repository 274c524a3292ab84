//! Reading a topic without a group: what is there now, and no further.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tracing::debug;

use super::quiet::Quiet;
use super::settings::reader_config;
use super::{error_text, lookup};
use crate::{Context, Failure};

/// How long one answer may be waited for.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL_TIMEOUT: Duration = Duration::from_millis(100);

/// Where reading a partition begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetRange {
    /// The first offset.
    pub start: i64,
    /// The offset after the last.
    pub end: i64,
}

/// Reads committed messages of one topic from given offsets up to given ends. Each call
/// waits for the broker 30 s at most, and not beyond the wish to stop.
pub struct TopicReader {
    topic: String,
    client: Arc<BaseConsumer<Quiet>>,
    context: Context,
    /// The end of each partition that isn't reached.
    ends: BTreeMap<i32, i64>,
}

impl TopicReader {
    /// A reader of `topic`; touches no network.
    pub fn new(topic: &str, context: &Context) -> Result<Self, Failure> {
        let client: BaseConsumer<Quiet> = reader_config(context)
            .create_with_context(Quiet { client: "reader" })
            .context("cannot create the Kafka consumer")
            .map_err(Failure::start)?;
        Ok(Self {
            topic: topic.to_owned(),
            client: Arc::new(client),
            context: context.clone(),
            ends: BTreeMap::new(),
        })
    }

    /// What each partition holds now; from the first message on that isn't older than
    /// `since`, in milliseconds since 1970, where that is given.
    pub fn ranges(&self, since: Option<i64>) -> Result<BTreeMap<i32, OffsetRange>, Failure> {
        let metadata = self.ask("find the partitions", |client, topic| {
            client.fetch_metadata(Some(topic), PATIENCE)
        })?;
        let topic = metadata.topics().first();
        let partitions = topic.map_or(&[][..], |topic| topic.partitions());
        if partitions.is_empty() {
            return Err(Failure::runtime(anyhow::anyhow!(
                "topic \"{}\" does not exist: create it, or correct [topics]",
                self.topic
            )));
        }
        let mut ranges: BTreeMap<i32, OffsetRange> = partitions
            .iter()
            .map(|partition| Ok((partition.id(), self.range(partition.id())?)))
            .collect::<Result<_, Failure>>()?;
        if let Some(time) = since {
            let partitions: Vec<i32> = ranges.keys().copied().collect();
            let starts = self.ask("find the offsets", move |client, topic| {
                lookup::at_time(client, topic, time, &partitions, PATIENCE)
            })?;
            for (partition, range) in &mut ranges {
                range.start = starts.get(partition).map_or(range.end, |start| *start);
            }
        }
        Ok(ranges)
    }

    /// Begins to read these ranges.
    pub fn begin(&mut self, ranges: &BTreeMap<i32, OffsetRange>) -> Result<(), Failure> {
        self.ends = ranges
            .iter()
            .filter(|(_, range)| range.start < range.end)
            .map(|(&partition, range)| (partition, range.end))
            .collect();
        let mut list = TopicPartitionList::new();
        for partition in self.ends.keys() {
            list.add_partition_offset(
                &self.topic,
                *partition,
                Offset::Offset(ranges[partition].start),
            )
            .map_err(|error| self.cannot("set the offsets", &error))?;
        }
        self.client
            .assign(&list)
            .map_err(|error| self.cannot("set the offsets", &error))
    }

    /// The next message before the ends; `None` once they are reached, or the wish to
    /// stop came.
    pub fn next_message(&mut self) -> Result<Option<BorrowedMessage<'_>>, Failure> {
        let mut waited = Duration::ZERO;
        while !self.ends.is_empty() && !self.context.shutdown.is_requested() {
            match self.client.poll(POLL_TIMEOUT) {
                Some(Ok(message)) => {
                    let (partition, offset) = (message.partition(), message.offset());
                    match self.ends.get(&partition) {
                        Some(end) if offset < *end => {
                            if offset + 1 == *end {
                                self.ends.remove(&partition);
                            }
                            return Ok(Some(message));
                        }
                        _ => self.ends.remove(&partition),
                    };
                }
                // What is left before the end are markers and aborted messages.
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    self.ends.remove(&partition);
                }
                Some(Err(KafkaError::MessageConsumption(Code::AutoOffsetReset))) => {
                    return Err(Failure::runtime(anyhow::anyhow!(
                        "retention removed messages of topic \"{}\" while they were read: try again",
                        self.topic
                    )));
                }
                Some(Err(error)) => debug!(%error, "kafka client error"),
                None => waited += POLL_TIMEOUT,
            }
            if waited >= PATIENCE {
                return Err(Failure::runtime(anyhow::anyhow!(
                    "no message of topic \"{}\" came within {PATIENCE:?}",
                    self.topic
                )));
            }
        }
        Ok(None)
    }

    /// The committed message at `offset`, if it is still there.
    pub fn message_at(
        &mut self,
        partition: i32,
        offset: i64,
    ) -> Result<Option<BorrowedMessage<'_>>, Failure> {
        let range = self.range(partition)?;
        if !(range.start..range.end).contains(&offset) {
            return Ok(None);
        }
        let one = OffsetRange {
            start: offset,
            end: offset + 1,
        };
        self.begin(&BTreeMap::from([(partition, one)]))?;
        self.next_message()
    }

    fn range(&self, partition: i32) -> Result<OffsetRange, Failure> {
        let (start, end) = self.ask("find the offsets", move |client, topic| {
            client.fetch_watermarks(topic, partition, PATIENCE)
        })?;
        Ok(OffsetRange { start, end })
    }

    fn ask<T: Send + 'static>(
        &self,
        what: &str,
        question: impl FnOnce(&BaseConsumer<Quiet>, &str) -> KafkaResult<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let (client, topic) = (Arc::clone(&self.client), self.topic.clone());
        let call = move || question(&client, &topic);
        match self.context.call_unless_stopped(call) {
            Some(answer) => answer.map_err(|error| self.cannot(what, &error)),
            None => Err(Failure::runtime(anyhow::anyhow!(
                "stopped before topic \"{}\" was read",
                self.topic
            ))),
        }
    }

    fn cannot(&self, what: &str, error: &KafkaError) -> Failure {
        let code = error.rdkafka_error_code();
        let why = if code.is_some_and(error_text::is_no_answer) {
            error_text::no_broker(&self.context.config.kafka)
        } else {
            error.to_string()
        };
        Failure::runtime(anyhow::anyhow!(
            "cannot {what} of topic \"{}\": {why}",
            self.topic
        ))
    }
}
