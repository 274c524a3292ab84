use super::*;
use crate::config::test_kafka_config;

fn meaning_of(code: Code, reason: &str) -> Meaning {
    let kafka = test_kafka_config("broker:9092", "alice");
    let who = Who {
        topic: "results".into(),
        group: "sink".into(),
        id: "sink-0".into(),
    };
    meaning(code, reason, &kafka, &who)
}

fn trouble(code: Code, reason: &str) -> String {
    match meaning_of(code, reason) {
        Meaning::Trouble(_, text) => text,
        other => panic!("{code:?} is {other:?}"),
    }
}

#[test]
fn trouble_says_what_to_do() {
    let cases = [
        (
            Code::UnknownTopicOrPartition,
            "",
            "topic \"results\" does not exist: create it, or correct [topics]",
        ),
        (
            Code::TopicAuthorizationFailed,
            "",
            "user \"alice\" may not use topic \"results\": grant it Read and Describe on the topic",
        ),
        (
            Code::GroupAuthorizationFailed,
            "",
            "user \"alice\" may not use group \"sink\": grant it Read on the group",
        ),
        (
            Code::Authentication,
            "sasl_ssl://broker:9092/1: SASL authentication error: invalid credentials (after 5ms in state AUTH_REQ)",
            "authentication failed for user \"alice\": check kafka.username, kafka.password and kafka.sasl_mechanism (SASL authentication error: invalid credentials)",
        ),
        (
            Code::Resolve,
            "broker:9092/bootstrap: Failed to resolve 'broker:9092': Name or service not known (after 1ms in state CONNECT)",
            "cannot resolve broker:9092: check kafka.bootstrap_servers (Failed to resolve 'broker:9092': Name or service not known)",
        ),
        (
            Code::SSL,
            "ssl://broker:9092/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified, verify that ssl.ca.location is correctly configured (after 3ms in state SSL_HANDSHAKE)",
            "no TLS connection to broker:9092: its certificate is of an authority that kafka.ca_file doesn't hold, of another host, or expired (openssl s_client -connect shows it)",
        ),
        (
            Code::BrokerTransportFailure,
            "ssl://broker:9092/bootstrap: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?",
            "broker:9092 closes the connection at once: check kafka.security_protocol",
        ),
    ];
    for (code, reason, expected) in cases {
        assert_eq!(trouble(code, reason), expected);
    }
}

#[test]
fn being_fenced_is_fatal_and_names_the_id() {
    assert_eq!(
        meaning_of(Code::FencedInstanceId, ""),
        Meaning::Fatal(
            "another process uses group instance id sink-0; give each replica its own".into()
        )
    );
    assert_eq!(
        meaning_of(Code::ProducerFenced, ""),
        Meaning::Fatal(
            "another process uses transactional id sink-0; give each replica its own".into()
        )
    );
}

#[test]
fn one_lost_connection_is_passing() {
    let reason = "broker:9092/1: Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)";
    assert_eq!(
        meaning_of(Code::BrokerTransportFailure, reason),
        Meaning::Passing
    );
}
