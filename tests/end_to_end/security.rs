//! TLS and passwords.

use std::collections::BTreeSet;

use anyhow::Result;
use local_stack::{ChildProcess, Daemon, DaemonCommand};

use crate::support::fixtures::fixture;
use crate::support::result_rows::wait_for_rows;
use crate::support::secured::{
    Door, assert_waits, certificate, grant, guarded, password, secured_broker, set_password, table,
};
use crate::support::stream::source;
use crate::support::{PATIENCE, Stream};

/// What nobody may see; no user has it.
const WRONG_PASSWORD: &str = "hunter2-hunter2";

/// Starts the three daemons of a stream with settings that keep them from the broker.
/// Scorer and sink wait, alive and not ready, and the producer gives up; each says once
/// what holds all of `texts`, and none tells its password.
fn assert_kept_out(
    name: &str,
    change: impl Fn(DaemonCommand) -> DaemonCommand,
    texts: &[&str],
) -> Result<()> {
    let stream = Stream::on(secured_broker(), name)?;
    let data = fixture("transactions.parquet");
    let command =
        |daemon, user| change(guarded(daemon, user).set("kafka.password", WRONG_PASSWORD));
    let mut producer = command(stream.producer(&data), "producer")
        .set("producer.send_timeout", "2s")
        .start()?;
    let mut waiting = [
        command(stream.scorer(), "scorer").start()?,
        command(stream.sink(), "sink").start()?,
    ];
    for daemon in &mut waiting {
        daemon.wait_for_line(ChildProcess::stderr, texts[0], PATIENCE)?;
        daemon.wait_for_readyz(503, PATIENCE)?;
        assert_eq!(daemon.get("/livez")?.status, 200);
        assert_says(&daemon.get("/readyz")?.body, texts);
        assert_tells_no_password(daemon)?;
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
        assert!(!daemon.stderr().to_string().contains(WRONG_PASSWORD));
    }
    Ok(())
}

fn assert_says(line: &str, texts: &[&str]) {
    for text in texts {
        assert!(line.contains(text), "{text:?} is missing: {line}");
    }
}

fn assert_tells_no_password(daemon: &Daemon) -> Result<()> {
    for path in ["/readyz", "/metrics", "/livez", "/"] {
        assert!(!daemon.get(path)?.body.contains(WRONG_PASSWORD), "{path}");
    }
    Ok(())
}

#[test]
fn a_wrong_password_is_waited_out_and_told_to_nobody() -> Result<()> {
    assert_kept_out(
        "wrong-password",
        |daemon| daemon,
        &["authentication failed for user", "kafka.password"],
    )
}

/// The broker's certificate can't be trusted, and the line names the ways in which.
const NOT_TRUSTED: [&str; 3] = ["authority", "another host", "expired"];

#[test]
fn a_certificate_of_another_authority_is_refused() -> Result<()> {
    assert_kept_out(
        "wrong-ca",
        |daemon| daemon.set("kafka.ca_file", certificate("other-ca.pem")),
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
        |daemon| daemon.set("kafka.bootstrap_servers", secured_broker().address()),
        &["kafka.security_protocol"],
    )
}

#[test]
fn a_password_that_is_changed_while_the_daemons_run_is_waited_for_and_costs_nothing() -> Result<()>
{
    const USER: &str = "forgotten";
    const TRANSACTIONS: usize = 10_000;
    let stream = Stream::on(secured_broker(), USER)?;
    let rights: Vec<_> = table(&stream)
        .iter()
        .filter_map(|right| right.split_once(':'))
        .map(|(_, right)| format!("{USER}:{right}"))
        .collect();
    grant(&BTreeSet::from_iter(rights).into_iter().collect::<Vec<_>>())?;
    let inside =
        |daemon| guarded(daemon, USER).set("kafka.bootstrap_servers", Door::Strict.address());
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
    let sources: BTreeSet<_> = results.iter().map(source).collect();
    assert_eq!(sources.len(), TRANSACTIONS);
    let rows = wait_for_rows(&stream.result_files(), TRANSACTIONS, &mut sink)?;
    assert_eq!(rows.len(), TRANSACTIONS);
    for daemon in [&mut scorer, &mut sink] {
        assert!(daemon.terminate(PATIENCE)?.success(), "{}", daemon.stderr());
    }
    Ok(())
}
