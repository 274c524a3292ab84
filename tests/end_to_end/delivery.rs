//! What the daemons promise when they are killed.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use local_stack::{Daemon, DaemonCommand, Record, wait_until};

use crate::support::fixtures::fixture;
use crate::support::result_rows::{result_files, result_rows, wait_for_rows};
use crate::support::stream::source;
use crate::support::{PATIENCE, Stream};

const TRANSACTIONS: usize = 20_000;
/// So many results or files between two kills.
const RESULTS_BETWEEN_KILLS: usize = 3_000;
const FILES_BETWEEN_KILLS: usize = 6;

#[test]
fn exactly_once_nothing_is_lost_or_repeated_though_the_scorer_is_killed() -> Result<()> {
    let stream = Stream::new("exactly-once")?;
    let results = results_with_kills(&stream, &stream.scorer())?;
    let sources: BTreeSet<_> = results.iter().map(source).collect();
    assert_eq!(sources.len(), TRANSACTIONS, "lost");
    assert_eq!(results.len(), TRANSACTIONS, "repeated");
    Ok(())
}

#[test]
fn at_least_once_nothing_is_lost_though_the_scorer_is_killed() -> Result<()> {
    let stream = Stream::new("at-least-once")?;
    let scorer = stream.scorer().set("scorer.delivery", "at-least-once");
    let results = results_with_kills(&stream, &scorer)?;
    let sources: BTreeSet<_> = results.iter().map(source).collect();
    assert_eq!(sources.len(), TRANSACTIONS, "lost");
    Ok(())
}

/// Kills the scorer three times while the producer sends, and reads all results.
fn results_with_kills(stream: &Stream, command: &DaemonCommand) -> Result<Vec<Record>> {
    let mut producer = stream
        .producer(&fixture("transactions.parquet"))
        .set("producer.rate", "4000")
        .start()?;
    let mut scorer = command.start()?;
    let reader = stream.reader("results")?;
    let mut results = Vec::new();
    for _ in 0..3 {
        results.extend(reader.read(RESULTS_BETWEEN_KILLS, PATIENCE)?);
        scorer.kill()?;
        scorer = command.start()?;
    }
    assert!(producer.wait(PATIENCE)?.success(), "{}", producer.stderr());
    let mut seen: BTreeSet<_> = results.iter().map(source).collect();
    wait_until("all results", PATIENCE, || {
        while let Some(result) = reader.next(Duration::from_millis(100)) {
            seen.insert(source(&result));
            results.push(result);
        }
        Ok(seen.len() == TRANSACTIONS)
    })?;
    assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());
    results.extend(reader.read_to_end(PATIENCE)?);
    Ok(results)
}

#[test]
fn every_result_is_in_one_file_though_the_sink_is_killed() -> Result<()> {
    let stream = Stream::new("sink-killed")?;
    let mut scorer = stream.scorer().start()?;
    let mut producer = stream.producer(&fixture("transactions.parquet")).start()?;
    let command = stream
        .sink()
        .set("sink.max_rows", "300")
        .set("sink.max_age", "5s");
    let mut sink = command.start()?;
    for kill in 1..=3 {
        wait_for_files(&stream, kill * FILES_BETWEEN_KILLS, &mut sink)?;
        sink.kill()?;
        sink = command.start()?;
    }
    assert!(producer.wait(PATIENCE)?.success(), "{}", producer.stderr());
    let results = stream.exactly("results", TRANSACTIONS)?;
    let rows = wait_for_rows(&stream.result_files(), TRANSACTIONS, &mut sink)?;
    assert!(sink.terminate(PATIENCE)?.success(), "{}", sink.stderr());
    assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());

    let mut expected: Vec<_> = results
        .iter()
        .map(|result| (result.partition, result.offset))
        .collect();
    expected.sort_unstable();
    assert_eq!(
        rows.iter().map(|row| row.kafka).collect::<Vec<_>>(),
        expected
    );
    assert_eq!(result_rows(&stream.result_files())?, rows);
    Ok(())
}

fn wait_for_files(stream: &Stream, count: usize, sink: &mut Daemon) -> Result<()> {
    wait_until(&format!("{count} files"), PATIENCE, || {
        anyhow::ensure!(
            sink.exit_status()?.is_none(),
            "the sink ended:\n{}",
            sink.stderr()
        );
        Ok(result_files(&stream.result_files())?.len() >= count)
    })
}

#[test]
fn a_producer_that_was_killed_sends_all_again_and_leaves_nothing_out() -> Result<()> {
    let stream = Stream::new("producer-killed")?;
    let source = fixture("transactions.parquet");
    let mut killed = stream
        .producer(&source)
        .set("producer.rate", "4000")
        .start()?;
    let reader = stream.reader("transactions")?;
    let before = reader.read(RESULTS_BETWEEN_KILLS, PATIENCE)?;
    killed.kill()?;
    let mut again = stream.producer(&source).start()?;
    assert!(again.wait(PATIENCE)?.success(), "{}", again.stderr());
    let after = reader.read_to_end(PATIENCE)?;
    let keys: BTreeSet<_> = before.iter().chain(&after).map(|sent| &sent.key).collect();
    assert_eq!(keys.len(), TRANSACTIONS, "lost");
    assert!(before.len() + after.len() >= TRANSACTIONS + RESULTS_BETWEEN_KILLS);
    Ok(())
}
