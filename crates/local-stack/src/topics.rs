//! Topics: making them and how much they hold.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode;
use tokio::runtime::{self, Runtime};

use crate::{Access, wait_for, wait_until};

const TIMEOUT: Duration = Duration::from_secs(20);

/// The default names of fraud-stream's topics.
pub const TOPICS: [&str; 4] = [
    "transactions",
    "transactions.dead-letter",
    "results",
    "results.dead-letter",
];

/// A topic to make.
#[derive(Debug, Clone, Copy)]
pub struct Topic<'a> {
    /// Its name.
    pub name: &'a str,
    /// How many partitions it has.
    pub partitions: i32,
    /// Its configuration, such as `("max.message.bytes", "1000")`.
    pub config: &'a [(&'a str, &'a str)],
}

impl<'a> Topic<'a> {
    /// A topic with the broker's defaults.
    pub fn new(name: &'a str, partitions: i32) -> Self {
        Self {
            name,
            partitions,
            config: &[],
        }
    }
}

/// Makes those of `topics` that don't exist yet, and waits until clients see them.
pub fn create_topics(kafka: impl Into<Access>, topics: &[Topic<'_>]) -> Result<()> {
    let access = kafka.into();
    let consumer: BaseConsumer = access.client().create()?;
    let answer = consumer.fetch_metadata(None, TIMEOUT);
    answer
        .ok()
        .with_context(|| format!("no Kafka answers at {access}"))?;
    if topics.is_empty() {
        return Ok(());
    }
    let admin: AdminClient<DefaultClientContext> = access.client().create()?;
    let new_topics: Vec<_> = topics
        .iter()
        .map(|topic| NewTopic {
            name: topic.name,
            num_partitions: topic.partitions,
            replication: TopicReplication::Fixed(1),
            config: topic.config.to_vec(),
        })
        .collect();
    let results = runtime()?
        .block_on(admin.create_topics(&new_topics, &options()))
        .with_context(|| format!("creating topics on {access}"))?;
    for result in results {
        match result {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, error)) => bail!("creating topic {topic:?}: {error}"),
        }
    }
    // The controller has them; the broker learns of them a little later.
    for topic in topics {
        wait_until(&format!("topic {:?}", topic.name), TIMEOUT, || {
            Ok(partitions(&consumer, topic.name).is_ok_and(|partitions| !partitions.is_empty()))
        })?;
    }
    Ok(())
}

/// Adds partitions to a topic, so that it has `partitions` of them.
pub fn add_partitions(kafka: impl Into<Access>, topic: &str, partitions: usize) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = kafka.into().client().create()?;
    let more = [NewPartitions::new(topic, partitions)];
    for result in runtime()?.block_on(admin.create_partitions(&more, &options()))? {
        if let Err((topic, error)) = result {
            bail!("adding partitions to {topic:?}: {error}");
        }
    }
    Ok(())
}

/// Deletes topics with what they hold, and consumer groups with their offsets;
/// those that don't exist are gone already. Waits for groups to lose their members: a
/// static one that has stopped counts until its session ends.
pub fn delete(kafka: impl Into<Access>, topics: &[&str], groups: &[&str]) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = kafka.into().client().create()?;
    let runtime = runtime()?;
    let deleted = if topics.is_empty() {
        Vec::new()
    } else {
        runtime.block_on(admin.delete_topics(topics, &options()))?
    };
    for result in deleted {
        match result {
            Ok(_) | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition)) => {}
            Err((topic, error)) => bail!("deleting topic {topic:?}: {error}"),
        }
    }
    for group in groups {
        wait_until(
            &format!("the members of group {group:?} to leave"),
            TIMEOUT,
            || {
                let results = runtime.block_on(admin.delete_groups(&[group], &options()))?;
                match results.into_iter().next() {
                    Some(Err((_, RDKafkaErrorCode::NonEmptyGroup))) => Ok(false),
                    None | Some(Ok(_) | Err((_, RDKafkaErrorCode::GroupIdNotFound))) => Ok(true),
                    Some(Err((group, error))) => bail!("deleting group {group:?}: {error}"),
                }
            },
        )?;
    }
    Ok(())
}

/// Deletes the records of these partitions before these offsets, as retention does.
pub fn delete_records(
    kafka: impl Into<Access>,
    topic: &str,
    before: &BTreeMap<i32, i64>,
) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = kafka.into().client().create()?;
    let mut offsets = TopicPartitionList::new();
    for (&partition, &offset) in before {
        offsets.add_partition_offset(topic, partition, Offset::Offset(offset))?;
    }
    let results = runtime()?.block_on(admin.delete_records(&offsets, &options()))?;
    for result in results.elements() {
        let partition = result.partition();
        result
            .error()
            .with_context(|| format!("deleting records of {topic}:{partition}"))?;
    }
    Ok(())
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(TIMEOUT))
        .operation_timeout(Some(TIMEOUT))
}

fn runtime() -> Result<Runtime> {
    Ok(runtime::Builder::new_current_thread().build()?)
}

/// The offset after the last record of each partition.
pub fn end_offsets(kafka: impl Into<Access>, topic: &str) -> Result<BTreeMap<i32, i64>> {
    let consumer: BaseConsumer = kafka.into().client().create()?;
    partitions(&consumer, topic)?
        .into_iter()
        .map(|partition| {
            let (_, end) = consumer
                .fetch_watermarks(topic, partition, TIMEOUT)
                .with_context(|| format!("reading the end of {topic}:{partition}"))?;
            Ok((partition, end))
        })
        .collect()
}

/// The next offset of each partition that `group` has committed one for. A broker that
/// has just started is waited for until it knows the group.
pub fn committed_offsets(
    kafka: impl Into<Access>,
    group: &str,
    topic: &str,
) -> Result<BTreeMap<i32, i64>> {
    let consumer: BaseConsumer = kafka.into().client().set("group.id", group).create()?;
    let mut asked = TopicPartitionList::new();
    for partition in partitions(&consumer, topic)? {
        asked.add_partition(topic, partition);
    }
    let what = format!("the offsets of group {group:?}");
    let answer = wait_for(&what, TIMEOUT, || {
        match consumer.committed_offsets(asked.clone(), TIMEOUT) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if is_without_coordinator(&error) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {what}")),
        }
    })?;
    let committed = answer.elements().into_iter().filter_map(|element| {
        let offset = element.offset().to_raw().filter(|offset| *offset >= 0)?;
        Some((element.partition(), offset))
    });
    Ok(committed.collect())
}

fn is_without_coordinator(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::NotCoordinator
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::CoordinatorLoadInProgress
        )
    )
}

/// The partitions of a topic that exists.
pub(crate) fn partitions<C: Consumer<X>, X: rdkafka::consumer::ConsumerContext>(
    consumer: &C,
    topic: &str,
) -> Result<Vec<i32>> {
    let metadata = consumer
        .fetch_metadata(Some(topic), TIMEOUT)
        .with_context(|| format!("reading the partitions of {topic:?}"))?;
    let topic = metadata
        .topics()
        .first()
        .context("an answer without the topic")?;
    if let Some(error) = topic.error() {
        bail!(
            "topic {:?}: {}",
            topic.name(),
            RDKafkaErrorCode::from(error)
        );
    }
    Ok(topic
        .partitions()
        .iter()
        .map(|partition| partition.id())
        .collect())
}
