//! What a user gets wrong: one clear line, the right exit code.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use local_stack::{DaemonCommand, Topic, create_topics, free_port};

use crate::support::fixtures::fixture;
use crate::support::{PATIENCE, Stream};

/// Starts a daemon that must end by itself with `code` and one line that holds all of
/// `texts`.
fn assert_ends(command: &DaemonCommand, code: i32, texts: &[&str]) -> Result<()> {
    let mut daemon = command.start()?;
    let status = daemon.wait(PATIENCE)?;
    let said = daemon.stderr().lines();
    assert_eq!(status.code(), Some(code), "{said:#?}");
    let is_error = |line: &&String| line.contains("ERROR") || line.starts_with("error");
    let errors: Vec<_> = said.iter().filter(is_error).collect();
    assert_eq!(errors.len(), 1, "{said:#?}");
    for text in texts {
        assert!(
            errors[0].contains(text),
            "{text:?} is missing: {}",
            errors[0]
        );
    }
    assert!(
        !said.iter().any(|line| line.contains("panicked")),
        "{said:#?}"
    );
    Ok(())
}

#[test]
fn a_daemon_without_settings_names_the_first_that_must_be_set() -> Result<()> {
    for daemon in ["producer-svc", "scorer-svc", "results-sink-svc"] {
        let mut process = DaemonCommand::new(daemon).start()?;
        assert_eq!(process.wait(PATIENCE)?.code(), Some(2));
        let said = process.stderr().to_string();
        assert!(said.contains("kafka.bootstrap_servers"), "{said}");
        assert!(said.contains("FRAUD__KAFKA__BOOTSTRAP_SERVERS"), "{said}");
    }
    Ok(())
}

#[test]
fn a_misspelt_key_is_refused_with_the_nearest_one() -> Result<()> {
    let stream = Stream::new("misspelt")?;
    let file = stream.path("scorer.toml");
    fs::write(&file, "[scorer]\nmodell = \"m\"\n")?;
    assert_ends(
        &stream.scorer().arguments(["--config"]).arguments([&file]),
        2,
        &["modell", "scorer.model", "scorer.toml"],
    )?;
    assert_ends(
        &stream.sink().set("sink.max_row", "5"),
        2,
        &["max_row", "max_rows", "FRAUD__SINK__MAX_ROW"],
    )?;
    assert_ends(
        &stream.scorer().set("scorer.start", "yesterday"),
        2,
        &["scorer.start", "yesterday"],
    )?;
    assert_ends(
        &stream
            .scorer()
            .set("scorer.start", "{\"payments\":{\"0\":1}}"),
        2,
        &["scorer.start", "payments"],
    )?;
    assert_ends(
        &stream.scorer().arguments(["--config", "/no/such.toml"]),
        2,
        &["/no/such.toml"],
    )
}

#[test]
fn offsets_of_a_partition_that_does_not_exist_are_refused() -> Result<()> {
    let stream = Stream::new("no-partition")?;
    let start = format!("{{{:?}:{{\"0\":0,\"7\":5}}}}", stream.topic("transactions"));
    assert_ends(
        &stream.scorer().set("scorer.start", start),
        2,
        &["start names partition 7", "3 partitions"],
    )
}

#[test]
fn a_sink_with_nowhere_to_write_says_so() -> Result<()> {
    let stream = Stream::new("nowhere")?;
    assert_ends(
        &stream.sink().set("sink.parquet", ""),
        2,
        &["sink.parquet", "sink.console"],
    )
}

#[test]
fn a_missing_and_a_half_copied_model_are_named() -> Result<()> {
    let stream = Stream::new("models")?;
    let missing = stream.path("no-model");
    assert_ends(
        &stream.scorer().set("scorer.model", &missing),
        2,
        &[path_text(&missing)?],
    )?;

    let half = stream.path("half");
    copy_folder(&fixture("models/random-forest"), &half)?;
    let stage = "stages/1_RandomForestClassifier_8e71c5b71eb3/data";
    fs::remove_dir_all(half.join(stage))?;
    assert_ends(&stream.scorer().set("scorer.model", &half), 2, &[stage])
}

#[test]
fn parquet_that_cannot_be_sent_is_refused_at_once() -> Result<()> {
    let stream = Stream::new("bad-parquet")?;
    let missing = stream.path("no-data");
    assert_ends(&stream.producer(&missing), 2, &[path_text(&missing)?])?;
    let empty = stream.path("empty");
    fs::create_dir(&empty)?;
    assert_ends(
        &stream.producer(&empty),
        2,
        &[path_text(&empty)?, "Parquet"],
    )?;
    // A Parquet file of something else.
    let other =
        fixture("models/random-forest/stages/1_RandomForestClassifier_8e71c5b71eb3/treesMetadata");
    assert_ends(&stream.producer(&other), 2, &["transaction_id"])
}

#[test]
fn a_port_in_use_is_named() -> Result<()> {
    let stream = Stream::new("port")?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port();
    assert_ends(
        &stream.scorer().admin_port(port),
        2,
        &[&format!("127.0.0.1:{port}"), "admin.address"],
    )
}

#[test]
fn without_a_broker_the_producer_gives_up_and_says_where_it_looked() -> Result<()> {
    let stream = Stream::new("no-broker")?;
    let nobody = format!("127.0.0.1:{}", free_port());
    let producer = stream
        .producer(&fixture("transactions.parquet"))
        .set("kafka.bootstrap_servers", &nobody)
        .set("producer.send_timeout", "3s");
    assert_ends(&producer, 1, &[&nobody])
}

#[test]
fn without_its_topic_the_producer_gives_up_and_names_it() -> Result<()> {
    let stream = Stream::new("no-topic-producer")?;
    let producer = stream
        .producer(&fixture("transactions.parquet"))
        .set("topics.transactions", "nosuch")
        .set("producer.send_timeout", "3s");
    assert_ends(&producer, 1, &["nosuch"])
}

#[test]
fn without_their_topic_the_others_wait_for_it_and_name_it() -> Result<()> {
    let stream = Stream::new("no-topic")?;
    let (transactions, results) = (
        stream.topic("later-transactions"),
        stream.topic("later-results"),
    );
    stream.grant_instead("transactions", "later-transactions")?;
    stream.grant_instead("results", "later-results")?;
    let mut scorer = stream
        .scorer()
        .set("topics.transactions", &transactions)
        .start()?;
    let mut sink = stream.sink().set("topics.results", &results).start()?;
    for (daemon, topic) in [(&mut scorer, &transactions), (&mut sink, &results)] {
        daemon.wait_for_readyz(503, PATIENCE)?;
        local_stack::wait_until("the topic's name", PATIENCE, || {
            Ok(daemon.get("/readyz")?.body.contains(topic.as_str()))
        })?;
        assert_eq!(daemon.get("/livez")?.status, 200);
    }
    create_topics(
        &stream.broker,
        &[Topic::new(&transactions, 1), Topic::new(&results, 1)],
    )?;
    for daemon in [&mut scorer, &mut sink] {
        daemon.wait_until_ready(PATIENCE)?;
    }
    Ok(())
}

fn path_text(path: &Path) -> Result<&str> {
    path.to_str().context("a path in UTF-8")
}

fn copy_folder(from: &Path, to: &PathBuf) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
