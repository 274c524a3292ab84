//! Questions to the brokers about offsets; each is asked once and may time out.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tracing::info;

use super::consumer_events::ConsumerEvents;
use super::start::{EARLIEST, LATEST};
use super::{CommittedOffset, Start};

/// What the group committed for each partition.
pub(super) fn committed(
    client: &BaseConsumer<ConsumerEvents>,
    topic: &str,
    partitions: &[i32],
    timeout: Duration,
) -> KafkaResult<BTreeMap<i32, Option<CommittedOffset>>> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for &partition in partitions {
        list.add_partition(topic, partition);
    }
    let answer = client.committed_offsets(list, timeout)?;
    let mut committed = BTreeMap::new();
    for element in answer.elements() {
        element.error()?;
        let offset = match element.offset() {
            Offset::Offset(offset) => Some(CommittedOffset {
                offset,
                metadata: element.metadata().to_owned(),
            }),
            _ => None,
        };
        committed.insert(element.partition(), offset);
    }
    Ok(committed)
}

/// The partitions that the topic has.
pub(super) fn partitions(
    client: &BaseConsumer<ConsumerEvents>,
    topic: &str,
    timeout: Duration,
) -> KafkaResult<Vec<i32>> {
    let metadata = client.fetch_metadata(Some(topic), timeout)?;
    let found = metadata.topics().first().map(|found| found.partitions());
    match found {
        Some(partitions) if !partitions.is_empty() => {
            Ok(partitions.iter().map(|partition| partition.id()).collect())
        }
        _ => Err(KafkaError::MetadataFetch(
            RDKafkaErrorCode::UnknownTopicOrPartition,
        )),
    }
}

/// The offset that `start` means in each partition.
pub(super) fn resolve(
    client: &BaseConsumer<ConsumerEvents>,
    topic: &str,
    start: &Start,
    partitions: &[i32],
    timeout: Duration,
) -> KafkaResult<BTreeMap<i32, i64>> {
    if let Start::Time(milliseconds) = start {
        return at_time(client, topic, *milliseconds, partitions, timeout);
    }
    let mut offsets = BTreeMap::new();
    for &partition in partitions {
        let wanted = match start {
            Start::Latest => LATEST,
            Start::Offsets(by_topic) => {
                let offset = by_topic
                    .get(topic)
                    .and_then(|by_partition| by_partition.get(&partition));
                if offset.is_none() {
                    info!(
                        topic,
                        partition, "start doesn't name this partition: it begins at earliest"
                    );
                }
                offset.copied().unwrap_or(EARLIEST)
            }
            Start::Earliest | Start::Time(_) => EARLIEST,
        };
        let offset = match wanted {
            EARLIEST => client.fetch_watermarks(topic, partition, timeout)?.0,
            LATEST => client.fetch_watermarks(topic, partition, timeout)?.1,
            offset => offset,
        };
        offsets.insert(partition, offset);
    }
    Ok(offsets)
}

/// The first offset of each partition whose timestamp isn't before the time; the end
/// where there is none.
pub(super) fn at_time(
    client: &BaseConsumer<impl ConsumerContext>,
    topic: &str,
    milliseconds: i64,
    partitions: &[i32],
    timeout: Duration,
) -> KafkaResult<BTreeMap<i32, i64>> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for &partition in partitions {
        list.add_partition_offset(topic, partition, Offset::Offset(milliseconds))?;
    }
    let answer = client.offsets_for_times(list, timeout)?;
    let mut offsets = BTreeMap::new();
    for element in answer.elements() {
        element.error()?;
        let partition = element.partition();
        let offset = match element.offset() {
            Offset::Offset(offset) => offset,
            Offset::End => client.fetch_watermarks(topic, partition, timeout)?.1,
            _ => {
                return Err(KafkaError::OffsetFetch(
                    RDKafkaErrorCode::OffsetNotAvailable,
                ));
            }
        };
        offsets.insert(partition, offset);
    }
    Ok(offsets)
}
