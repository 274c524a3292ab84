//! Parquet, transactions, results, Parquet.

use std::collections::BTreeSet;

use anyhow::Result;
use local_stack::{DaemonCommand, Message, Topic, create_topics, send, wait_until};

use crate::support::fixtures::{fixture, lines};
use crate::support::result_rows::{result_files, result_rows};
use crate::support::stream::{PARTITIONS, source};
use crate::support::{PATIENCE, Stream};

const TRANSACTIONS: usize = 20_000;

#[test]
fn every_transaction_of_a_parquet_folder_becomes_one_result_and_one_row() -> Result<()> {
    let stream = Stream::new("every-transaction")?;
    let mut scorer = stream.scorer().start()?;
    let mut sink = stream.sink().set("sink.console", "true").start()?;

    let mut producer = stream.producer(&fixture("transactions.parquet")).start()?;
    assert!(producer.wait(PATIENCE)?.success(), "{}", producer.stderr());
    let results = stream.exactly("results", TRANSACTIONS)?;
    // After a line that greets, one for each result that it has read.
    wait_until("the sink to have read all", PATIENCE, || {
        Ok(sink.stdout().lines().len() > TRANSACTIONS)
    })?;
    assert!(sink.terminate(PATIENCE)?.success(), "{}", sink.stderr());
    assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());

    let ids: BTreeSet<_> = results.iter().map(|result| result.key.clone()).collect();
    assert_eq!(ids.len(), TRANSACTIONS);
    let sources: BTreeSet<_> = results.iter().map(source).collect();
    assert_eq!(sources.len(), TRANSACTIONS);

    let rows = result_rows(&stream.result_files())?;
    let written: Vec<_> = rows.iter().map(|row| row.kafka).collect();
    let mut read: Vec<_> = results
        .iter()
        .map(|result| (result.partition, result.offset))
        .collect();
    read.sort_unstable();
    assert_eq!(written, read);
    assert_eq!(
        rows.iter().map(|row| row.source).collect::<BTreeSet<_>>(),
        sources
    );
    assert!(rows.iter().any(|row| row.prediction == 1.0));

    assert!(stream.exactly("transactions.dead-letter", 0)?.is_empty());
    let staged = stream.result_files().join("_tmp");
    assert!(result_files(&staged)?.is_empty());
    Ok(())
}

#[test]
fn results_are_byte_for_byte_what_spark_wrote() -> Result<()> {
    let inputs = lines("expected/random-forest/input.jsonl");
    let outputs = lines("expected/random-forest/output.jsonl");
    let stream = Stream::new("byte-for-byte")?;
    let _scorer = stream.scorer().start()?;
    stream.send_transactions(&inputs)?;

    let mut results = stream.exactly("results", inputs.len())?;
    results.sort_by_key(source);
    for (result, output) in results.iter().zip(&outputs) {
        assert_eq!(&result.text(), output);
        let value: serde_json::Value = serde_json::from_str(output)?;
        let id = value["transaction_id"].to_string();
        assert_eq!(result.key.as_deref(), Some(id.as_bytes()));
        let model = result.header("model").expect("results name their model");
        assert!(model.starts_with("random-forest@"), "{model}");
    }
    Ok(())
}

#[test]
fn a_result_goes_to_the_partition_that_javas_producer_would_choose() -> Result<()> {
    let stream = Stream::new("partitioning")?;
    let _scorer = stream.scorer().start()?;
    stream.send_transactions(&lines("expected/random-forest/input.jsonl"))?;
    let results = stream.exactly("results", 600)?;

    // The same keys again by librdkafka's own murmur2.
    let probe = stream.topic("probe");
    create_topics(&stream.broker, &[Topic::new(&probe, PARTITIONS)])?;
    let keys: Vec<_> = results
        .iter()
        .map(|result| result.key.clone().unwrap_or_default())
        .collect();
    let messages: Vec<_> = keys.iter().map(|key| Message::new(key, b"")).collect();
    send(&stream.broker, &probe, &messages)?;
    let placed = |records: &[local_stack::Record]| -> BTreeSet<_> {
        records
            .iter()
            .map(|record| (record.key.clone(), record.partition))
            .collect()
    };
    assert_eq!(
        placed(&results),
        placed(&stream.exactly("probe", keys.len())?)
    );
    Ok(())
}

#[test]
fn without_headers_a_result_is_what_spark_sends() -> Result<()> {
    let stream = Stream::new("without-headers")?;
    let _scorer = stream.scorer().set("scorer.headers", "false").start()?;
    stream.send_transactions(&lines("expected/random-forest/input.jsonl")[..1])?;
    let results = stream.exactly("results", 1)?;
    assert_eq!(results[0].headers, []);
    Ok(())
}

#[test]
fn full_queues_slow_the_stream_down_and_lose_nothing() -> Result<()> {
    let stream = Stream::new("full-queues")?;
    let narrow = |daemon: DaemonCommand| {
        daemon.set(
            "kafka.producer_properties.queue_buffering_max_messages",
            "10",
        )
    };
    let _scorer = narrow(stream.scorer()).start()?;
    let mut producer = narrow(stream.producer(&fixture("transactions.parquet")))
        .set("producer.sample", "2000")
        .start()?;
    assert!(producer.wait(PATIENCE)?.success(), "{}", producer.stderr());
    let results = stream.exactly("results", 2000)?;
    let sources: BTreeSet<_> = results.iter().map(source).collect();
    assert_eq!(sources.len(), 2000);
    Ok(())
}
