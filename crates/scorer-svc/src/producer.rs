//! The producer of a worker: results and dead letters.

mod events;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::ClientConfig;

use crate::interruption::Interruption;
use crate::stop_deadline::StopDeadline;
pub(crate) use events::Events;

/// rdkafka's `flush` and `poll` sleep for all of their time, whatever happens.
const SLICE: Duration = Duration::from_millis(1);

/// The client itself, as the thread of the transaction calls shares it.
pub(crate) type Client = BaseProducer<Events>;

/// A message to send.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// The topic; the partition follows from the key.
    pub(crate) topic: &'a str,
    /// The key.
    pub(crate) key: Option<&'a [u8]>,
    /// The value; `None` is Kafka's null.
    pub(crate) value: Option<&'a [u8]>,
    /// The headers, where there are any.
    pub(crate) headers: Option<OwnedHeaders>,
}

/// A producer, and what its client reported.
pub(crate) struct Producer {
    client: Arc<Client>,
    stop_deadline: StopDeadline,
}

impl Producer {
    /// Creates the client; waits for nothing.
    pub(crate) fn new(
        config: &ClientConfig,
        events: Events,
        stop_deadline: StopDeadline,
    ) -> KafkaResult<Self> {
        Ok(Self {
            client: Arc::new(config.create_with_context(events)?),
            stop_deadline,
        })
    }

    /// Queues a message; waits while the queue is full.
    pub(crate) fn send(&self, record: Record<'_>) -> Result<(), Interruption> {
        let mut next = BaseRecord {
            topic: record.topic,
            partition: None,
            payload: record.value,
            key: record.key,
            timestamp: None,
            headers: record.headers,
            delivery_opaque: (),
        };
        loop {
            let error = match self.client.send(next) {
                Ok(()) => return Ok(()),
                Err((error, record)) => {
                    next = record;
                    error
                }
            };
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                return Err(self.interruption(&error));
            }
            self.client.poll(SLICE);
            self.check_deadline()?;
        }
    }

    /// Waits until every message is acknowledged or failed.
    pub(crate) fn wait_acknowledged(&self) -> Result<(), Interruption> {
        while self.client.in_flight_count() > 0 {
            flush_a_little(&self.client);
            self.check_deadline()?;
        }
        match self.client.context().take_failure() {
            None => Ok(()),
            Some(code) => Err(self.interruption(&KafkaError::MessageProduction(code))),
        }
    }

    /// Handles what the client has to report.
    pub(crate) fn serve_events(&self) {
        self.client.poll(Duration::ZERO);
    }

    /// What an error of this producer means for the work at hand.
    pub(crate) fn interruption(&self, error: &KafkaError) -> Interruption {
        if let Some((code, reason)) = self.client.client().fatal_error() {
            return Interruption::Fatal(events::fatal(code, &reason));
        }
        // The error says at best that some message failed; the report says why.
        self.serve_events();
        match self.client.context().take_failure().or(error.rdkafka_error_code()) {
            Some(RDKafkaErrorCode::MessageSizeTooLarge) => Interruption::TooLarge,
            Some(code) => Interruption::Retry(format!("{error} ({code})")),
            None => Interruption::Retry(error.to_string()),
        }
    }

    /// Fails once a stopping daemon has waited long enough.
    pub(crate) fn check_deadline(&self) -> Result<(), Interruption> {
        if self.stop_deadline.has_passed() {
            return Err(Interruption::Stopping);
        }
        Ok(())
    }

    /// Whether a connection was lost or a request timed out: an answer may be on
    /// its way that belongs to the past.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.client.context().is_disturbed()
    }

    /// Leaves the failures of undone work behind.
    pub(crate) fn forget_failure(&self) {
        self.serve_events();
        self.client.context().take_failure();
    }

    /// The client, for transactions.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }
}

/// Lets the client send what waits for company, and handles its reports.
pub(crate) fn flush_a_little(client: &Client) {
    // An error says only that messages are still on their way.
    let _ = client.flush(SLICE);
}
