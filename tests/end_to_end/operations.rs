//! What an operator does to a running stream, as the operations guide tells it.

use std::collections::BTreeSet;
use std::env;

use anyhow::Result;
use local_stack::{
    Daemon, DaemonCommand, Message, add_partitions, checkout, end_offsets, send, wait_until,
};

use crate::support::fixtures::{fixture, lines};
use crate::support::result_rows::wait_for_rows;
use crate::support::stream::{PARTITIONS, source};
use crate::support::{PATIENCE, Stream};

/// What a rollout replaces: the model, and the programs too where `OLDER` names a folder
/// with those of another version.
#[derive(Debug, Clone, Copy)]
enum Release {
    Old,
    New,
}

impl Release {
    fn program(self, command: DaemonCommand) -> DaemonCommand {
        match (self, env::var_os("OLDER")) {
            (Self::Old, Some(folder)) => command.binaries(checkout().join(folder)),
            _ => command,
        }
    }

    fn model(self) -> &'static str {
        match self {
            Self::Old => "random-forest",
            Self::New => "decision-tree",
        }
    }

    fn scorer(self, stream: &Stream, id: &str) -> DaemonCommand {
        self.program(stream.scorer())
            .set("scorer.transactional_id", stream.topic(id))
            .set("scorer.model", fixture(&format!("models/{}", self.model())))
    }

    fn sink(self, stream: &Stream) -> DaemonCommand {
        self.program(stream.sink()).set("sink.max_age", "1s")
    }
}

#[test]
fn an_upgrade_and_a_rollback_under_load_lose_and_repeat_nothing() -> Result<()> {
    let stream = Stream::new("upgrade")?;
    let ids = ["scorer-first", "scorer-second"];
    let mut scorers = Vec::new();
    for id in ids {
        scorers.push(Release::Old.scorer(&stream, id).start()?);
    }
    let mut sink = Release::Old.sink(&stream).start()?;
    for daemon in scorers.iter_mut().chain([&mut sink]) {
        daemon.wait_until_ready(PATIENCE)?;
    }
    let mut producer = stream
        .producer(&fixture("transactions.parquet"))
        .set("producer.repeat", "true")
        .set("producer.rate", "1000")
        .start()?;

    for release in [Release::New, Release::Old] {
        for (scorer, id) in scorers.iter_mut().zip(ids) {
            replace(scorer, &release.scorer(&stream, id))?;
            wait_for_work(scorer, "fraud_scorer_transactions_total")?;
        }
        replace(&mut sink, &release.sink(&stream))?;
        wait_for_work(&sink, "fraud_sink_rows_total")?;
    }

    let stopped = producer.terminate(PATIENCE)?;
    assert!(stopped.success(), "{}", producer.stderr());
    let sent = stream.reader("transactions")?.read_to_end(PATIENCE)?;
    let mut results = stream.exactly("results", sent.len())?;
    let sources: BTreeSet<_> = results.iter().map(source).collect();
    let expected = sent.iter().map(|it| (it.partition, it.offset)).collect();
    assert_eq!(sources, expected);
    // Partitions are read one after the other.
    results.sort_by_key(|result| result.timestamp);
    let models: Vec<_> = results.iter().filter_map(|it| it.header("model")).collect();
    let by = |release: Release, model: &String| model.starts_with(release.model());
    assert!(models.iter().any(|model| by(Release::New, model)));
    assert!(models.last().is_some_and(|model| by(Release::Old, model)));

    let rows = wait_for_rows(&stream.result_files(), sent.len(), &mut sink)?;
    let places: BTreeSet<_> = results.iter().map(|it| (it.partition, it.offset)).collect();
    assert!(rows.iter().map(|row| row.kafka).eq(places));
    Ok(())
}

/// As Kubernetes replaces a pod: the old one ends, the new one has the same name, and the
/// next is replaced once this one is ready.
fn replace(daemon: &mut Daemon, by: &DaemonCommand) -> Result<()> {
    assert!(daemon.terminate(PATIENCE)?.success(), "{}", daemon.stderr());
    *daemon = by.start()?;
    daemon.wait_until_ready(PATIENCE)
}

fn wait_for_work(daemon: &Daemon, counter: &str) -> Result<()> {
    wait_until("the new process to work", PATIENCE, || {
        Ok(daemon
            .metric(counter, &[])?
            .is_some_and(|count| count > 0.0))
    })
}

#[test]
fn partitions_that_are_added_are_found_and_read_from_their_first_message() -> Result<()> {
    let stream = Stream::new("grown")?;
    let mut scorer = stream.scorer().start()?;
    let mut sink = stream.sink().set("sink.max_age", "1s").start()?;
    for daemon in [&mut scorer, &mut sink] {
        daemon.wait_until_ready(PATIENCE)?;
    }
    let transactions = lines("expected/random-forest/input.jsonl");
    stream.send_transactions(&transactions[..100])?;
    stream.reader("results")?.read(100, PATIENCE)?;

    let grown = PARTITIONS + 1;
    for topic in ["transactions", "results"] {
        let count = usize::try_from(grown)?;
        add_partitions(&stream.broker, &stream.topic(topic), count)?;
    }
    // Before anybody knows the new partition.
    let messages = transactions[100..200].iter().map(|value| Message {
        value: Some(value.as_bytes()),
        partition: Some(PARTITIONS),
        ..Message::default()
    });
    let messages: Vec<_> = messages.collect();
    send(&stream.broker, &stream.topic("transactions"), &messages)?;
    for daemon in [&scorer, &sink] {
        wait_until("the new partition's assignment", PATIENCE, || {
            let assigned = daemon.metric("fraud_kafka_assigned_partitions", &[])?;
            Ok(assigned == Some(f64::from(grown)))
        })?;
    }
    // The scorer's producer learns of the new partition of `results` some time after.
    let mut sent = 200;
    wait_until("results in the new partition", PATIENCE, || {
        stream.send_transactions(&transactions[200..300])?;
        sent += 100;
        let ends = end_offsets(&stream.broker, &stream.topic("results"))?;
        Ok(ends.get(&PARTITIONS).is_some_and(|&end| end > 0))
    })?;

    let results = stream.exactly("results", sent)?;
    let sources: BTreeSet<_> = results.iter().map(source).collect();
    assert_eq!(sources.len(), sent);
    assert!(sources.contains(&(PARTITIONS, 0)));
    assert!(results.iter().any(|result| result.partition == PARTITIONS));
    let rows = wait_for_rows(&stream.result_files(), results.len(), &mut sink)?;
    let places: BTreeSet<_> = results.iter().map(|it| (it.partition, it.offset)).collect();
    assert!(rows.iter().map(|row| row.kafka).eq(places));
    Ok(())
}
