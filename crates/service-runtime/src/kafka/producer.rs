//! Producers: an idempotent client with a thread that serves its deliveries.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::producer::{DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::statistics::Statistics;

use super::error_text::{self, Who};
use super::reporter::{self, Reporter};
use crate::{Context, Failure};

/// A producer whose deliveries are served by a thread of its own.
pub type Producer = ThreadedProducer<ProducerEvents>;

/// The callbacks of a [`Producer`].
pub struct ProducerEvents {
    reporter: Reporter,
    on_delivery: Box<dyn Fn(&DeliveryResult<'_>) + Send + Sync>,
    disturbances: AtomicU64,
}

/// Creates a producer for `topic`; `config` comes from [`super::producer_config`], with
/// the caller's own settings on it. `on_delivery` runs on the producer's thread, once
/// for each message that was acknowledged or given up. Touches no network.
pub fn create_producer(
    config: &ClientConfig,
    topic: &str,
    context: &Context,
    on_delivery: impl Fn(&DeliveryResult<'_>) + Send + Sync + 'static,
) -> Result<Producer, Failure> {
    let id = config
        .get("transactional.id")
        .unwrap_or_default()
        .to_owned();
    let client = if id.is_empty() {
        format!("producer {topic}")
    } else {
        format!("producer {id}")
    };
    let who = Who {
        topic: topic.to_owned(),
        group: String::new(),
        id,
    };
    let events = ProducerEvents {
        reporter: Reporter::new(context, client, who),
        on_delivery: Box::new(on_delivery),
        disturbances: AtomicU64::new(0),
    };
    config
        .create_with_context(events)
        .context("cannot create the Kafka producer")
        .map_err(Failure::start)
}

/// After a call or a delivery failed: `Ok` if waiting and trying again may help (log and
/// health are told), with a new producer if this one [`is_lost`], and what is wrong; the
/// failure if it is fenced. `topic` is what the call or delivery was about, if not the
/// producer's own.
pub fn judge(
    producer: &Producer,
    topic: Option<&str>,
    error: &KafkaError,
) -> Result<String, Failure> {
    let client = producer.client();
    let reporter = &client.context().reporter;
    reporter.judge_about(topic.unwrap_or(&reporter.who.topic), client, error)
}

/// The broker took what this producer sent: no right and no topic is missing. To be told
/// where success isn't reported for each message.
pub fn acknowledged(producer: &Producer) {
    producer.client().context().reporter.acknowledged();
}

/// The coordinator takes this producer's transactional id.
pub fn may_use_id(producer: &Producer) {
    producer.client().context().reporter.may_use_id();
}

/// Whether a producer can't be used any more: what it does fails.
pub fn is_lost(producer: &Producer) -> bool {
    producer.client().fatal_error().is_some()
}

impl ProducerEvents {
    /// How often a connection was lost, a request timed out or a transaction failed: each
    /// time, an answer may be lost, and a request still be under way that librdkafka sends
    /// again.
    pub fn disturbances(&self) -> u64 {
        self.disturbances.load(Ordering::Acquire)
    }

    pub(super) fn reporter(&self) -> &Reporter {
        &self.reporter
    }
}

impl fmt::Debug for ProducerEvents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProducerEvents")
            .field("reporter", &self.reporter)
            .finish_non_exhaustive()
    }
}

impl ClientContext for ProducerEvents {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        if facility == reporter::TRANSACTION_ERROR {
            self.disturbances.fetch_add(1, Ordering::AcqRel);
        }
        self.reporter.log(level, facility, text);
    }

    fn stats(&self, statistics: Statistics) {
        self.reporter.statistics(&statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error_text::is_disturbance(&error, reason) {
            self.disturbances.fetch_add(1, Ordering::AcqRel);
        }
        self.reporter.event(&error, reason);
    }
}

impl ProducerContext for ProducerEvents {
    type DeliveryOpaque = ();

    fn delivery(&self, delivery: &DeliveryResult<'_>, (): ()) {
        if delivery.is_ok() {
            self.reporter.acknowledged();
        }
        (self.on_delivery)(delivery);
    }
}
