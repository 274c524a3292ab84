//! Why a message didn't arrive.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::DeliveryResult;

/// The first failure since it was last taken, as the producer's thread reports it.
#[derive(Debug, Clone, Default)]
pub(crate) struct FailedDelivery {
    error: Arc<Mutex<Option<KafkaError>>>,
}

impl FailedDelivery {
    /// Keeps why the message failed. The refusal of a size wins over other failures,
    /// which may be its consequence.
    pub(super) fn note(&self, delivery: &DeliveryResult<'_>) {
        let Err((error, _)) = delivery else { return };
        let code = error.rdkafka_error_code();
        // An abort purges what it doesn't want to arrive.
        if matches!(
            code,
            Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight)
        ) {
            return;
        }
        let mut first = self.lock();
        if first.is_none() || code == Some(RDKafkaErrorCode::MessageSizeTooLarge) {
            *first = Some(error.clone());
        }
    }

    /// Whether any message failed.
    pub(crate) fn is_any(&self) -> bool {
        self.lock().is_some()
    }

    /// The failure, which is forgotten with that.
    pub(crate) fn take(&self) -> Option<KafkaError> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<KafkaError>> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
