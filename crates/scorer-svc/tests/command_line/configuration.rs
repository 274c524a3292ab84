//! What the daemon refuses before it touches the network.

use crate::support::{scorer, text};

/// Checks a configuration that is valid but for `variable`.
fn check(variable: &str, value: &str) -> (Option<i32>, String) {
    let ended = scorer()
        .arg("--check-config")
        .env("FRAUD__KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
        .env("FRAUD__SCORER__MODEL", "models/fraud-classifier")
        .env(variable, value)
        .output()
        .unwrap();
    (ended.status.code(), text(&ended.stderr).to_owned())
}

fn assert_refused(variable: &str, value: &str, reason: &str) {
    let (code, error) = check(variable, value);
    assert!(error.contains(reason), "{variable}={value}: {error}");
    assert_eq!(code, Some(2), "{variable}={value}");
}

#[test]
fn the_defaults_are_valid_once_the_model_and_the_broker_are_set() {
    assert_eq!(
        check("FRAUD__SCORER__HEADERS", "true"),
        (Some(0), String::new())
    );
}

#[test]
fn what_must_be_set_is_named_with_its_variable() {
    assert_refused(
        "FRAUD__SCORER__MODEL",
        "",
        "scorer.model must be set (or FRAUD__SCORER__MODEL)",
    );
}

#[test]
fn a_model_must_be_at_a_place_that_can_be_reached() {
    assert_refused(
        "FRAUD__SCORER__MODEL",
        "gs://bucket/model",
        "scorer.model: gs://bucket/model is no place of a model",
    );
    assert_refused(
        "FRAUD__SCORER__MODEL",
        "s3:///model",
        "is not a URL such as",
    );
    assert_refused(
        "FRAUD__SCORER__MODEL",
        "models:/fraud@champion",
        "mlflow.tracking_uri must be set",
    );
}

#[test]
fn times_are_checked_against_each_other() {
    assert_refused(
        "FRAUD__SCORER__COMMIT_INTERVAL",
        "10s",
        "must be shorter than",
    );
    assert_refused(
        "FRAUD__SCORER__COMMIT_INTERVAL",
        "0s",
        "must be more than 0",
    );
    assert_refused(
        "FRAUD__SCORER__TRANSACTION_TIMEOUT",
        "16m",
        "brokers allow 15m at most",
    );
    assert_refused(
        "FRAUD__KAFKA__SESSION_TIMEOUT",
        "11s",
        "must not be longer than",
    );
}

#[test]
fn a_start_that_is_none_is_refused() {
    assert_refused("FRAUD__SCORER__START", "yesterday", "yesterday");
}

#[test]
fn workers_are_at_least_one_and_only_one_for_the_console() {
    assert_refused(
        "FRAUD__SCORER__WORKERS",
        "0",
        "scorer.workers must be at least 1",
    );
    let ended = scorer()
        .arg("--check-config")
        .env("FRAUD__KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
        .env("FRAUD__SCORER__MODEL", "models/fraud-classifier")
        .env("FRAUD__SCORER__OUTPUT", "console")
        .env("FRAUD__SCORER__WORKERS", "2")
        .output()
        .unwrap();
    assert!(text(&ended.stderr).contains("set scorer.workers to 1"));
    assert_eq!(ended.status.code(), Some(2));
}

#[test]
fn a_typo_is_answered_with_the_nearest_key() {
    assert_refused("FRAUD__SCORER__DELIVRY", "at-least-once", "delivery");
}

#[test]
fn no_time_to_stop_and_a_name_for_an_address_are_refused_with_what_would_do() {
    assert_refused(
        "FRAUD__SERVICE__SHUTDOWN_TIMEOUT",
        "0s",
        "no work at hand can be finished or aborted",
    );
    assert_refused("FRAUD__ADMIN__ADDRESS", "localhost:9465", "127.0.0.1:9464");
}
