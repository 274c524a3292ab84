//! Transactions on their way to the broker.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, PurgeConfig};
use service_runtime::kafka::{
    Producer, TopicNeeds, create_producer, judge, producer_config, wait_for_topics,
};
use service_runtime::{Context, Failure};

use crate::config::ProducerConfig;
use crate::metrics::Metrics;

/// The longest wait at a time, so that whoever waits can look around.
const WAIT: Duration = Duration::from_millis(10);
/// librdkafka's upper limit of `topic.metadata.propagation.max.ms`.
const MOST_PROPAGATION: Duration = Duration::from_secs(3_600);

/// A producer's queue and what became of the messages put into it.
pub(crate) struct Outbox {
    producer: Producer,
    topic: String,
    send_timeout: Duration,
    /// Messages that may wait for an answer; `None`: as many as the client's queue holds.
    most_unanswered: Option<usize>,
    deliveries: Arc<Deliveries>,
}

/// What the broker answered; written by the producer's thread.
#[derive(Debug)]
struct Deliveries {
    metrics: Metrics,
    bytes: AtomicU64,
    first_failure: OnceLock<KafkaError>,
}

/// Whether the queue took a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Queued {
    Taken,
    Full,
}

impl Outbox {
    /// Waits until a broker answers and has the topic, at most `send_timeout`;
    /// `None` if the wish to stop came first.
    pub(crate) fn connect(
        config: &ProducerConfig,
        context: &Context,
        metrics: Metrics,
    ) -> Result<Option<Self>, Failure> {
        let topic = context.config.topics.transactions.clone();
        let deliveries = Arc::new(Deliveries {
            metrics,
            bytes: AtomicU64::new(0),
            first_failure: OnceLock::new(),
        });
        let mut client = producer_config(context);
        let milliseconds = |duration: Duration| duration.as_millis().to_string();
        client
            .set("message.timeout.ms", milliseconds(config.send_timeout))
            // A topic that vanishes on the way is waited for as long as a broker.
            .set(
                "topic.metadata.propagation.max.ms",
                milliseconds(config.send_timeout.min(MOST_PROPAGATION)),
            );
        let told = Arc::clone(&deliveries);
        let producer = create_producer(&client, &topic, context, move |delivery| {
            told.record(delivery);
        })?;
        match wait_for_topics(&producer, &[&topic], Some(config.send_timeout), context)? {
            TopicNeeds::Stopped => Ok(None),
            TopicNeeds::Met => Ok(Some(Self {
                producer,
                topic,
                send_timeout: config.send_timeout,
                most_unanswered: config.most_unanswered(),
                deliveries,
            })),
        }
    }

    /// Puts a message into the queue, unless that is full.
    ///
    /// # Errors
    /// Where an earlier message was given up, or this one can never be sent.
    pub(crate) fn put(&self, key: &str, value: &[u8]) -> Result<Queued> {
        self.check()?;
        let unanswered = || usize::try_from(self.producer.in_flight_count()).unwrap_or(0);
        if self
            .most_unanswered
            .is_some_and(|most| unanswered() >= most)
        {
            return Ok(Queued::Full);
        }
        let record = BaseRecord::to(&self.topic).key(key).payload(value);
        match self.producer.send(record) {
            Ok(()) => Ok(Queued::Taken),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                Ok(Queued::Full)
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) => {
                self.deliveries.metrics.failed.inc();
                bail!(
                    "transaction {key} makes a message of {} bytes, which is more than message.max.bytes: \
                     send fewer columns, or raise it in [kafka.producer_properties] and on the topic",
                    value.len()
                )
            }
            Err((error, _)) => {
                self.deliveries.metrics.failed.inc();
                Err(anyhow!("cannot send transaction {key}: {error}"))
            }
        }
    }

    /// Waits a moment for the answers to all that is in the queue; whether they came.
    ///
    /// # Errors
    /// Where a message was given up.
    pub(crate) fn flush(&self) -> Result<bool> {
        let is_empty = self.producer.flush(WAIT).is_ok();
        self.check()?;
        Ok(is_empty)
    }

    /// Gives up what isn't answered; it counts as failed.
    pub(crate) fn give_up(&self) {
        self.producer
            .purge(PurgeConfig::default().queue().inflight());
        let deadline = Instant::now() + Duration::from_secs(1);
        while self.producer.flush(WAIT).is_err() && Instant::now() < deadline {}
    }

    /// Messages that the broker acknowledged.
    pub(crate) fn sent(&self) -> u64 {
        self.deliveries.metrics.sent.get()
    }

    /// Messages that were given up.
    pub(crate) fn failed(&self) -> u64 {
        self.deliveries.metrics.failed.get()
    }

    /// Bytes of the values that the broker acknowledged.
    pub(crate) fn bytes(&self) -> u64 {
        self.deliveries.bytes.load(Ordering::Relaxed)
    }

    /// The failure of the first message that was given up.
    pub(crate) fn check(&self) -> Result<()> {
        match self.deliveries.first_failure.get() {
            None => Ok(()),
            Some(error)
                if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageTimedOut) =>
            {
                bail!(
                    "gave up: no broker acknowledged a transaction within {:?} (producer.send_timeout)",
                    self.send_timeout
                )
            }
            Some(error) => {
                let why = judge(&self.producer, error).unwrap_or_else(|why| why.to_string());
                bail!(
                    "a transaction could not be delivered to {:?}: {why}",
                    self.topic
                )
            }
        }
    }
}

impl Deliveries {
    fn record(&self, delivery: &DeliveryResult<'_>) {
        match delivery {
            Ok(message) => {
                self.metrics.sent.inc();
                self.bytes
                    .fetch_add(message.payload_len() as u64, Ordering::Relaxed);
            }
            Err((error, _)) => {
                self.metrics.failed.inc();
                // Those that fail after it fail for its sake.
                let _ = self.first_failure.set(error.clone());
            }
        }
    }
}
