//! `bench spark`: beside the Spark job that scorer-svc replaces.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::contender::{Contender, Scorer};
use crate::latency::{self, Latency, Plan};
use crate::load::{self, Backlog};
use crate::report::{Target, median, write_json};
use crate::spark_job::Trigger;
use crate::throughput::{self, Run, Throughput};

/// Exactly once, as scorer-svc comes, is the stricter measure: Spark's job may repeat.
const R2_CPU: Target = Target {
    name: "R2",
    what: "Spark micro-batches / exactly once, CPU a transaction",
    must: 12.0,
    want: 20.0,
    more_is_better: true,
};
const R2_CPU_ALIKE: Target = Target {
    what: "Spark micro-batches / at least once, CPU a transaction",
    ..R2_CPU
};
const R2_CPU_STEADY: Target = Target {
    what: "Spark micro-batches / exactly once, CPU at 200 a second",
    ..R2_CPU
};
const R2_P99: Target = Target {
    name: "R2",
    what: "Spark micro-batches / exactly once, p99 at 200 a second",
    must: 20.0,
    want: 50.0,
    more_is_better: true,
};
const R2_P99_ALIKE: Target = Target {
    what: "Spark micro-batches / at least once, p99 at 200 a second",
    ..R2_P99
};
const R3: Target = Target {
    name: "R3",
    what: "at least once / Real-Time Mode, p99 at 200 a second",
    must: 1.0,
    want: 0.6,
    more_is_better: false,
};
const R10_START: Target = Target {
    name: "R10",
    what: "Spark micro-batches / exactly once, time to first result",
    must: 50.0,
    want: 100.0,
    more_is_better: true,
};
const R10_MEMORY: Target = Target {
    name: "R10",
    what: "Spark micro-batches / exactly once, peak memory",
    must: 15.0,
    want: 30.0,
    more_is_better: true,
};

/// What Spark writes has no headers.
const EXACTLY_ONCE: Contender = Contender::Scorer(Scorer {
    headers: false,
    ..Scorer::EXACTLY_ONCE
});
const AT_LEAST_ONCE: Contender = Contender::Scorer(Scorer {
    headers: false,
    ..Scorer::AT_LEAST_ONCE
});
const MICRO_BATCHES: Contender = Contender::Spark(Trigger::Default);
const REAL_TIME: Contender = Contender::Spark(Trigger::RealTime);

/// Messages a second.
const RATE: u32 = 200;
/// Each partition holds one of Spark's slots in Real-Time Mode.
const PARTITIONS: i32 = 4;

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct SparkArguments {
    /// Transactions on the topic, at least
    #[arg(long, default_value_t = 2_000_000)]
    transactions: i64,
    /// The first of them that don't count in a run, for the JVM to warm up
    #[arg(long, default_value_t = 1_000_000)]
    warm_up: i64,
    /// Rounds of throughput; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Rounds of latency, whose messages are counted together; 0: none
    #[arg(long, default_value_t = 2)]
    latency_rounds: usize,
    /// Seconds of each of them
    #[arg(long, default_value_t = 15)]
    latency_seconds: u32,
    /// Transactions that each passes on before its latency is measured
    #[arg(long, default_value_t = 300_000)]
    latency_warm_up: usize,
}

/// Measures throughput, then latency.
pub(crate) fn run(arguments: &SparkArguments) -> Result<()> {
    let broker = load::start_broker()?;
    let backlog = load::backlog(&broker, "transactions", PARTITIONS, arguments.transactions)?;
    let mut report = json!({"transactions": backlog.count});
    if arguments.rounds > 0 {
        report["throughput"] = throughputs(&broker.address(), &backlog, arguments)?;
    }
    if arguments.latency_rounds > 0 {
        report["latency"] = latencies(&broker.address(), &backlog, arguments)?;
    }
    write_json("spark", &report)
}

fn throughputs(broker: &str, backlog: &Backlog, arguments: &SparkArguments) -> Result<Value> {
    let (rounds, warm_up) = (arguments.rounds, arguments.warm_up);
    println!(
        "\n{} transactions, the first {warm_up} don't count, no headers, {rounds} rounds by turns",
        backlog.count
    );
    let runs = [MICRO_BATCHES, AT_LEAST_ONCE, EXACTLY_ONCE].map(|contender| Run {
        name: contender.name().to_owned(),
        contender,
        backlog,
    });
    let all = throughput::take_turns(broker, &runs, rounds, warm_up)?;
    ensure!(
        all.iter()
            .flatten()
            .all(|run| run.digest == all[0][0].digest),
        "Spark's results are others than ours"
    );
    let over = |ours: usize, value: fn(&Throughput) -> f64| {
        let [theirs, ours] = [0, ours].map(|index| all[index].iter().map(value));
        median(theirs.zip(ours).map(|(theirs, ours)| theirs / ours))
    };
    let cpu = |run: &Throughput| run.cpu_seconds_per_million;
    let ratios = [
        (R2_CPU_ALIKE, over(1, cpu)),
        (R2_CPU, over(2, cpu)),
        (R10_START, over(2, |run| run.first_result.as_secs_f64())),
        (R10_MEMORY, over(2, |run| run.peak_bytes as f64)),
    ];
    let medians = runs.iter().zip(&all);
    let medians = medians.map(|(run, all)| Throughput::median(all).json(&run.name));
    Ok(json!({
        "rounds": rounds,
        "warm_up": warm_up,
        "medians": medians.collect::<Vec<_>>(),
        "ratios": print(&ratios),
    }))
}

fn latencies(broker: &str, backlog: &Backlog, arguments: &SparkArguments) -> Result<Value> {
    let (rounds, seconds) = (arguments.latency_rounds, arguments.latency_seconds);
    println!(
        "\nmilliseconds from sending to receiving, {rounds} rounds of {seconds} s by turns, each after {} transactions",
        arguments.latency_warm_up
    );
    let contenders = [
        None,
        Some(AT_LEAST_ONCE),
        Some(EXACTLY_ONCE),
        Some(REAL_TIME),
        Some(MICRO_BATCHES),
    ];
    let measured = latency::measure(&Plan {
        broker,
        backlog,
        contenders: &contenders,
        rates: &[RATE],
        rounds,
        seconds,
        warm_up: arguments.latency_warm_up,
    })?;
    let [_, at_least_once, exactly_once, real_time, micro_batches] = &measured[..] else {
        unreachable!("one rate, five contenders");
    };
    let cpu = micro_batches.cpu_microseconds() / exactly_once.cpu_microseconds();
    let over = |one: &Latency, other: &Latency| one.quantile(0.99) / other.quantile(0.99);
    let ratios = [
        (R2_CPU_STEADY, cpu),
        (R2_P99_ALIKE, over(micro_batches, at_least_once)),
        (R2_P99, over(micro_batches, exactly_once)),
        (R3, over(at_least_once, real_time)),
    ];
    let rows: Vec<_> = measured.iter().map(Latency::json).collect();
    Ok(json!({"medians": rows, "ratios": print(&ratios)}))
}

/// Prints the ratios; the same for programs.
fn print(ratios: &[(Target, f64)]) -> Value {
    let print = |(target, value): &(Target, f64)| {
        target.print(*value);
        target.json(*value)
    };
    ratios.iter().map(print).collect()
}
