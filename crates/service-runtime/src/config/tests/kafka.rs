//! The section `[kafka]`, and the topics.

use tempfile::TempDir;

use super::{error_of, load_both, load_env, load_file, write};

#[test]
fn properties_are_the_same_dotted_quoted_or_from_the_environment() {
    let dotted =
        "[kafka.properties]\nlinger.ms = 5\n[kafka.consumer_properties]\ncheck.crcs = true\n";
    let loaded = load_file(dotted).unwrap();
    assert_eq!(loaded.runtime.kafka.properties["linger.ms"].expose(), "5");
    assert_eq!(
        loaded.runtime.kafka.consumer_properties["check.crcs"].expose(),
        "true"
    );
    let quoted = "[kafka.properties]\n\"linger.ms\" = \"5\"\n";
    assert_eq!(
        load_file(quoted).unwrap().runtime.kafka.properties["linger.ms"].expose(),
        "5"
    );
    let loaded = load_both(quoted, &[("FRAUD__KAFKA__PROPERTIES__LINGER_MS", "7")]).unwrap();
    assert_eq!(loaded.runtime.kafka.properties["linger.ms"].expose(), "7");
}

#[test]
fn a_property_that_a_key_or_a_guarantee_owns_is_refused_by_name() {
    let error = error_of(load_env(&[(
        "FRAUD__KAFKA__PROPERTIES__SASL_PASSWORD",
        "x",
    )]));
    assert_eq!(
        error,
        "kafka.properties may not set sasl.password: set kafka.password or kafka.password_file"
    );
    let error = error_of(load_file("[kafka.producer_properties]\nacks = 1\n"));
    assert_eq!(
        error,
        "kafka.producer_properties may not set acks: idempotence needs all"
    );
}

#[test]
fn a_property_that_librdkafka_doesnt_know_or_take_is_refused_by_name() {
    let error = error_of(load_file("[kafka.properties]\nlinger.mss = 5\n"));
    assert_eq!(
        error,
        "kafka.properties sets linger.mss: No such configuration property: \"linger.mss\""
    );
    let error = error_of(load_file(
        "[kafka.producer_properties]\nlinger.ms = \"soon\"\n",
    ));
    assert!(
        error.starts_with("kafka.producer_properties sets linger.ms: Invalid value"),
        "{error}"
    );
}

#[test]
fn a_password_file_loses_one_newline_and_excludes_a_password() {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "password", "se cret\n\n");
    let file = file.to_str().unwrap();
    let sasl = [
        ("FRAUD__KAFKA__SECURITY_PROTOCOL", "sasl_ssl"),
        ("FRAUD__KAFKA__USERNAME", "u"),
    ];
    let with = |more: &[(&str, &str)]| load_env(&[&sasl[..], more].concat());
    let loaded = with(&[("FRAUD__KAFKA__PASSWORD_FILE", file)]).unwrap();
    assert_eq!(loaded.runtime.kafka.password.expose(), "se cret\n");
    let error = error_of(with(&[
        ("FRAUD__KAFKA__PASSWORD_FILE", file),
        ("FRAUD__KAFKA__PASSWORD", "x"),
    ]));
    assert_eq!(
        error,
        "kafka.password and kafka.password_file are both set: set one of them"
    );
    let error = error_of(with(&[("FRAUD__KAFKA__PASSWORD_FILE", "/no/such")]));
    assert!(
        error.starts_with("kafka.password_file: cannot read /no/such: No such file"),
        "{error}"
    );
}

#[test]
fn a_user_without_sasl_and_sasl_without_a_user_are_contradictions() {
    let error = error_of(load_env(&[("FRAUD__KAFKA__USERNAME", "u")]));
    assert!(
        error.contains("kafka.security_protocol is \"plaintext\""),
        "{error}"
    );
    let error = error_of(load_env(&[("FRAUD__KAFKA__SECURITY_PROTOCOL", "sasl_ssl")]));
    assert!(error.contains("kafka.username must be set"), "{error}");
    assert!(
        error.contains("kafka.password or kafka.password_file must be set"),
        "{error}"
    );
}

#[test]
fn a_topic_serves_one_purpose_and_has_a_name_that_kafka_takes() {
    for (variable, topic, expected) in [
        (
            "FRAUD__TOPICS__TRANSACTIONS_DEAD_LETTER",
            "transactions",
            "topics.transactions and topics.transactions_dead_letter are both \"transactions\"",
        ),
        (
            "FRAUD__TOPICS__RESULTS",
            "transactions",
            "topics.transactions and topics.results are both \"transactions\"",
        ),
        ("FRAUD__TOPICS__RESULTS", "", "topics.results is \"\""),
        ("FRAUD__TOPICS__RESULTS", "a b", "topics.results is \"a b\""),
    ] {
        let error = error_of(load_env(&[(variable, topic)]));
        assert!(error.starts_with(expected), "{error}");
    }
    let shared = [
        ("FRAUD__TOPICS__TRANSACTIONS_DEAD_LETTER", "dead"),
        ("FRAUD__TOPICS__RESULTS_DEAD_LETTER", "dead"),
    ];
    load_env(&shared).unwrap();
}
