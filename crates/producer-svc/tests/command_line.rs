//! What a person sees of the binary without a broker: exit codes and one clear line.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

#[test]
fn a_data_set_is_simulated_and_the_account_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("data");
    let simulate = |days: &str| {
        let mut command = producer();
        command
            .args([
                "simulate",
                "--customers=50",
                "--terminals=1000",
                days,
                "--out",
            ])
            .arg(&out);
        command.output().unwrap()
    };
    let output = simulate("--days=2");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty());
    let text = stderr(&output);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.starts_with("wrote ") && text.contains(" transactions of 2 days, "),
        "{text}"
    );
    assert!(out.join("_SUCCESS").exists());

    let again = simulate("--days=2");
    assert_eq!(again.status.code(), Some(2));
    assert!(
        stderr(&again).contains("is not empty"),
        "{}",
        stderr(&again)
    );

    let none = simulate("--days=0");
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("'--days <N>'"), "{}", stderr(&none));
}

#[test]
fn without_configuration_each_missing_key_is_named() {
    let output = producer().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("FRAUD__KAFKA__BOOTSTRAP_SERVERS"), "{text}");
    assert!(text.contains("FRAUD__PRODUCER__SOURCE"), "{text}");
}

#[test]
fn an_empty_source_ends_the_daemon_before_it_looks_for_a_broker() {
    let folder = tempfile::tempdir().unwrap();
    let output = daemon(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("holds no Parquet files"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_file_that_is_no_parquet_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "no Parquet").unwrap();
    let output = daemon(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(
        text.contains("notes.txt: not a whole Parquet file"),
        "{text}"
    );
}

#[test]
fn without_a_broker_the_run_is_given_up_after_the_send_timeout() {
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/transactions.parquet"
    );
    let mut command = daemon(Path::new(source));
    let output = command
        .env("FRAUD__PRODUCER__SEND_TIMEOUT", "100ms")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("gave up: no broker answers at 127.0.0.1:1"),
        "{}",
        stderr(&output)
    );
}

/// The binary without what this environment may configure.
fn producer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_producer-svc"));
    command.env_clear();
    command
}

fn daemon(source: &Path) -> Command {
    let mut command = producer();
    command
        .env("FRAUD__ADMIN__ADDRESS", "127.0.0.1:0")
        .env("FRAUD__KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
        .env("FRAUD__LOG__FORMAT", "text")
        .env("FRAUD__PRODUCER__SOURCE", source);
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
