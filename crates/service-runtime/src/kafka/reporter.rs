//! What one client's callbacks and calls tell to logs, metrics and health.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::{Client, ClientContext};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::statistics::Statistics;
use tracing::{debug, error, info, warn};

use super::error_text::{self, Meaning, Who};
use super::metrics::KafkaMetrics;
use super::session_loss::SessionLoss;
use super::statistics;
use super::troubles::{Kind, Troubles};
use crate::config::KafkaConfig;
use crate::{Context, Failure, Health};

/// librdkafka's lines about what we report ourselves, or what it mends by itself.
const QUIET_FACILITIES: &[&str] = &[
    "FAIL",
    "ERROR",
    "FATAL",
    "REQTMOUT",
    "REQERR",
    "COMMITFAIL",
    "FETCHERR",
    "TERMINATE",
    "GETPID",
    "METADATAUPDATE",
    "ADDPARTS",
    TRANSACTION_ERROR,
    SESSION_TIMEOUT,
];
/// The transaction at hand failed: librdkafka sends nothing more of it.
pub(super) const TRANSACTION_ERROR: &str = "TXNERR";
/// The group's coordinator wasn't heard for `session_timeout`.
const SESSION_TIMEOUT: &str = "SESSTMOUT";
/// Older statistics tell nothing of how things are.
const STALE: Duration = Duration::from_secs(3);

/// One client's voice. A client that takes another's place has its name, and with it what
/// is wrong: only an answer ends that.
#[derive(Debug)]
pub(super) struct Reporter {
    /// Tells this client from the process's others.
    pub(super) client: String,
    pub(super) who: Who,
    pub(super) metrics: KafkaMetrics,
    pub(super) troubles: Troubles,
    health: Health,
    kafka: KafkaConfig,
    /// Why the last connection failed, if librdkafka said more than that it did.
    cause: Mutex<Option<String>>,
    /// librdkafka lost its last connection.
    all_down: AtomicBool,
    session_loss: Mutex<SessionLoss>,
    /// When we last heard that we may not use a topic.
    topic_refused: Mutex<Option<Instant>>,
    /// Whether a right or a topic may be missing: for those who ask after every message.
    may_lack_access: AtomicBool,
}

impl Reporter {
    pub(super) fn new(context: &Context, client: String, who: Who) -> Self {
        // Shows the counter at 0, so that a first error is seen as an increase.
        let first = code_label(Code::BrokerTransportFailure);
        let errors = &context.kafka_metrics.client_errors;
        errors.with_label_values(&[client.as_str(), &first]);
        Self {
            client,
            who,
            metrics: context.kafka_metrics.clone(),
            troubles: context.troubles.clone(),
            health: context.health.clone(),
            kafka: context.config.kafka.clone(),
            cause: Mutex::default(),
            all_down: AtomicBool::new(false),
            session_loss: Mutex::default(),
            topic_refused: Mutex::default(),
            // It may follow one that did.
            may_lack_access: AtomicBool::new(true),
        }
    }

    /// librdkafka's own log.
    pub(super) fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        let client = self.client.as_str();
        if facility == SESSION_TIMEOUT {
            self.expect_session_timeout();
        }
        match level {
            _ if QUIET_FACILITIES.contains(&facility) => {
                debug!(target: "librdkafka", client, facility, "{text}");
            }
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                error!(target: "librdkafka", client, facility, "{text}");
            }
            RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => {
                warn!(target: "librdkafka", client, facility, "{text}");
            }
            RDKafkaLogLevel::Notice => info!(target: "librdkafka", client, facility, "{text}"),
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                debug!(target: "librdkafka", client, facility, "{text}");
            }
        }
    }

    /// Comes once a second.
    pub(super) fn statistics(&self, statistics: &Statistics) {
        self.metrics.observe_queues(&self.client, statistics);
        self.troubles.repeat();
        let age = statistics::age(statistics);
        if age >= STALE {
            return;
        }
        if statistics
            .brokers
            .values()
            .any(|broker| broker.state == "UP")
        {
            self.answered();
            // Of before the refusal they would end for good what is reported but once.
            let is_later = self.lock_refused().is_none_or(|at| at.elapsed() > age);
            if is_later && statistics::is_fetching(statistics, &self.who.topic) {
                self.troubles.resolve(&self.client, Kind::TopicAccess);
            }
        } else if self.all_down.load(Ordering::Relaxed) {
            self.no_answer();
        }
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
        match error_text::meaning(code, reason, &self.kafka, &self.who) {
            // One of several brokers may fail: it is trouble once all of them do.
            Meaning::Trouble(Kind::Connection, text) => *self.lock_cause() = Some(text),
            Meaning::Trouble(kind, text) => self.report(kind, &text),
            // The next statistics tell whether they still are: while a call blocked, this
            // event may have grown old.
            Meaning::Passing if code == Code::AllBrokersDown => {
                self.all_down.store(true, Ordering::Relaxed);
            }
            Meaning::Passing | Meaning::Fatal(_) => {}
        }
    }

    /// After a call failed: `Ok` if waiting and calling again may help, with a new client
    /// if this one has a fatal error. Returns what was said about it.
    pub(super) fn judge<C: ClientContext>(
        &self,
        client: &Client<C>,
        error: &KafkaError,
    ) -> Result<String, Failure> {
        self.judge_about(&self.who.topic, client, error)
    }

    /// As [`Self::judge`], for a call about `topic`.
    pub(super) fn judge_about<C: ClientContext>(
        &self,
        topic: &str,
        client: &Client<C>,
        error: &KafkaError,
    ) -> Result<String, Failure> {
        self.judge_as(|kind| kind, topic, client, error)
    }

    /// As [`Self::judge`], for the question whether there is such a topic.
    pub(super) fn judge_topic<C: ClientContext>(
        &self,
        topic: &str,
        client: &Client<C>,
        error: &KafkaError,
    ) -> Result<String, Failure> {
        let kind = |kind| match kind {
            Kind::Connection => Kind::Connection,
            Kind::Topic | Kind::Access | Kind::TopicAccess => Kind::Topic,
        };
        self.judge_as(kind, topic, client, error)
    }

    fn judge_as<C: ClientContext>(
        &self,
        kind_of: impl Fn(Kind) -> Kind,
        topic: &str,
        client: &Client<C>,
        error: &KafkaError,
    ) -> Result<String, Failure> {
        if let Some(text) = self.check_fatal(client)? {
            return Ok(text);
        }
        let reason = error.to_string();
        let Some(code) = error.rdkafka_error_code() else {
            return Err(self.fatal(format!("kafka: {reason}")));
        };
        if error_text::is_no_answer(code) {
            return Ok(self.no_answer());
        }
        let who = Who {
            topic: topic.to_owned(),
            ..self.who.clone()
        };
        let (kind, text) = match error_text::meaning(code, &reason, &self.kafka, &who) {
            Meaning::Fatal(text) => return Err(self.fatal(text)),
            // A call or message says less of a connection than its own end did.
            Meaning::Trouble(Kind::Connection, text) => {
                let cause = self.lock_cause().clone();
                (Kind::Connection, cause.unwrap_or(text))
            }
            Meaning::Trouble(kind, text) => (kind, text),
            Meaning::Passing => (Kind::Connection, format!("kafka: {reason}")),
        };
        if !error_text::is_not_yet(code) {
            self.report(kind_of(kind), &text);
        }
        Ok(text)
    }

    /// No broker answers: reports the cause, as far as it is known, and returns it.
    pub(super) fn no_answer(&self) -> String {
        let cause = self.lock_cause().clone();
        let text = cause.unwrap_or_else(|| error_text::no_broker(&self.kafka));
        self.troubles.report(&self.client, Kind::Connection, &text);
        text
    }

    /// A broker answered: there is a connection.
    pub(super) fn answered(&self) {
        *self.lock_cause() = None;
        self.all_down.store(false, Ordering::Relaxed);
        self.troubles.resolve(&self.client, Kind::Connection);
    }

    /// Whether this member may have been fenced by itself, after its session was lost.
    pub(super) fn may_have_fenced_itself(&self) -> bool {
        self.lock_session_loss()
            .explains_fencing(Instant::now(), self.kafka.session_timeout)
    }

    pub(super) fn expect_session_timeout(&self) {
        self.lock_session_loss().begin();
    }

    /// The group gave us an assignment: whatever was with topic, group and session is over.
    pub(super) fn assigned(&self) {
        self.lock_session_loss().end(Instant::now());
        self.has_access();
    }

    /// The group took a commit of ours, or the coordinator our transactional id.
    pub(super) fn may_use_id(&self) {
        self.troubles.resolve(&self.client, Kind::Access);
    }

    /// The brokers show the topics.
    pub(super) fn sees_topics(&self) {
        self.troubles.resolve(&self.client, Kind::Topic);
    }

    /// The brokers took what we sent.
    pub(super) fn acknowledged(&self) {
        if self.may_lack_access.load(Ordering::Relaxed) {
            self.has_access();
        }
    }

    /// Whatever was with topics, group and transactional id is over.
    fn has_access(&self) {
        self.may_lack_access.store(false, Ordering::Relaxed);
        self.troubles.resolve(&self.client, Kind::Access);
        self.troubles.resolve(&self.client, Kind::TopicAccess);
    }

    /// The failure of a client that can't be used any more. What librdkafka gives a
    /// producer up for but a person can mend, such as a missing right, is trouble: it is
    /// returned, and a new client may help.
    fn check_fatal<C: ClientContext>(&self, client: &Client<C>) -> Result<Option<String>, Failure> {
        let Some((code, reason)) = client.fatal_error() else {
            return Ok(None);
        };
        match error_text::meaning(code, &reason, &self.kafka, &self.who) {
            Meaning::Fatal(text) => Err(self.fatal(text)),
            Meaning::Passing => {
                Err(self.fatal(format!("the Kafka client failed for good: {reason}")))
            }
            Meaning::Trouble(kind, text) => {
                self.report(kind, &text);
                Ok(Some(text))
            }
        }
    }

    fn report(&self, kind: Kind, text: &str) {
        self.may_lack_access.store(true, Ordering::Relaxed);
        if kind == Kind::TopicAccess {
            *self.lock_refused() = Some(Instant::now());
        }
        self.troubles.report(&self.client, kind, text);
    }

    fn fatal(&self, text: String) -> Failure {
        self.health.failed(text.as_str());
        Failure::runtime(anyhow::anyhow!(text))
    }

    fn lock_session_loss(&self) -> MutexGuard<'_, SessionLoss> {
        let loss = self.session_loss.lock();
        loss.unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_refused(&self) -> MutexGuard<'_, Option<Instant>> {
        let refused = self.topic_refused.lock();
        refused.unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_cause(&self) -> MutexGuard<'_, Option<String>> {
        self.cause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `BrokerTransportFailure` as `broker_transport_failure`.
fn code_label(code: Code) -> String {
    let mut label = String::new();
    for character in format!("{code:?}").chars() {
        if character.is_ascii_uppercase() && !label.is_empty() {
            label.push('_');
        }
        label.push(character.to_ascii_lowercase());
    }
    label
}

#[cfg(test)]
mod tests;
