//! Sending messages as they are, broken ones too.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

use crate::Access;

const TIMEOUT: Duration = Duration::from_secs(60);

/// A message to send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; `None` is Kafka's null.
    pub value: Option<&'a [u8]>,
    /// Its partition; `None`: by the key, as Java's clients choose it.
    pub partition: Option<i32>,
    /// Its headers, in their order.
    pub headers: &'a [(&'a str, &'a str)],
}

impl<'a> Message<'a> {
    /// A message with key and value.
    pub fn new(key: &'a [u8], value: &'a [u8]) -> Self {
        Self {
            key: Some(key),
            value: Some(value),
            ..Self::default()
        }
    }
}

/// Sends `messages` in their order and waits until the broker has all of them.
pub fn send(kafka: impl Into<Access>, topic: &str, messages: &[Message<'_>]) -> Result<()> {
    let producer: BaseProducer<FirstFailure> = kafka
        .into()
        .client()
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random")
        .create_with_context(FirstFailure::default())?;
    for message in messages {
        let mut record = BaseRecord::<[u8], [u8]>::to(topic);
        record.key = message.key;
        record.payload = message.value;
        record.partition = message.partition;
        record.headers = headers(message);
        while let Err((error, same_record)) = producer.send(record) {
            let is_full = error == KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
            ensure!(is_full, "sending to {topic:?}: {error}");
            producer.poll(Duration::from_millis(10));
            record = same_record;
        }
    }
    producer
        .flush(TIMEOUT)
        .with_context(|| format!("sending to {topic:?}"))?;
    match producer.context().take() {
        None => Ok(()),
        Some(error) => bail!("sending to {topic:?}: {error}"),
    }
}

fn headers(message: &Message<'_>) -> Option<OwnedHeaders> {
    let headers = message.headers.iter();
    let headers = headers.fold(OwnedHeaders::new(), |headers, &(key, value)| {
        let value = Some(value);
        headers.insert(Header { key, value })
    });
    (!message.headers.is_empty()).then_some(headers)
}

/// Keeps the first message's error.
#[derive(Default)]
struct FirstFailure {
    error: Mutex<Option<KafkaError>>,
}

impl FirstFailure {
    fn take(&self) -> Option<KafkaError> {
        self.error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl ClientContext for FirstFailure {}

impl ProducerContext for FirstFailure {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| error.clone());
        }
    }
}
