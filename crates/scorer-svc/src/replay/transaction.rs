//! The one transaction of a replay.

use std::time::Duration;

use anyhow::anyhow;
use rdkafka::Message;
use rdkafka::error::KafkaResult;
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::Producer as _;
use rdkafka::util::Timeout;
use service_runtime::kafka::Headers;
use service_runtime::{Context, Failure};

use crate::config::ReplayConfig;
use crate::interruption::Interruption;
use crate::producer::{Producer, ProducerSettings, Record, Sent, TransactionSettings};

/// The longest that a replay may take. Readers of the topic wait for its end, and for this
/// long where it is killed.
const TIMEOUT: Duration = Duration::from_secs(60);
/// For an abort.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was sent and isn't visible yet.
pub(super) struct Transaction {
    topic: String,
    producer: Producer,
}

impl Transaction {
    /// Waits until a broker answers and has the topic. Another replay with the same id is
    /// fenced: of two, one sends nothing.
    pub(super) fn begin(config: &ReplayConfig, context: &Context) -> Result<Self, Failure> {
        let topic = context.config.topics.transactions.clone();
        let settings = TransactionSettings {
            // A prefix that scorers' ids haven't: whoever may use it can't fence a scorer.
            id: format!("replay-{}", config.base_id()),
            timeout: TIMEOUT,
            remedy: "replay fewer at a time, by --reason, --since or --from",
        };
        let producer = ProducerSettings::new(context, &settings.id, vec![topic.clone()])
            .create(Some(&settings))
            .map_err(nothing_was_sent)?;
        let transaction = Self { topic, producer };
        transaction.initialize(context)?;
        transaction.check(transaction.producer.client().begin_transaction())?;
        transaction.producer.set_transaction_timeout(Some(TIMEOUT));
        Ok(transaction)
    }

    /// Fences a replay with the same id and ends its transaction.
    fn initialize(&self, context: &Context) -> Result<(), Failure> {
        let client = self.producer.client().clone();
        let call = move || client.init_transactions(Timeout::Never);
        match context.call_unless_stopped(call) {
            Some(answer) => self.check(answer),
            None => Err(nothing_was_sent(Interruption::Stopping)),
        }
    }

    /// Sends the message, with its headers as they are now, to a partition.
    pub(super) fn send(
        &self,
        partition: i32,
        message: &BorrowedMessage<'_>,
    ) -> Result<Sent, Failure> {
        let record = Record {
            topic: &self.topic,
            partition: Some(partition),
            key: message.key(),
            value: message.payload(),
            headers: Headers::of(message),
        };
        self.producer.send(record).map_err(nothing_was_sent)
    }

    /// Makes all that was sent visible.
    pub(super) fn commit(&self) -> Result<(), Failure> {
        self.producer
            .wait_acknowledged()
            .map_err(nothing_was_sent)?;
        self.check(self.producer.client().commit_transaction(Timeout::Never))
    }

    /// Forgets what was sent, so that readers of the topic don't wait for it.
    pub(super) fn abort(&self) {
        // If it fails, the broker does it once the timeout has passed.
        let _ = self.producer.client().abort_transaction(PATIENCE);
    }

    fn check(&self, answer: KafkaResult<()>) -> Result<(), Failure> {
        answer.map_err(|error| nothing_was_sent(self.producer.interruption(error)))
    }
}

fn nothing_was_sent(interruption: Interruption) -> Failure {
    let why = match interruption {
        Interruption::Fatal(failure) => return failure,
        Interruption::Retry(why) => why,
        Interruption::TooLarge => "the broker refuses one for its size".to_owned(),
        Interruption::Stopping => "stopped".to_owned(),
    };
    Failure::runtime(anyhow!("no dead letter was replayed: {why}"))
}
