//! Waiting for topics before anything is sent to them.

use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::Producer as _;

use super::Producer;
use super::troubles::Kind;
use crate::{Context, Failure};

const CALL_TIMEOUT: Duration = Duration::from_secs(2);
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// What came of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicNeeds {
    /// A broker answers and has the topics.
    Met,
    /// The wish to stop came first.
    Stopped,
}

/// Waits until a broker answers and has all `topics`, by the rules for transient
/// trouble; after `give_up` (never, if `None`) that is the failure.
pub fn wait_for_topics(
    producer: &Producer,
    topics: &[&str],
    give_up: Option<Duration>,
    context: &Context,
) -> Result<TopicNeeds, Failure> {
    let started = Instant::now();
    let reporter = producer.client().context().reporter();
    loop {
        let missing = topics
            .iter()
            .find_map(|topic| ask(producer, topic).err().map(|error| (topic, error)));
        let Some((topic, error)) = missing else {
            reporter.answered();
            reporter.troubles.resolve(&reporter.client, Kind::Access);
            return Ok(TopicNeeds::Met);
        };
        let text = reporter.judge_topic(producer.client(), topic, &error)?;
        if give_up.is_some_and(|limit| started.elapsed() >= limit) {
            return Err(Failure::runtime(anyhow::anyhow!("gave up: {text}")));
        }
        if context.shutdown.wait_timeout(RETRY_PAUSE) {
            return Ok(TopicNeeds::Stopped);
        }
    }
}

fn ask(producer: &Producer, topic: &str) -> Result<(), KafkaError> {
    let metadata = producer
        .client()
        .fetch_metadata(Some(topic), CALL_TIMEOUT)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    match found {
        Some(found) if found.error().is_none() && !found.partitions().is_empty() => Ok(()),
        Some(found) => {
            let code = found
                .error()
                .map_or(Code::UnknownTopicOrPartition, Code::from);
            Err(KafkaError::MetadataFetch(code))
        }
        None => Err(KafkaError::MetadataFetch(Code::UnknownTopicOrPartition)),
    }
}
