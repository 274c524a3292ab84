//! What the brokers answered.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rdkafka::Message as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::DeliveryResult;

use crate::metrics::Metrics;

/// The answers, as the producer's thread writes them down.
#[derive(Debug)]
pub(super) struct Deliveries {
    pub(super) metrics: Metrics,
    bytes: AtomicU64,
    first_failure: OnceLock<KafkaError>,
    /// For a loop that looks before every message.
    is_any_refused: AtomicBool,
    refused: Mutex<Refused>,
}

/// What came back and may be taken another time.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// Why the first of them did.
    pub(super) error: Option<KafkaError>,
    /// For each partition in its order.
    pub(super) messages: Vec<Message>,
}

/// A message that isn't in the client's queue.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

impl Deliveries {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self {
            metrics,
            bytes: AtomicU64::new(0),
            first_failure: OnceLock::new(),
            is_any_refused: AtomicBool::new(false),
            refused: Mutex::default(),
        }
    }

    /// Writes an answer down.
    pub(super) fn record(&self, delivery: &DeliveryResult<'_>) {
        match delivery {
            Ok(message) => {
                self.metrics.sent.inc();
                self.bytes
                    .fetch_add(message.payload_len() as u64, Ordering::Relaxed);
            }
            Err((error, message)) if may_be_sent_again(error) => {
                self.refuse(error, Some(Message::of(message)));
            }
            Err((error, _)) => {
                self.metrics.failed.inc();
                // Those that fail after it fail for its sake.
                let _ = self.first_failure.set(error.clone());
            }
        }
    }

    /// The client refused a message at once, and whoever sent it has it still.
    pub(super) fn refused_at_once(&self, error: &KafkaError) {
        self.refuse(error, None);
    }

    /// Bytes of the values that the broker acknowledged.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Why the first message was given up.
    pub(super) fn first_failure(&self) -> Option<&KafkaError> {
        self.first_failure.get()
    }

    /// Whether [`Self::take_refused`] has any.
    pub(super) fn is_any_refused(&self) -> bool {
        self.is_any_refused.load(Ordering::Acquire)
    }

    /// What was refused since the last call.
    pub(super) fn take_refused(&self) -> Refused {
        let mut refused = self.lock();
        self.is_any_refused.store(false, Ordering::Release);
        std::mem::take(&mut refused)
    }

    fn refuse(&self, error: &KafkaError, message: Option<Message>) {
        let mut refused = self.lock();
        refused.messages.extend(message);
        refused.error.get_or_insert_with(|| error.clone());
        self.is_any_refused.store(true, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Refused> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Message {
    fn of(message: &BorrowedMessage<'_>) -> Self {
        let bytes = |bytes: Option<&[u8]>| bytes.unwrap_or_default().to_vec();
        Self {
            key: bytes(message.key()),
            value: bytes(message.payload()),
        }
    }
}

/// Whether the broker has taken nothing of it, for a reason that a person can mend.
///
/// A missing right costs librdkafka's idempotent producer its life, and then the messages
/// that it hasn't sent are purged. A password that is refused when the broker asks for it
/// again fails the requests that wait for that: there are no others, for librdkafka answers
/// once all that it sent is answered.
pub(super) fn may_be_sent_again(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::TopicAuthorizationFailed
                | Code::ClusterAuthorizationFailed
                | Code::Authentication
                | Code::PurgeQueue
                | Code::PurgeInflight
                | Code::Fatal
        )
    )
}
