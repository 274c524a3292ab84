//! What the client of a producer reports.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use service_runtime::Failure;

/// Remembers what the worker asks for at the end of its work. Only failures are
/// reported, so nothing of this is touched while all is well.
#[derive(Debug, Default)]
pub(crate) struct Events {
    failure: Mutex<Option<RDKafkaErrorCode>>,
    is_disturbed: AtomicBool,
}

impl Events {
    /// Why a message failed since the last call. The refusal of its size wins over
    /// others, which may be no more than its consequence.
    pub(crate) fn take_failure(&self) -> Option<RDKafkaErrorCode> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Whether a connection was lost or a request timed out: an answer may be on
    /// its way that belongs to the past.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.is_disturbed.load(Ordering::Acquire)
    }
}

impl ClientContext for Events {
    fn error(&self, error: KafkaError, reason: &str) {
        self.is_disturbed.store(true, Ordering::Release);
        let _ = (error, reason);
    }
}

impl ProducerContext for Events {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let Err((error, _)) = result else { return };
        let Some(code) = error.rdkafka_error_code() else {
            return;
        };
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.is_none() || code == RDKafkaErrorCode::MessageSizeTooLarge {
            *failure = Some(code);
        }
    }
}

/// The end of a producer.
pub(super) fn fatal(code: RDKafkaErrorCode, reason: &str) -> Failure {
    let _ = (code, reason);
    todo!()
}
