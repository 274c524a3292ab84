//! TLS and passwords.

use std::collections::BTreeSet;

use anyhow::Result;
use local_stack::{DaemonCommand, TOPICS, USERS, free_port, grant};

use crate::support::fixtures::fixture;
use crate::support::result_rows::wait_for_rows;
use crate::support::secured::{Door, other_authority, password, secured_broker, set_password};
use crate::support::{PATIENCE, Stream, assert_waits};

/// No user has it.
const WRONG_PASSWORD: &str = "hunter2-hunter2";

/// Starts the three daemons of a stream without rights, with settings that keep them from
/// the broker.
fn assert_kept_out(
    name: &str,
    change: impl Fn(DaemonCommand) -> DaemonCommand,
    texts: &[&str],
) -> Result<()> {
    let stream = Stream::without_rights(secured_broker(), name)?;
    assert_all_wait(&stream, change, texts)
}

/// Scorer and sink wait, alive and not ready, and the producer gives up; each says once
/// what holds all of `texts`, and none tells a password.
fn assert_all_wait(
    stream: &Stream,
    change: impl Fn(DaemonCommand) -> DaemonCommand,
    texts: &[&str],
) -> Result<()> {
    let data = fixture("transactions.parquet");
    let producer = stream.producer(&data).set("producer.send_timeout", "2s");
    let mut producer = change(producer).start()?;
    let mut waiting = [
        change(stream.scorer()).start()?,
        change(stream.sink()).start()?,
    ];
    for daemon in &mut waiting {
        assert_waits(daemon, texts[0])?;
        assert_says(&daemon.get("/readyz")?.body, texts);
        for path in ["/readyz", "/metrics", "/livez", "/"] {
            assert_tells_no_password(&daemon.get(path)?.body);
        }
    }
    assert_eq!(producer.wait(PATIENCE)?.code(), Some(1));
    let said = producer.stderr().lines();
    let last = said.last().map_or("", String::as_str);
    assert!(last.contains("ERROR"), "{said:#?}");
    assert_says(last, texts);
    for daemon in waiting.iter().chain([&producer]) {
        let said = daemon.stderr().lines();
        let warnings: Vec<_> = said.iter().filter(|line| line.contains("WARN")).collect();
        assert_eq!(warnings.len(), 1, "{said:#?}");
        assert_says(warnings[0], texts);
        assert_tells_no_password(&daemon.stderr().to_string());
    }
    Ok(())
}

fn assert_says(line: &str, texts: &[&str]) {
    for text in texts {
        assert!(line.contains(text), "{text:?} is missing: {line}");
    }
}

fn assert_tells_no_password(text: &str) {
    let passwords = USERS.map(password);
    for password in passwords.iter().map(String::as_str).chain([WRONG_PASSWORD]) {
        assert!(!text.contains(password), "{text}");
    }
}

#[test]
fn a_wrong_password_is_waited_out_and_told_to_nobody() -> Result<()> {
    assert_kept_out(
        "wrong-password",
        |daemon| daemon.set("kafka.password", WRONG_PASSWORD),
        &["authentication failed for user", "kafka.password"],
    )
}

/// The broker's certificate can't be trusted, and the line names the ways in which.
const NOT_TRUSTED: [&str; 3] = ["authority", "another host", "expired"];

#[test]
fn a_certificate_of_another_authority_is_refused() -> Result<()> {
    let other = other_authority()?;
    assert_kept_out(
        "wrong-ca",
        |daemon| daemon.set("kafka.ca_file", &other),
        &NOT_TRUSTED,
    )
}

#[test]
fn a_certificate_of_another_host_is_refused() -> Result<()> {
    assert_kept_out(
        "other-host",
        |daemon| daemon.set("kafka.bootstrap_servers", Door::OtherHost.address()),
        &NOT_TRUSTED,
    )
}

#[test]
fn an_expired_certificate_is_refused() -> Result<()> {
    assert_kept_out(
        "expired",
        |daemon| daemon.set("kafka.bootstrap_servers", Door::Expired.address()),
        &NOT_TRUSTED,
    )
}

#[test]
fn a_client_without_tls_at_a_port_with_it_is_told_so() -> Result<()> {
    assert_kept_out(
        "no-tls",
        |daemon| {
            daemon
                .set("kafka.security_protocol", "sasl_plaintext")
                .set("kafka.ca_file", "")
        },
        &["kafka.security_protocol"],
    )
}

#[test]
fn a_client_with_tls_at_a_port_without_it_is_told_so() -> Result<()> {
    assert_kept_out(
        "tls-at-plaintext",
        |daemon| daemon.set("kafka.bootstrap_servers", Door::Plaintext.address()),
        &["kafka.security_protocol"],
    )
}

#[test]
fn a_user_without_rights_is_told_what_is_missing() -> Result<()> {
    assert_kept_out("no-rights", |daemon| daemon, &["may not use", "grant it"])
}

#[test]
fn a_topic_that_is_missing_is_named() -> Result<()> {
    let stream = Stream::on(secured_broker(), "topics-missing")?;
    let topics = TOPICS.map(|topic| stream.topic(topic));
    let topics = topics.each_ref().map(String::as_str);
    local_stack::delete(&stream.broker, &topics, &[])?;
    let texts = ["does not exist: create it", "topics-missing."];
    assert_all_wait(&stream, |daemon| daemon, &texts)
}

#[test]
fn a_host_that_cannot_be_reached_is_named() -> Result<()> {
    let nobody = format!("127.0.0.1:{}", free_port());
    assert_kept_out(
        "nobody-there",
        |daemon| daemon.set("kafka.bootstrap_servers", &nobody),
        &["no broker answers at", &nobody],
    )?;
    let unknown = "no-such-host.invalid:9091";
    assert_kept_out(
        "unknown-host",
        |daemon| daemon.set("kafka.bootstrap_servers", unknown),
        &["cannot resolve", unknown],
    )
}

#[test]
fn a_printed_configuration_tells_no_password() -> Result<()> {
    let stream = Stream::without_rights(secured_broker(), "printed")?;
    let data = fixture("transactions.parquet");
    for daemon in [stream.producer(&data), stream.scorer(), stream.sink()] {
        let mut printing = daemon.arguments(["--print-config"]).start()?;
        assert!(printing.wait(PATIENCE)?.success(), "{}", printing.stderr());
        let printed = printing.stdout().to_string();
        assert!(printed.contains("password = \"<redacted>\""), "{printed}");
        assert_tells_no_password(&printed);
    }
    Ok(())
}

#[test]
fn a_password_that_is_changed_while_the_daemons_run_is_waited_for_and_costs_nothing() -> Result<()>
{
    const USER: &str = "forgotten";
    const TRANSACTIONS: usize = 10_000;
    let stream = Stream::without_rights(secured_broker(), USER)?;
    let rights = stream.least_rights()?;
    let rights = rights.iter().filter_map(|right| right.split_once(':'));
    let rights: BTreeSet<_> = rights.map(|(_, right)| format!("{USER}:{right}")).collect();
    grant(&stream.broker, &rights.into_iter().collect::<Vec<_>>())?;
    let inside = |daemon| {
        let daemon = stream.as_user(USER, daemon);
        daemon.set("kafka.bootstrap_servers", Door::Strict.address())
    };
    let data = fixture("transactions.parquet");
    let mut producer = inside(stream.producer(&data))
        .set("producer.sample", TRANSACTIONS.to_string())
        .set("producer.rate", "500")
        .start()?;
    let mut scorer = inside(stream.scorer()).start()?;
    let mut sink = inside(stream.sink()).set("sink.max_age", "1s").start()?;
    wait_for_rows(&stream.result_files(), 100, &mut sink)?;

    set_password(USER, WRONG_PASSWORD)?;
    for daemon in [&mut producer, &mut scorer, &mut sink] {
        assert_waits(daemon, "authentication failed for user")?;
    }
    set_password(USER, &password(USER))?;
    for daemon in [&mut producer, &mut scorer, &mut sink] {
        daemon.wait_until_ready(PATIENCE)?;
    }
    assert!(producer.wait(PATIENCE)?.success(), "{}", producer.stderr());
    let results = stream.exactly("results", TRANSACTIONS)?;
    let keys: BTreeSet<_> = results.iter().map(|result| &result.key).collect();
    assert_eq!(keys.len(), TRANSACTIONS);
    let rows = wait_for_rows(&stream.result_files(), TRANSACTIONS, &mut sink)?;
    assert_eq!(rows.len(), TRANSACTIONS);
    for daemon in [&mut scorer, &mut sink] {
        assert!(daemon.terminate(PATIENCE)?.success(), "{}", daemon.stderr());
    }
    Ok(())
}
