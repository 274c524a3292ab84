//! Offsets that mean something else than before: nothing of it happens in silence.

use std::collections::BTreeMap;

use anyhow::Result;
use local_stack::{Broker, Daemon, Message, Topic, create_topics, delete, delete_records, send};

use crate::support::fixtures::lines;
use crate::support::result_rows::{result_rows, wait_for_rows};
use crate::support::stream::{broker_options, source};
use crate::support::{PATIENCE, Stream};

/// Sends so many results to partition 0.
fn send_results(stream: &Stream, count: usize) -> Result<()> {
    let results = lines("expected/random-forest/output.jsonl");
    let messages: Vec<_> = results[..count]
        .iter()
        .map(|line| Message {
            key: None,
            value: Some(line.as_bytes()),
            partition: Some(0),
            ..Message::default()
        })
        .collect();
    send(&stream.broker, &stream.topic("results"), &messages)
}

fn recreate_results(stream: &Stream) -> Result<()> {
    let topic = stream.topic("results");
    delete(&stream.broker, &[&topic], &[])?;
    create_topics(&stream.broker, &[Topic::new(&topic, 3)])
}

fn assert_ends_with(daemon: &mut Daemon, text: &str) -> Result<()> {
    let status = daemon.wait(PATIENCE)?;
    assert_eq!(status.code(), Some(1), "{}", daemon.stderr());
    let said = daemon.stderr().lines();
    let last = said.last().map(String::as_str).unwrap_or_default();
    assert!(last.contains("ERROR") && last.contains(text), "{said:#?}");
    Ok(())
}

#[test]
fn a_topic_made_anew_under_the_running_sink_ends_it() -> Result<()> {
    for (name, max_rows) in [("anew-published", "5"), ("anew-open", "1000")] {
        let stream = Stream::new(name)?;
        let mut sink = stream.sink().set("sink.max_rows", max_rows).start()?;
        sink.wait_until_ready(PATIENCE)?;
        send_results(&stream, 5)?;
        local_stack::wait_until("the results to be read", PATIENCE, || {
            let lag = sink.metric("fraud_kafka_consumer_lag", &["partition=\"0\""])?;
            let rows = result_rows(&stream.result_files())?.len();
            Ok(lag == Some(0.0) && (rows == 5 || max_rows == "1000"))
        })?;
        recreate_results(&stream)?;
        send_results(&stream, 3)?;
        assert_ends_with(&mut sink, "was the topic made anew?")?;
    }
    Ok(())
}

#[test]
fn files_of_another_cluster_end_the_sink() -> Result<()> {
    let stream = Stream::new("one-cluster")?;
    let other_broker = Broker::start(&broker_options())?;
    // Its topics have the same names.
    let other = Stream::on(&other_broker, "one-cluster")?;
    let root = stream.result_files();
    send_results(&stream, 5)?;
    send_results(&other, 5)?;
    let mut sink = stream.sink().set("sink.max_rows", "5").start()?;
    let rows = wait_for_rows(&root, 5, &mut sink)?;
    let mut second = other.sink().set("sink.parquet", &root).start()?;
    assert_ends_with(&mut second, "is from Kafka cluster")?;
    assert!(sink.terminate(PATIENCE)?.success(), "{}", sink.stderr());
    assert_eq!(result_rows(&root)?, rows);
    Ok(())
}

#[test]
fn what_retention_took_before_it_was_read_is_counted_and_said() -> Result<()> {
    let stream = Stream::new("retention")?;
    let transactions = lines("expected/random-forest/input.jsonl");
    let mut daemons = [stream.scorer().start()?, stream.sink().start()?];
    stream.send_transactions(&transactions[..5])?;
    send_results(&stream, 5)?;
    stream.exactly("results", 10)?;
    for daemon in &mut daemons {
        daemon.wait_until_ready(PATIENCE)?;
        assert!(daemon.terminate(PATIENCE)?.success(), "{}", daemon.stderr());
    }
    let rows = result_rows(&stream.result_files())?;
    let offsets = rows
        .iter()
        .filter(|row| row.kafka.0 == 0)
        .map(|row| row.kafka.1);
    let read_before = offsets.max().map_or(0, |last| last + 1);

    stream.send_transactions(&transactions[5..20])?;
    delete_records(
        &stream.broker,
        &stream.topic("transactions"),
        &BTreeMap::from([(0, 12)]),
    )?;
    let mut scorer = stream.scorer().start()?;
    let results = stream.exactly("results", 10 + 8)?;
    let mut scored: Vec<_> = results
        .iter()
        .filter(|result| result.header("source").is_some())
        .map(|result| source(result).1)
        .collect();
    scored.sort_unstable();
    assert_eq!(scored, (0..5).chain(12..20).collect::<Vec<_>>());
    assert_skipped(&mut scorer, 7)?;

    send_results(&stream, 5)?;
    let ends = local_stack::end_offsets(&stream.broker, &stream.topic("results"))?;
    let kept = BTreeMap::from([(0, ends[&0] - 2)]);
    delete_records(&stream.broker, &stream.topic("results"), &kept)?;
    let mut sink = stream.sink().set("sink.max_age", "1s").start()?;
    local_stack::wait_until("the last result", PATIENCE, || {
        let rows = result_rows(&stream.result_files())?;
        Ok(rows.iter().any(|row| row.kafka == (0, ends[&0] - 1)))
    })?;
    let skipped = ends[&0] - 2 - read_before;
    assert_skipped(&mut sink, skipped)?;
    Ok(())
}

fn assert_skipped(daemon: &mut Daemon, offsets: i64) -> Result<()> {
    let warning = daemon.stderr().find("offset does not exist");
    let said = warning.unwrap_or_default();
    assert!(
        said.contains(&format!("skipped={offsets}")),
        "{}",
        daemon.stderr()
    );
    let counted = daemon.metric("fraud_kafka_skipped_offsets_total", &["partition=\"0\""])?;
    assert_eq!(counted.map(|count| count as i64), Some(offsets));
    Ok(())
}

#[test]
fn a_group_without_offsets_goes_on_after_the_files_or_begins_and_says_so() -> Result<()> {
    let stream = Stream::new("expired")?;
    let transactions = lines("expected/random-forest/input.jsonl");
    let mut daemons = [stream.scorer().start()?, stream.sink().start()?];
    stream.send_transactions(&transactions[..5])?;
    stream.exactly("results", 5)?;
    for daemon in &mut daemons {
        daemon.wait_until_ready(PATIENCE)?;
        assert!(daemon.terminate(PATIENCE)?.success(), "{}", daemon.stderr());
    }
    // The sink may have stopped before it had read all.
    let before = result_rows(&stream.result_files())?;
    let groups = [stream.topic("scorer"), stream.topic("sink")];
    delete(&stream.broker, &[], &groups.each_ref().map(String::as_str))?;

    let scorer = stream.scorer().start()?;
    // From the beginning, as configured: at least five results come again.
    stream.exactly("results", 10)?;
    assert!(scorer.stderr().find("nothing committed yet").is_some());
    let mut sink = stream.sink().set("sink.max_age", "1s").start()?;
    let rows = wait_for_rows(&stream.result_files(), 10, &mut sink)?;
    assert_eq!(rows.len(), 10);
    assert!(before.iter().all(|row| rows.contains(row)));
    Ok(())
}
