//! `scorer.output = "console"`: what the replaced job prints without Kafka.

use anyhow::Result;
use local_stack::wait_until;

use crate::support::fixtures::lines;
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
