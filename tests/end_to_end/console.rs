//! `scorer.output = "console"`: what the replaced job prints without Kafka; and the lines of
//! `sink.console`.

use anyhow::{Context as _, Result};
use local_stack::{ChildProcess, Weather, add_partitions, wait_until};

use crate::support::bucket::{self, Bucket};
use crate::support::fixtures::lines;
use crate::support::result_rows::bucket_rows;
use crate::support::stream::PARTITIONS;
use crate::support::{PATIENCE, Stream};

/// After the schema, the empty batch with which Spark begins, and the first.
const BATCHES: &str = "
-------------------------------------------
Batch: 0
-------------------------------------------
+--------------+---+--------+-----------+----------+
|transaction_id| ts|tx_fraud|probability|prediction|
+--------------+---+--------+-----------+----------+
+--------------+---+--------+-----------+----------+

-------------------------------------------
Batch: 1
-------------------------------------------
+--------------+-------------------+--------+--------------------+----------+
|transaction_id|                 ts|tx_fraud|         probability|prediction|
+--------------+-------------------+--------+--------------------+----------+
|        223158|2019-11-24 06:05:42|       0|[0.98376784451701...|       0.0|
+--------------+-------------------+--------+--------------------+----------+
";

#[test]
fn the_console_shows_the_schema_and_a_table_for_each_batch() -> Result<()> {
    let stream = Stream::new("scorer-console")?;
    let mut scorer = stream.scorer().set("scorer.output", "console").start()?;
    stream.send_transactions(&lines("expected/random-forest/input.jsonl")[..1])?;
    wait_until("the first batch", PATIENCE, || {
        Ok(scorer.stdout().find("|        223158|").is_some())
    })?;
    assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());

    let printed = scorer.stdout().lines();
    let (schema, batches) = printed.split_at(19);
    assert_eq!(schema[0], "root");
    assert_eq!(schema[1], " |-- transaction_id: integer (nullable = true)");
    assert_eq!(schema[18], " |-- tx_fraud: integer (nullable = true)");
    assert_eq!(batches.join("\n").trim_end(), BATCHES.trim_end());
    stream.exactly("results", 0)?;
    Ok(())
}

#[test]
fn a_result_is_printed_once_though_its_partition_is_taken_back_before_it_is_in_a_file() -> Result<()>
{
    let bucket = Bucket::start()?;
    let stream = Stream::new("printed-once")?;
    let results = lines("expected/random-forest/output.jsonl");
    let mut sink = bucket::configure(stream.sink(), bucket.proxy.address())
        .set("sink.console", "true")
        .set("sink.max_age", "1s")
        .set("object_store.put_timeout", "2s")
        .start()?;
    sink.wait_until_ready(PATIENCE)?;
    bucket.proxy.set(Weather::Down);
    stream.send("results", &results)?;
    sink.wait_for_readyz(503, PATIENCE)?;

    add_partitions(
        &stream.broker,
        &stream.topic("results"),
        PARTITIONS.unsigned_abs() as usize + 1,
    )?;
    sink.wait_for_line(ChildProcess::stderr, "read again", PATIENCE)?;
    bucket.proxy.set(Weather::Clear);
    let all = wait_until("all rows", PATIENCE, || {
        Ok(bucket_rows(&bucket)?.len() == results.len())
    });
    all.with_context(|| sink.stderr().to_string())?;
    assert!(sink.terminate(PATIENCE)?.success(), "{}", sink.stderr());
    let printed = sink.stdout().lines();
    // After a line that greets.
    assert_eq!(printed.len(), 1 + results.len());
    for (offset, line) in printed[1..].iter().enumerate() {
        let place = format!("{}:0:{offset}: ", stream.topic("results"));
        assert!(line.starts_with(&place), "{line}");
    }
    Ok(())
}
