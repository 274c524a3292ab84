//! The producer of a worker: results and dead letters.

mod failed_delivery;
mod size_limits;

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;
use service_runtime::kafka::{
    self, Headers, Producer as Client, TopicNeeds, TopicRecord, TopicSender, batch_size_alone,
    create_producer, flush, producer_config, wait_for_topics,
};
use service_runtime::{Context, Failure};

use crate::interruption::Interruption;
use crate::stop_deadline::StopDeadline;
pub(crate) use failed_delivery::FailedDelivery;
use size_limits::SizeLimits;

/// A full queue is looked at this often.
const SLICE: Duration = Duration::from_millis(1);
/// While answers are waited for, it is looked this often whether that makes sense.
pub(crate) const LOOK_AROUND: Duration = Duration::from_millis(10);
/// Between two tries to become a transactional producer.
const PAUSE: Duration = Duration::from_secs(1);
/// Topics may take larger messages than librdkafka's default: let the broker decide.
const LARGEST_MESSAGE: &str = "16777216";

/// What the producers of a worker have in common.
pub(crate) struct ProducerSettings {
    context: Context,
    /// The worker's id.
    name: String,
    /// Where messages go; results first.
    topics: Vec<String>,
    limits: Rc<SizeLimits>,
}

/// What a producer needs for transactions.
pub(crate) struct TransactionSettings {
    /// `transactional.id`
    pub(crate) id: String,
    /// `transaction.timeout.ms`
    pub(crate) timeout: Duration,
    /// What a person can do where that is too short.
    pub(crate) remedy: &'static str,
}

/// A message to send.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// The topic.
    pub(crate) topic: &'a str,
    /// The partition; `None`: it follows from the key.
    pub(crate) partition: Option<i32>,
    /// The key.
    pub(crate) key: Option<&'a [u8]>,
    /// The value; `None` is Kafka's null.
    pub(crate) value: Option<&'a [u8]>,
    /// The headers, where there are any.
    pub(crate) headers: Option<Headers>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Sent {
    /// It is on its way.
    Queued,
    /// Its topic wouldn't take it; it isn't sent.
    TooLarge,
}

/// An idempotent producer that knows whether a message of its failed.
pub(crate) struct Producer {
    client: Client,
    senders: Vec<(String, TopicSender)>,
    /// Those that it sends to, for a failure that doesn't say which of them it is about.
    topics: String,
    failed: FailedDelivery,
    limits: Rc<SizeLimits>,
    /// The largest batch of several records.
    batch_bytes: usize,
    transaction_deadline: Cell<Option<Instant>>,
    too_late_remedy: &'static str,
    stop_deadline: StopDeadline,
}

impl ProducerSettings {
    /// Of producers that send to `topics`, for the worker called `name`.
    pub(crate) fn new(context: &Context, name: &str, topics: Vec<String>) -> Self {
        let limits = SizeLimits::new(context, topics.clone(), &producer_config(context));
        Self {
            context: context.clone(),
            name: name.to_owned(),
            topics,
            limits: Rc::new(limits),
        }
    }

    /// Creates a producer and waits until a broker answers, has the topics, and has told
    /// what they take.
    pub(crate) fn create(
        &self,
        transactions: Option<&TransactionSettings>,
    ) -> Result<Producer, Interruption> {
        let producer = self.connect(transactions)?;
        self.limits.learn();
        if self.limits.batch_bytes() < producer.batch_bytes {
            return self.connect(transactions);
        }
        Ok(producer)
    }

    fn connect(
        &self,
        transactions: Option<&TransactionSettings>,
    ) -> Result<Producer, Interruption> {
        let batch_bytes = self.limits.batch_bytes();
        let mut config = producer_config(&self.context);
        config.set("batch.size", batch_bytes.to_string());
        // Failures are all that matters: what isn't under way and didn't fail, arrived.
        config.set("delivery.report.only.error", "true");
        if config.get("message.max.bytes").is_none() {
            config.set("message.max.bytes", LARGEST_MESSAGE);
        }
        match transactions {
            Some(TransactionSettings { id, timeout, .. }) => {
                config
                    .set("transactional.id", id)
                    .set("transaction.timeout.ms", timeout.as_millis().to_string());
            }
            // Without a transaction that ends anyway, a message waits for its broker.
            None => {
                config.set("message.timeout.ms", "0");
            }
        }
        let failed = FailedDelivery::default();
        let client = create_producer(&config, &self.name, &self.context, {
            let failed = failed.clone();
            move |delivery| failed.note(delivery)
        })?;
        let sender = |topic: &String| {
            let sender = TopicSender::new(&client, topic);
            (topic.clone(), sender.expect("the configuration is checked"))
        };
        let producer = Producer {
            senders: self.topics.iter().map(sender).collect(),
            client,
            topics: self.topics.join("\" or \""),
            failed,
            limits: Rc::clone(&self.limits),
            batch_bytes,
            transaction_deadline: Cell::new(None),
            too_late_remedy: transactions.map_or("", |transactions| transactions.remedy),
            stop_deadline: StopDeadline::new(&self.context),
        };
        self.wait_for_topics(&producer)?;
        Ok(producer)
    }

    /// Waits until a broker answers and has the topics.
    pub(crate) fn wait_for_topics(&self, producer: &Producer) -> Result<(), Interruption> {
        let topics: Vec<&str> = self.topics.iter().map(String::as_str).collect();
        match wait_for_topics(&producer.client, &topics, None, &self.context)? {
            TopicNeeds::Met => Ok(()),
            TopicNeeds::Stopped => Err(Interruption::Stopping),
        }
    }

    /// Waits before the next try; fails once the daemon is to stop.
    pub(crate) fn pause(&self) -> Result<(), Interruption> {
        if self.context.shutdown.wait_timeout(PAUSE) {
            return Err(Interruption::Stopping);
        }
        Ok(())
    }
}

impl Producer {
    /// Queues a message unless its topic wouldn't take it; waits while the queue is full.
    pub(crate) fn send(&self, record: Record<'_>) -> Result<Sent, Interruption> {
        let headers_size = record.headers.as_ref().map(Headers::size);
        let bytes = batch_size_alone(record.key, record.value, headers_size.unwrap_or_default());
        if !self.limits.allow(record.topic, bytes) {
            return Ok(Sent::TooLarge);
        }
        let sender = self.sender(record.topic);
        let mut record = TopicRecord {
            partition: record.partition,
            key: record.key,
            value: record.value,
            headers: record.headers,
        };
        loop {
            let Err(error) = sender.send(&mut record) else {
                return Ok(Sent::Queued);
            };
            match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::QueueFull) => {}
                Some(RDKafkaErrorCode::MessageSizeTooLarge) => return Ok(Sent::TooLarge),
                _ => return Err(self.interruption(error)),
            }
            flush(&self.client, SLICE);
            self.check_deadline()?;
        }
    }

    fn sender(&self, topic: &str) -> &TopicSender {
        let found = self.senders.iter().find(|(name, _)| name == topic);
        let (_, sender) = found.expect("the settings name all topics");
        sender
    }

    /// Sends at once what waits for company, and waits a moment for its arrival.
    pub(crate) fn hurry(&self) {
        flush(&self.client, SLICE);
    }

    /// Waits until every message is acknowledged or failed.
    pub(crate) fn wait_acknowledged(&self) -> Result<(), Interruption> {
        while self.client.in_flight_count() > 0 {
            flush(&self.client, LOOK_AROUND);
            self.check_deadline()?;
        }
        if self.failed.is_any() {
            return Err(self.interruption(KafkaError::Canceled));
        }
        Ok(())
    }

    /// What a failure means for the work at hand.
    pub(crate) fn interruption(&self, error: KafkaError) -> Interruption {
        // A call says at best that some message failed; the message knows why.
        let (topic, error) = match self.failed.take() {
            Some((topic, error)) => (Some(topic), error),
            None => (None, error),
        };
        let code = error.rdkafka_error_code();
        if code == Some(RDKafkaErrorCode::MessageSizeTooLarge) {
            return Interruption::TooLarge;
        }
        if self.is_too_late() {
            return Interruption::Retry(format!(
                "a transaction was open for longer than brokers were asked to allow: {}",
                self.too_late_remedy
            ));
        }
        if !self.is_lost() && code.is_some_and(is_reported_elsewhere) {
            return Interruption::Retry(error.to_string());
        }
        match kafka::judge(
            &self.client,
            Some(topic.as_ref().unwrap_or(&self.topics)),
            &error,
        ) {
            Ok(why) => Interruption::Retry(why),
            Err(failure) => Interruption::Fatal(failure),
        }
    }

    /// A transaction has begun or ended; the broker aborts it after `timeout`.
    pub(crate) fn set_transaction_timeout(&self, timeout: Option<Duration>) {
        self.transaction_deadline
            .set(timeout.map(|timeout| Instant::now() + timeout));
    }

    /// Fails if the client can't be used any more: fenced, most of all. One that was
    /// too late only looks fenced to the broker.
    pub(crate) fn check_fatal(&self) -> Result<(), Failure> {
        if self.is_too_late() || !self.is_lost() {
            return Ok(());
        }
        kafka::judge(&self.client, None, &KafkaError::Canceled).map(|_| ())
    }

    /// Whether the broker ended the transaction of itself, and with it this producer.
    fn is_too_late(&self) -> bool {
        self.transaction_deadline
            .get()
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// What was sent arrived: it may be sent.
    pub(crate) fn acknowledged(&self) {
        kafka::acknowledged(&self.client);
    }

    /// Whether the client can't be used any more.
    pub(crate) fn is_lost(&self) -> bool {
        kafka::is_lost(&self.client)
    }

    /// How often a connection was lost or a request timed out: each time, an answer
    /// may be on its way that belongs to the past.
    pub(crate) fn disturbances(&self) -> u64 {
        self.client.client().context().disturbances()
    }

    /// Whether the broker refused records for their size that aren't kept in mind yet.
    pub(crate) fn has_refusals(&self) -> bool {
        self.failed.has_refused()
    }

    /// Keeps in mind what the broker refused for its size, for the producers to come. To
    /// be called once nothing is under way any more: a batch is refused as a whole.
    pub(crate) fn learn_refusals(&self) {
        let refused = self.failed.take_refused();
        self.limits.learn_refusals(&refused, self.batch_bytes);
    }

    /// Whether a new one must take its place: it is lost, or its batches are larger than
    /// those that the broker is known to take.
    pub(crate) fn must_be_renewed(&self) -> bool {
        self.is_lost() || self.batch_bytes > self.limits.batch_bytes()
    }

    /// Why a message didn't arrive.
    pub(crate) fn failed(&self) -> &FailedDelivery {
        &self.failed
    }

    /// Fails once a stopping daemon has waited long enough.
    pub(crate) fn check_deadline(&self) -> Result<(), Interruption> {
        if self.stop_deadline.has_passed() {
            return Err(Interruption::Stopping);
        }
        Ok(())
    }

    /// The client, for transactions.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

/// Whether the consumer learns of it too, and knows what it means, or whether it only
/// follows from what failed before.
fn is_reported_elsewhere(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::IllegalGeneration
            | RDKafkaErrorCode::UnknownMemberId
            | RDKafkaErrorCode::RebalanceInProgress
            | RDKafkaErrorCode::FencedInstanceId
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::State
    )
}
