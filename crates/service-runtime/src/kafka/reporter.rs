//! What one client's callbacks tell to logs, metrics and health.

use rdkafka::client::{Client, ClientContext};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::statistics::Statistics;
use tracing::{debug, error, info, warn};

use super::error_text::{self, Meaning, Who};
use super::metrics::KafkaMetrics;
use super::troubles::{Kind, Troubles};
use crate::config::KafkaConfig;
use crate::{Context, Failure};

/// librdkafka's lines about what we report ourselves, or what it mends by itself.
const QUIET_FACILITIES: [&str; 9] = [
    "FAIL",
    "ERROR",
    "REQTMOUT",
    "REQERR",
    "CONFWARN",
    "COMMITFAIL",
    "FETCHERR",
    "TERMINATE",
    "GETPID",
];

/// One client's voice.
#[derive(Debug)]
pub(super) struct Reporter {
    /// Tells this client from the process's others.
    pub(super) client: String,
    pub(super) who: Who,
    pub(super) metrics: KafkaMetrics,
    pub(super) troubles: Troubles,
    kafka: KafkaConfig,
}

impl Reporter {
    pub(super) fn new(context: &Context, client: String, who: Who) -> Self {
        Self {
            client,
            who,
            metrics: context.kafka_metrics.clone(),
            troubles: context.troubles.clone(),
            kafka: context.config.kafka.clone(),
        }
    }

    /// librdkafka's own log.
    pub(super) fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        let client = self.client.as_str();
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                error!(target: "librdkafka", client, facility, "{text}");
            }
            RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning
                if !QUIET_FACILITIES.contains(&facility) =>
            {
                warn!(target: "librdkafka", client, facility, "{text}");
            }
            RDKafkaLogLevel::Notice => info!(target: "librdkafka", client, facility, "{text}"),
            _ => debug!(target: "librdkafka", client, facility, "{text}"),
        }
    }

    /// Comes once a second.
    pub(super) fn statistics(&self, statistics: &Statistics) {
        self.metrics.observe_queues(&self.client, statistics);
        if statistics
            .brokers
            .values()
            .any(|broker| broker.state == "UP")
        {
            self.troubles.resolve(&self.client, Kind::Connection);
        }
        self.troubles.repeat();
    }

    /// An error that no call returned.
    pub(super) fn event(&self, error: &KafkaError, reason: &str) {
        let Some(code) = error.rdkafka_error_code() else {
            return;
        };
        debug!(client = self.client, ?code, reason, "kafka client error");
        self.metrics
            .client_errors
            .with_label_values(&[self.client.as_str(), &code_label(code)])
            .inc();
        if let Meaning::Trouble(kind, text) =
            error_text::meaning(code, reason, &self.kafka, &self.who)
        {
            self.report(code, kind, text);
        }
    }

    /// After a call failed: `Ok` if waiting and calling again may help.
    pub(super) fn judge<C: ClientContext>(
        &self,
        client: &Client<C>,
        error: &KafkaError,
    ) -> Result<(), Failure> {
        self.judge_about(client, error, &self.who).map(|_| ())
    }

    /// As [`Self::judge`], for a question about `topic`; the text says what is wrong.
    pub(super) fn judge_topic<C: ClientContext>(
        &self,
        client: &Client<C>,
        topic: &str,
        error: &KafkaError,
    ) -> Result<String, Failure> {
        self.judge_about(
            client,
            error,
            &Who {
                topic: topic.to_owned(),
                ..self.who.clone()
            },
        )
    }

    fn judge_about<C: ClientContext>(
        &self,
        client: &Client<C>,
        error: &KafkaError,
        who: &Who,
    ) -> Result<String, Failure> {
        self.check_fatal(client)?;
        let reason = error.to_string();
        let Some(code) = error.rdkafka_error_code() else {
            return Err(Failure::runtime(anyhow::anyhow!("kafka: {reason}")));
        };
        let code = if error_text::is_no_answer(code) {
            Code::AllBrokersDown
        } else {
            code
        };
        match error_text::meaning(code, &reason, &self.kafka, who) {
            Meaning::Fatal(text) => Err(Failure::runtime(anyhow::anyhow!(text))),
            Meaning::Trouble(kind, text) => Ok(self.report(code, kind, text)),
            Meaning::Passing if error_text::is_not_yet(code) => Ok(format!("kafka: {reason}")),
            Meaning::Passing => Ok(self.report(code, Kind::Connection, format!("kafka: {reason}"))),
        }
    }

    /// The failure of a client that can't be used any more.
    pub(super) fn check_fatal<C: ClientContext>(&self, client: &Client<C>) -> Result<(), Failure> {
        let Some((code, reason)) = client.fatal_error() else {
            return Ok(());
        };
        let text = match error_text::meaning(code, &reason, &self.kafka, &self.who) {
            Meaning::Fatal(text) | Meaning::Trouble(_, text) => text,
            Meaning::Passing => format!("the Kafka client failed for good: {reason}"),
        };
        Err(Failure::runtime(anyhow::anyhow!(text)))
    }

    /// A call was answered: there is a connection.
    pub(super) fn answered(&self) {
        self.troubles.resolve(&self.client, Kind::Connection);
    }

    /// Reports the trouble, or repeats what was said before if that is nearer to the
    /// cause; returns what was reported.
    fn report(&self, code: Code, kind: Kind, text: String) -> String {
        let before = self.troubles.text_of(&self.client, kind);
        let text = before
            .filter(|_| code == Code::AllBrokersDown)
            .unwrap_or(text);
        self.troubles.report(&self.client, kind, &text);
        text
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.troubles.forget(&self.client);
        self.metrics.forget_client(&self.client);
    }
}

/// `BrokerTransportFailure` as `broker_transport_failure`.
fn code_label(code: Code) -> String {
    let mut label = String::new();
    for character in format!("{code:?}").chars() {
        if character.is_ascii_uppercase() && !label.is_empty() && !label.ends_with('_') {
            label.push('_');
        }
        label.push(character.to_ascii_lowercase());
    }
    label
}
