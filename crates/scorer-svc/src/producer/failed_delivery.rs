//! Why messages didn't arrive.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::Message;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::DeliveryResult;
use service_runtime::kafka::{HeadersSize, batch_size_alone};

/// The failures since they were last taken, as the producer's thread reports them.
#[derive(Debug, Clone, Default)]
pub(crate) struct FailedDelivery {
    failures: Arc<Mutex<Failures>>,
}

#[derive(Debug, Default)]
struct Failures {
    first: Option<KafkaError>,
    refused: Vec<RefusedRecord>,
}

/// A record of a batch that the broker refused for its size.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RefusedRecord {
    pub(super) topic: String,
    /// The size of a batch that holds it alone.
    pub(super) bytes: usize,
}

impl FailedDelivery {
    /// Keeps why the message failed. The refusal of a size wins over other failures,
    /// which may be its consequence.
    pub(super) fn note(&self, delivery: &DeliveryResult<'_>) {
        let Err((error, message)) = delivery else {
            return;
        };
        let code = error.rdkafka_error_code();
        // An abort purges what it doesn't want to arrive.
        if matches!(
            code,
            Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight)
        ) {
            return;
        }
        let is_refused = code == Some(RDKafkaErrorCode::MessageSizeTooLarge);
        let mut failures = self.lock();
        if failures.first.is_none() || is_refused {
            failures.first = Some(error.clone());
        }
        if is_refused {
            failures.refused.push(RefusedRecord {
                topic: message.topic().to_owned(),
                bytes: size_alone(message),
            });
        }
    }

    /// Whether any message failed.
    pub(crate) fn is_any(&self) -> bool {
        self.lock().first.is_some()
    }

    /// The first failure, which is forgotten with that.
    pub(super) fn take(&self) -> Option<KafkaError> {
        self.lock().first.take()
    }

    /// The records of refused batches, which are forgotten with that.
    pub(super) fn take_refused(&self) -> Vec<RefusedRecord> {
        std::mem::take(&mut self.lock().refused)
    }

    fn lock(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size_alone(message: &BorrowedMessage<'_>) -> usize {
    batch_size_alone(message.key(), message.payload(), HeadersSize::of(message))
}
