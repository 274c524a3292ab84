//! Memory stays below the sum of the settings that bound it, as "Memory" in
//! `ARCHITECTURE.md` has it, however slow it is downstream.

use std::time::Duration;

use anyhow::Result;
use local_stack::{
    Broker, Daemon, DaemonCommand, Message, Weather, committed_offsets, end_offsets, send,
    wait_until,
};

use crate::support::bucket::{self, Bucket};
use crate::support::fixtures::lines;
use crate::support::result_rows::bucket_rows;
use crate::support::stream::{PARTITIONS, broker_options};
use crate::support::{PATIENCE, Stream};

const MIB: u64 = 1 << 20;
/// Near what a topic takes by default.
const MESSAGE_BYTES: usize = 900_000;
/// 270 MB, several times what the settings allow.
const MESSAGES: usize = 300;
/// For each 64 KiB at most: 6 MB a second.
const SLOW: Weather = Weather::SlowRequests(Duration::from_millis(10));
/// What `malloc` keeps of what was freed, and fragments.
const ALLOCATOR: u64 = 8 * MIB;

#[test]
fn a_scorer_before_a_slow_broker_takes_no_more_memory_than_its_settings_allow() -> Result<()> {
    let (broker, proxy) = Broker::start_behind_proxy(broker_options())?;
    let stream = Stream::on(&broker, "scorer-memory")?;
    let command = small_fetches(stream.scorer())
        .set("kafka.bootstrap_servers", proxy.address().to_string())
        .set(
            "kafka.producer_properties.queue_buffering_max_kbytes",
            "8192",
        );
    let idle = idle_memory(&command)?;
    // Every other one is refused, and so goes on in full.
    let transaction = padded(&lines("expected/random-forest/input.jsonl")[0]);
    let broken = padded("{}");
    send_all(&stream, "transactions", |number| {
        if number % 2 == 0 {
            &transaction
        } else {
            &broken
        }
    })?;

    proxy.set(SLOW);
    let mut scorer = command.start()?;
    wait_until_all_is_committed(&stream, "transactions", "scorer", &mut scorer)?;
    // Fetched, one fetch more, the batch as bytes and as columns, sent.
    assert_memory(&scorer, idle + (4 + 4 + 2 * 8 + 8) * MIB)?;
    assert!(scorer.terminate(PATIENCE)?.success(), "{}", scorer.stderr());
    stream.exactly("results", MESSAGES / 2)?;
    stream.exactly("transactions.dead-letter", MESSAGES / 2)?;
    Ok(())
}

#[test]
fn a_sink_before_a_slow_store_takes_no_more_memory_than_its_settings_allow() -> Result<()> {
    let bucket = Bucket::start()?;
    let stream = Stream::new("sink-memory")?;
    let command = bucket::configure(small_fetches(stream.sink()), bucket.proxy.address())
        .set("sink.memory", "16MiB")
        .set("sink.max_bytes", "8MiB");
    let idle = idle_memory(&command)?;
    let results: Vec<_> = (0..10).map(result_of_many_classes).collect();
    send_all(&stream, "results", |number| &results[number % 10])?;

    bucket.proxy.set(SLOW);
    let mut sink = command.set("sink.max_age", "5s").start()?;
    wait_until_all_is_committed(&stream, "results", "sink", &mut sink)?;
    // Fetched, one fetch more, open files and uploads, a row group that is being copied.
    assert_memory(&sink, idle + (4 + 4 + 16 + 8) * MIB)?;
    assert!(sink.terminate(PATIENCE)?.success(), "{}", sink.stderr());
    assert_eq!(bucket_rows(&bucket)?.len(), MESSAGES);
    Ok(())
}

fn small_fetches(daemon: DaemonCommand) -> DaemonCommand {
    daemon
        .set(
            "kafka.consumer_properties.queued_max_messages_kbytes",
            "4096",
        )
        .set("kafka.consumer_properties.fetch_max_bytes", "4194304")
}

/// What the process takes before anything comes: code, model, clients, threads.
fn idle_memory(command: &DaemonCommand) -> Result<u64> {
    let mut daemon = command.start()?;
    daemon.wait_until_ready(PATIENCE)?;
    let peak = daemon.peak_memory()?;
    assert!(daemon.terminate(PATIENCE)?.success(), "{}", daemon.stderr());
    Ok(peak)
}

fn assert_memory(daemon: &Daemon, sum: u64) -> Result<()> {
    let peak = daemon.peak_memory()?;
    println!("{}: {} of {} MiB", daemon.name(), peak / MIB, sum / MIB);
    assert!(
        peak <= sum + ALLOCATOR,
        "{} took {} MiB, where its settings allow {} and malloc {}",
        daemon.name(),
        peak / MIB,
        sum / MIB,
        ALLOCATOR / MIB
    );
    Ok(())
}

/// The object with a field that nobody asks for.
fn padded(object: &str) -> String {
    let rest = &object[1..];
    let comma = if rest == "}" { "" } else { "," };
    format!("{{\"note\":\"{}\"{comma}{rest}", "x".repeat(MESSAGE_BYTES))
}

/// Digits that don't compress.
fn result_of_many_classes(id: usize) -> String {
    let value = |class: usize| ((id * 100_000 + class) as f64).sin().abs().to_string();
    let values: Vec<_> = (0..MESSAGE_BYTES / 20).map(value).collect();
    format!(
        "{{\"transaction_id\":{id},\"ts\":\"2018-04-01T00:00:00.000Z\",\
         \"probability\":{{\"type\":1,\"values\":[{}]}},\"prediction\":0.0}}",
        values.join(",")
    )
}

fn send_all<'a>(stream: &Stream, topic: &str, value: impl Fn(usize) -> &'a String) -> Result<()> {
    let message = |number: usize| Message {
        value: Some(value(number).as_bytes()),
        partition: Some(number as i32 % PARTITIONS),
        key: None,
        ..Message::default()
    };
    // The client holds what isn't sent.
    for begin in (0..MESSAGES).step_by(30) {
        let messages: Vec<_> = (begin..begin + 30).map(message).collect();
        send(&stream.broker, &stream.topic(topic), &messages)?;
    }
    Ok(())
}

fn wait_until_all_is_committed(
    stream: &Stream,
    topic: &str,
    group: &str,
    daemon: &mut Daemon,
) -> Result<()> {
    let topic = stream.topic(topic);
    let ends = end_offsets(&stream.broker, &topic)?;
    wait_until("all of it", 3 * PATIENCE, || {
        anyhow::ensure!(daemon.exit_status()?.is_none(), "{}", daemon.stderr());
        Ok(committed_offsets(&stream.broker, &stream.topic(group), &topic)? == ends)
    })
}
