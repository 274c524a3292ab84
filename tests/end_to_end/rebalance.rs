//! A group that grows and shrinks.

use std::collections::BTreeSet;

use anyhow::Result;
use local_stack::{Daemon, wait_until};

use crate::support::fixtures::fixture;
use crate::support::stream::{PARTITIONS, source};
use crate::support::{PATIENCE, Stream};

const TRANSACTIONS: usize = 20_000;

#[test]
fn a_scorer_that_joins_and_one_that_leaves_lose_and_repeat_nothing() -> Result<()> {
    let stream = Stream::new("rebalance")?;
    let replica = |id: &str| {
        let id = stream.topic(&format!("scorer-{id}"));
        stream
            .scorer()
            .set("scorer.transactional_id", id)
            .set("kafka.session_timeout", "2s")
    };
    let mut first = replica("first").start()?;
    wait_for_partitions(&mut [&mut first])?;
    let mut producer = stream
        .producer(&fixture("transactions.parquet"))
        .set("producer.rate", "2500")
        .start()?;
    let reader = stream.reader("results")?;
    let mut results = reader.read(2_000, PATIENCE)?;

    let mut second = replica("second").start()?;
    wait_for_partitions(&mut [&mut first, &mut second])?;
    results.extend(reader.read(2_000, PATIENCE)?);

    assert!(first.terminate(PATIENCE)?.success(), "{}", first.stderr());
    assert!(producer.wait(PATIENCE)?.success(), "{}", producer.stderr());
    results.extend(reader.read(TRANSACTIONS - results.len(), PATIENCE)?);
    results.extend(reader.read_to_end(PATIENCE)?);
    assert_eq!(
        results.iter().map(source).collect::<BTreeSet<_>>().len(),
        TRANSACTIONS,
        "lost"
    );
    assert_eq!(results.len(), TRANSACTIONS, "repeated");
    assert!(second.terminate(PATIENCE)?.success(), "{}", second.stderr());
    Ok(())
}

/// Each scorer has some, and together they have all.
fn wait_for_partitions(scorers: &mut [&mut Daemon]) -> Result<()> {
    wait_until("all partitions to be assigned", PATIENCE, || {
        let mut assigned = Vec::new();
        for scorer in scorers.iter_mut() {
            anyhow::ensure!(
                scorer.exit_status()?.is_none(),
                "it ended:\n{}",
                scorer.stderr()
            );
            let partitions = scorer.metric("fraud_kafka_assigned_partitions", &[]);
            assigned.push(partitions.ok().flatten().unwrap_or_default());
        }
        let all = assigned.iter().sum::<f64>() == f64::from(PARTITIONS);
        Ok(all && assigned.iter().all(|&partitions| partitions > 0.0))
    })
}

#[test]
fn a_second_process_with_the_same_transactional_id_ends_the_first_with_one_line() -> Result<()> {
    let stream = Stream::new("same-id")?;
    let mut first = stream.scorer().start()?;
    first.wait_until_ready(PATIENCE)?;
    let mut second = stream.scorer().start()?;
    let status = first.wait(PATIENCE)?;
    assert_eq!(status.code(), Some(1), "{}", first.stderr());
    let said = first.stderr().lines();
    let last = said.last().map(String::as_str).unwrap_or_default();
    assert!(last.contains("another process uses"), "{said:#?}");
    second.wait_until_ready(PATIENCE)
}
