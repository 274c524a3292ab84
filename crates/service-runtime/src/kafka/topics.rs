//! Waiting for topics before anything is sent to them.

use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::Producer as _;

use super::{CALL_TIMEOUT, Producer, RETRY_PAUSE, error_text};
use crate::{Context, Failure};

/// Also the last question before giving up gets a chance to be answered.
const SHORTEST_CALL: Duration = Duration::from_millis(100);

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
    let mut answer_before = None;
    loop {
        let left = give_up.map(|limit| limit.saturating_sub(started.elapsed()));
        let patience = left
            .unwrap_or(CALL_TIMEOUT)
            .clamp(SHORTEST_CALL, CALL_TIMEOUT);
        let missing = topics.iter().find_map(|topic| {
            ask(producer, topic, patience)
                .err()
                .map(|error| (topic, error))
        });
        let Some((topic, error)) = missing else {
            reporter.answered();
            reporter.sees_topics();
            return Ok(TopicNeeds::Met);
        };
        let is_over = give_up.is_some_and(|limit| started.elapsed() >= limit);
        let text = match answer_before.take() {
            // The last question may have had too little time to be answered.
            Some(text) if is_over && is_unanswered(&error) => text,
            _ => reporter.judge_topic(topic, producer.client(), &error)?,
        };
        if is_over {
            return Err(Failure::runtime(anyhow::anyhow!("gave up: {text}")));
        }
        answer_before = Some(text);
        if context.shutdown.wait_timeout(RETRY_PAUSE) {
            return Ok(TopicNeeds::Stopped);
        }
    }
}

fn is_unanswered(error: &KafkaError) -> bool {
    error
        .rdkafka_error_code()
        .is_some_and(error_text::is_no_answer)
}

fn ask(producer: &Producer, topic: &str, timeout: Duration) -> Result<(), KafkaError> {
    let metadata = producer.client().fetch_metadata(Some(topic), timeout)?;
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
