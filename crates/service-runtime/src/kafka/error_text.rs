//! What librdkafka's errors mean for a person, and what they mean for the process.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::troubles::Kind;
use crate::config::KafkaConfig;

/// What an error means for the process.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing: librdkafka goes on by itself and reports worse separately.
    Passing,
    /// To be waited out; the text says what to do.
    Trouble(Kind, String),
    /// The client can't be used any more; the text is the daemon's last line.
    Fatal(String),
}

/// Who met the error.
#[derive(Debug, Clone)]
pub(super) struct Who {
    /// The topic that the client is about.
    pub(super) topic: String,
    /// The consumer group; empty for producers.
    pub(super) group: String,
    /// `group.instance.id` or `transactional.id`; empty where there is none.
    pub(super) id: String,
}

/// Reads an error code and librdkafka's own words for it.
pub(super) fn meaning(code: Code, reason: &str, kafka: &KafkaConfig, who: &Who) -> Meaning {
    let connection = |text: String| Meaning::Trouble(Kind::Connection, text);
    let access = |text: String| Meaning::Trouble(Kind::Access, text);
    let Who { topic, group, id } = who;
    let user = if kafka.username.is_empty() {
        "anonymous"
    } else {
        &kafka.username
    };
    match code {
        Code::FencedInstanceId | Code::UnreleasedInstanceId => Meaning::Fatal(format!(
            "another process uses group instance id {id}; give each replica its own"
        )),
        Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch => Meaning::Fatal(
            format!("another process uses transactional id {id}; give each replica its own"),
        ),
        Code::Fatal => Meaning::Fatal(format!("the Kafka client failed for good: {reason}")),
        Code::TransactionalIdAuthorizationFailed => access(format!(
            "user \"{user}\" may not use transactional id {id}: grant it Write and Describe on it"
        )),
        Code::ClusterAuthorizationFailed => access(format!(
            "user \"{user}\" may not produce: grant it Write on the topics (brokers before 2.8: \
                 also IdempotentWrite on the cluster)"
        )),
        Code::GroupAuthorizationFailed => access(format!(
            "user \"{user}\" may not use group \"{group}\": grant it Read on the group"
        )),
        Code::TopicAuthorizationFailed => {
            let right = if group.is_empty() { "Write" } else { "Read" };
            Meaning::Trouble(
                Kind::TopicAccess,
                format!(
                    "user \"{user}\" may not use topic \"{topic}\": grant it {right} and Describe on the topic"
                ),
            )
        }
        Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition => access(
            format!("topic \"{topic}\" does not exist: create it, or correct [topics]"),
        ),
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::IllegalSASLState
        | Code::UnsupportedSASLMechanism => connection(format!(
            "authentication failed for user \"{user}\": check kafka.username, kafka.password and \
                 kafka.sasl_mechanism ({})",
            brief(reason)
        )),
        // librdkafka doesn't pass on which of these it is.
        Code::SSL if reason.contains("certificate could not be verified") => connection(format!(
            "no TLS connection to {}: its certificate is of an authority that kafka.ca_file doesn't hold, \
                 of another host, or expired (openssl s_client -connect shows it)",
            kafka.bootstrap_servers
        )),
        Code::SSL => connection(format!(
            "no TLS connection to {}: check kafka.ca_file and kafka.security_protocol ({})",
            kafka.bootstrap_servers,
            brief(reason)
        )),
        Code::Resolve => connection(format!(
            "cannot resolve {}: check kafka.bootstrap_servers ({})",
            kafka.bootstrap_servers,
            brief(reason)
        )),
        Code::BrokerTransportFailure if hints_at_protocol(reason) => connection(format!(
            "{} closes the connection at once: check kafka.security_protocol",
            kafka.bootstrap_servers
        )),
        _ => Meaning::Passing,
    }
}

/// For calls that got no answer, where no cause is known.
pub(super) fn no_broker(kafka: &KafkaConfig) -> String {
    format!(
        "no broker answers at {}: is Kafka running there? (kafka.bootstrap_servers, kafka.security_protocol)",
        kafka.bootstrap_servers
    )
}

/// Whether a call failed because no broker answered it in time.
pub(super) fn is_no_answer(code: Code) -> bool {
    matches!(
        code,
        Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::OperationTimedOut
            | Code::RequestTimedOut
    )
}

/// Whether a call came at a moment when the cluster was arranging itself: no cause for a warning.
pub(super) fn is_not_yet(code: Code) -> bool {
    matches!(
        code,
        Code::CoordinatorLoadInProgress
            | Code::CoordinatorNotAvailable
            | Code::NotCoordinator
            | Code::WaitingForCoordinator
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
            | Code::UnstableOffsetCommit
            | Code::ConcurrentTransactions
    )
}

/// Whether an error that no call returned may have cost a request or its answer. A
/// connection that couldn't be made cost none: one of several brokers may be down for long.
pub(super) fn is_disturbance(error: &KafkaError, reason: &str) -> bool {
    match error.rdkafka_error_code() {
        Some(Code::OperationTimedOut | Code::RequestTimedOut) => true,
        Some(Code::BrokerTransportFailure) => !reason.contains("Connect to "),
        _ => false,
    }
}

/// librdkafka guesses what a broker that hangs up expected instead.
fn hints_at_protocol(reason: &str) -> bool {
    reason.contains("security.protocol") || reason.contains("PLAINTEXT broker listener")
}

/// librdkafka's reason without the broker's name in front and the state behind.
fn brief(reason: &str) -> &str {
    let text = reason.split_once(": ").map_or(reason, |(_, rest)| rest);
    text.split(" (after ").next().unwrap_or(text).trim()
}

#[cfg(test)]
mod tests;
