//! Transactions on their way to the broker.

mod deliveries;

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail, ensure};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer as _, PurgeConfig};
use service_runtime::kafka::{
    Producer, TopicNeeds, create_producer, is_lost, judge, producer_config, wait_for_topics,
};
use service_runtime::{Context, Failure};

use crate::config::ProducerConfig;
use crate::metrics::Metrics;
use deliveries::{Deliveries, Message, Refused, may_be_sent_again};

/// The longest wait at a time, so that whoever waits can look around.
const WAIT: Duration = Duration::from_millis(10);
/// Between two tries whether a missing right is there by now.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// librdkafka's upper limit of `topic.metadata.propagation.max.ms`.
const MOST_PROPAGATION: Duration = Duration::from_secs(3_600);

/// A producer's queue and what became of the messages put into it.
///
/// What is refused for want of a right is sent again, in order, by a new producer if need
/// be. Until then no other message is taken. What a refused password cost, a moment's
/// messages at most, is sent again behind those that librdkafka kept.
pub(crate) struct Outbox {
    context: Context,
    config: ClientConfig,
    producer: Producer,
    topic: String,
    send_timeout: Duration,
    /// Messages that may wait for an answer; `None`: as many as the client's queue holds.
    most_unanswered: Option<usize>,
    deliveries: Arc<Deliveries>,
    waiting: Option<Waiting>,
    /// When the broker began to refuse everything, and what was sent by then.
    refused_since: Option<(Instant, u64)>,
}

/// What is to be sent again.
struct Waiting {
    messages: VecDeque<Message>,
    next_try: Instant,
    /// The first of them went ahead, alone.
    is_tried: bool,
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
        let deliveries = Arc::new(Deliveries::new(metrics));
        let mut client = producer_config(context);
        let milliseconds = |duration: Duration| duration.as_millis().to_string();
        client
            .set("message.timeout.ms", milliseconds(config.send_timeout))
            // A topic that vanishes on the way is waited for as long as a broker.
            .set(
                "topic.metadata.propagation.max.ms",
                milliseconds(config.send_timeout.min(MOST_PROPAGATION)),
            );
        let producer = create(&client, &topic, context, &deliveries)?;
        match wait_for_topics(&producer, &[&topic], Some(config.send_timeout), context)? {
            TopicNeeds::Stopped => Ok(None),
            TopicNeeds::Met => Ok(Some(Self {
                context: context.clone(),
                config: client,
                producer,
                topic,
                send_timeout: config.send_timeout,
                most_unanswered: config.most_unanswered(),
                deliveries,
                waiting: None,
                refused_since: None,
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
        if self.has_refused()
            || self
                .most_unanswered
                .is_some_and(|most| unanswered() >= most)
        {
            return Ok(Queued::Full);
        }
        let error = match self.enqueue(key.as_bytes(), value) {
            Ok(()) => return Ok(Queued::Taken),
            Err(error) => error,
        };
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) {
            return Ok(Queued::Full);
        }
        if may_be_sent_again(&error) {
            self.deliveries.refused_at_once(&error);
            return Ok(Queued::Full);
        }
        self.deliveries.metrics.failed.inc();
        ensure!(
            error.rdkafka_error_code() != Some(RDKafkaErrorCode::MessageSizeTooLarge),
            "transaction {key} makes a message of {} bytes, which is more than message.max.bytes: \
             send fewer columns, or raise it in [kafka.producer_properties] and on the topic",
            value.len()
        );
        Err(anyhow!("cannot send transaction {key}: {error}"))
    }

    /// Waits a moment for the answers to all that is in the queue; whether they came.
    ///
    /// # Errors
    /// Where a message was given up.
    pub(crate) fn flush(&self) -> Result<bool> {
        let is_empty = self.producer.flush(WAIT).is_ok();
        self.check()?;
        if self.has_refused() {
            thread::sleep(WAIT);
            return Ok(false);
        }
        Ok(is_empty)
    }

    /// To be called all the while: sends again what was refused, once that may help.
    ///
    /// # Errors
    /// Where a message was given up.
    pub(crate) fn look_after(&mut self) -> Result<()> {
        self.check()?;
        // In order: behind what came back there must not be more to come.
        if !self.has_refused() || self.producer.in_flight_count() > 0 {
            return Ok(());
        }
        if self.deliveries.is_any_refused() {
            let refused = self.deliveries.take_refused();
            return self.note_refused(refused);
        }
        self.send_again()
    }

    /// Gives up what isn't answered; it counts as failed.
    pub(crate) fn give_up(&mut self) {
        self.producer
            .purge(PurgeConfig::default().queue().inflight());
        let deadline = Instant::now() + Duration::from_secs(1);
        while self.producer.flush(WAIT).is_err() && Instant::now() < deadline {}
        let waiting = self.waiting.take();
        let waiting = waiting.map_or(0, |waiting| waiting.messages.len());
        let refused = self.deliveries.take_refused().messages.len();
        self.deliveries
            .metrics
            .failed
            .inc_by((waiting + refused) as u64);
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
        self.deliveries.bytes()
    }

    fn has_refused(&self) -> bool {
        self.waiting.is_some() || self.deliveries.is_any_refused()
    }

    fn enqueue(&self, key: &[u8], value: &[u8]) -> Result<(), KafkaError> {
        let record = BaseRecord::to(&self.topic).key(key).payload(value);
        self.producer.send(record).map_err(|(error, _)| error)
    }

    /// Keeps what came back for another try, unless the broker took nothing for too long.
    fn note_refused(&mut self, refused: Refused) -> Result<()> {
        let error = refused.error.expect("what is refused has a reason");
        let mut messages = VecDeque::from(refused.messages);
        if let Some(waiting) = self.waiting.take() {
            messages.extend(waiting.messages);
        }
        self.waiting = Some(Waiting {
            messages,
            next_try: Instant::now() + RETRY_PAUSE,
            is_tried: false,
        });
        let why = judge(&self.producer, None, &error)?;
        let (since, _) = *self.refused_since.insert(match self.refused_since {
            Some((since, sent)) if sent == self.sent() => (since, sent),
            _ => (Instant::now(), self.sent()),
        });
        ensure!(
            since.elapsed() < self.send_timeout,
            "gave up after {:?} (producer.send_timeout): {why}",
            self.send_timeout
        );
        Ok(())
    }

    /// Sends the first of those that wait; once that is taken, the others.
    fn send_again(&mut self) -> Result<()> {
        let Some(mut waiting) = self.waiting.take() else {
            return Ok(());
        };
        if !waiting.is_tried && Instant::now() < waiting.next_try {
            self.waiting = Some(waiting);
            return Ok(());
        }
        if is_lost(&self.producer) {
            self.producer = create(&self.config, &self.topic, &self.context, &self.deliveries)?;
        }
        let count = if waiting.is_tried { usize::MAX } else { 1 };
        waiting.is_tried = true;
        for _ in 0..count {
            let Some(message) = waiting.messages.front() else {
                return Ok(());
            };
            if let Err(error) = self.enqueue(&message.key, &message.value) {
                self.deliveries.refused_at_once(&error);
                break;
            }
            waiting.messages.pop_front();
        }
        self.waiting = Some(waiting);
        Ok(())
    }

    /// The failure of the first message that was given up.
    fn check(&self) -> Result<()> {
        match self.deliveries.first_failure() {
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
                let why = judge(&self.producer, None, error).unwrap_or_else(|why| why.to_string());
                bail!(
                    "a transaction could not be delivered to {:?}: {why}",
                    self.topic
                )
            }
        }
    }
}

fn create(
    config: &ClientConfig,
    topic: &str,
    context: &Context,
    deliveries: &Arc<Deliveries>,
) -> Result<Producer, Failure> {
    let deliveries = Arc::clone(deliveries);
    create_producer(config, topic, context, move |delivery| {
        deliveries.record(delivery);
    })
}
