//! Clients that live for one question.

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use tracing::debug;

/// Tells nothing by itself: each call says what is wrong, and trouble with the brokers
/// is told by the clients that stay.
pub(super) struct Quiet {
    /// What the client is for, in the log.
    pub(super) client: &'static str,
}

impl ClientContext for Quiet {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, text: &str) {
        debug!(target: "librdkafka", client = self.client, facility, "{text}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!(client = self.client, %error, reason, "kafka client error");
    }
}

impl ConsumerContext for Quiet {}
