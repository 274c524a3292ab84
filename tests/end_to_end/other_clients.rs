//! Results and files as users read them: Java's and Python's clients, DuckDB.

use std::collections::BTreeMap;

use anyhow::Result;
use local_stack::{Daemon, wait_until};

use crate::support::fixtures::lines;
use crate::support::python::{output, script};
use crate::support::result_rows::wait_for_rows;
use crate::support::{PATIENCE, Stream};

const TRANSACTIONS: usize = 600;

/// A stream whose results are there.
fn scored(name: &str) -> Result<Stream> {
    let stream = Stream::new(name)?;
    let mut scorer = stream.scorer().start()?;
    stream.send_transactions(&lines("expected/random-forest/input.jsonl"))?;
    stream.exactly("results", TRANSACTIONS)?;
    assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());
    Ok(stream)
}

#[test]
fn javas_console_consumer_reads_the_results() -> Result<()> {
    let stream = scored("java-consumer")?;
    let printed = output(
        Stream::distribution()
            .java(
                &["-Xmx256m"],
                "org.apache.kafka.tools.consumer.ConsoleConsumer",
            )
            .args(["--bootstrap-server", &stream.broker.address])
            .args(stream.consumer_config())
            .args(["--topic", &stream.topic("results")])
            .args(["--max-messages", &TRANSACTIONS.to_string()])
            .args(["--isolation-level", "read_committed", "--from-beginning"]),
    )?;
    let mut printed: Vec<_> = printed.lines().collect();
    printed.sort_unstable();
    let mut expected = lines("expected/random-forest/output.jsonl");
    expected.sort_unstable();
    assert_eq!(printed, expected);
    Ok(())
}

#[test]
fn the_sink_prints_what_the_replaced_consumer_prints() -> Result<()> {
    let stream = scored("console")?;
    let python = output(
        script("end_to_end/python/kafka_consumer.py")
            .args([
                &stream.broker.address,
                &stream.topic("results"),
                &stream.topic("python"),
            ])
            .arg(TRANSACTIONS.to_string())
            .args(stream.python_settings()),
    )?;
    let mut sink = stream
        .sink()
        .set("sink.console", "true")
        .set("sink.parquet", "")
        .start()?;
    let ours = printed_lines(&mut sink, TRANSACTIONS + 1)?;

    let python: Vec<_> = python.lines().map(str::to_owned).collect();
    assert_eq!(ours[0], python[0]);
    assert_eq!(by_partition(&ours[1..]), by_partition(&python[1..]));
    Ok(())
}

fn printed_lines(sink: &mut Daemon, count: usize) -> Result<Vec<String>> {
    wait_until(&format!("{count} lines"), PATIENCE, || {
        Ok(sink.stdout().lines().len() >= count)
    })?;
    assert!(sink.terminate(PATIENCE)?.success(), "{}", sink.stderr());
    Ok(sink.stdout().lines())
}

/// Partitions come in any order, their messages in theirs.
fn by_partition(lines: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut partitions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in lines {
        let partition = line.split(':').nth(1).unwrap_or_default();
        partitions.entry(partition).or_default().push(line.as_str());
    }
    partitions
}

#[test]
fn duckdb_reads_the_files_with_the_types_of_the_contract() -> Result<()> {
    let stream = scored("duckdb")?;
    let mut sink = stream.sink().set("sink.max_age", "1s").start()?;
    wait_for_rows(&stream.result_files(), TRANSACTIONS, &mut sink)?;
    let read = output(script("end_to_end/python/read_results.py").arg(stream.result_files()))?;
    let ids = lines("expected/random-forest/output.jsonl")
        .iter()
        .map(|line| line.split(',').next().map(str::to_owned))
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    let expected = format!(
        "\
transaction_id BIGINT
ts TIMESTAMP WITH TIME ZONE
tx_fraud INTEGER
probability DOUBLE[]
fraud_probability DOUBLE
prediction DOUBLE
model_name VARCHAR
model_version VARCHAR
kafka_partition INTEGER
kafka_offset BIGINT
kafka_timestamp TIMESTAMP WITH TIME ZONE
source_partition INTEGER
source_offset BIGINT
source_timestamp TIMESTAMP WITH TIME ZONE
{TRANSACTIONS} rows, {ids} ids, fraud_probability is probability[2]: True
"
    );
    assert_eq!(read, expected);
    Ok(())
}
