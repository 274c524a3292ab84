//! The broker goes and comes back; the daemons wait.

use anyhow::Result;
use local_stack::{Broker, Daemon, Signal, wait_until};

use crate::support::fixtures::{fixture, lines};
use crate::support::result_rows::wait_for_rows;
use crate::support::stream::broker_options;
use crate::support::{PATIENCE, Stream};

#[test]
fn a_broker_that_dies_and_comes_back_costs_nothing() -> Result<()> {
    let mut broker = Broker::start(&broker_options())?;
    let stream = Stream::on(&broker, "broker-loss")?;
    let transactions = lines("expected/random-forest/input.jsonl");
    let mut scorer = stream.scorer().start()?;
    let mut sink = stream.sink().set("sink.max_age", "1s").start()?;
    scorer.wait_until_ready(PATIENCE)?;
    sink.wait_until_ready(PATIENCE)?;
    stream.send_transactions(&transactions)?;
    stream.exactly("results", transactions.len())?;

    broker.kill()?;
    for daemon in [&mut scorer, &mut sink] {
        daemon.wait_for_readyz(503, PATIENCE)?;
        assert_eq!(daemon.get("/livez")?.status, 200);
        assert_says_once_why_it_waits(daemon)?;
    }
    broker.restart()?;
    for daemon in [&mut scorer, &mut sink] {
        daemon.wait_until_ready(PATIENCE)?;
    }
    stream.send_transactions(&transactions)?;
    let results = stream.exactly("results", 2 * transactions.len())?;

    assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());
    let rows = wait_for_rows(&stream.result_files(), results.len(), &mut sink)?;
    assert_eq!(rows.len(), results.len());
    assert!(sink.terminate(PATIENCE)?.success(), "{}", sink.stderr());
    Ok(())
}

fn assert_says_once_why_it_waits(daemon: &Daemon) -> Result<()> {
    let reasons = daemon.get("/readyz")?.body;
    assert!(!reasons.is_empty());
    let warnings = daemon
        .stderr()
        .lines()
        .iter()
        .filter(|line| line.contains("WARN"))
        .count();
    assert!(
        (1..=2).contains(&warnings),
        "{warnings} warnings:\n{}",
        daemon.stderr()
    );
    Ok(())
}

#[test]
fn daemons_that_start_without_a_broker_wait_for_it() -> Result<()> {
    let mut broker = Broker::start(&broker_options())?;
    let stream = Stream::on(&broker, "broker-later")?;
    broker.stop()?;
    let mut scorer = stream.scorer().start()?;
    let mut sink = stream.sink().start()?;
    for daemon in [&mut scorer, &mut sink] {
        daemon.wait_for_readyz(503, PATIENCE)?;
        assert_eq!(daemon.get("/livez")?.status, 200);
    }
    broker.restart()?;
    for daemon in [&mut scorer, &mut sink] {
        daemon.wait_until_ready(PATIENCE)?;
    }
    let transactions = lines("expected/random-forest/input.jsonl");
    stream.send_transactions(&transactions)?;
    stream.exactly("results", transactions.len())?;
    Ok(())
}

#[test]
fn a_producer_with_a_rate_saves_no_more_than_a_second_up_while_the_broker_hangs() -> Result<()> {
    let mut broker = Broker::start(&broker_options())?;
    let stream = Stream::on(&broker, "saved-up")?;
    let mut producer = stream
        .producer(&fixture("transactions.parquet"))
        .set("producer.rate", "1000")
        .start()?;
    let reader = stream.reader("transactions")?;
    reader.read(500, PATIENCE)?;
    broker.signal(Signal::STOP)?;
    wait_until("a second's worth in the queue", PATIENCE, || {
        let queued = producer.metric("fraud_kafka_producer_queue_messages", &[])?;
        Ok(queued == Some(1000.0))
    })?;
    broker.signal(Signal::CONT)?;
    assert!(producer.wait(PATIENCE)?.success(), "{}", producer.stderr());
    assert_eq!(500 + reader.read_to_end(PATIENCE)?.len(), 20_000);
    Ok(())
}
