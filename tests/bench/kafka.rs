//! `bench kafka`: topic to topic.

use anyhow::Result;
use serde_json::{Value, json};

use crate::contender::Contender;
use crate::latency::{self, Latency, Plan};
use crate::load::{self, Backlog};
use crate::report::{Target, median, write_json};
use crate::throughput::{self, Run, Throughput};

const R1: Target = Target {
    name: "R1",
    what: "exactly once / C twin, transactions a second",
    must: 0.80,
    want: 0.92,
    more_is_better: true,
};
const R4: Target = Target {
    name: "R4",
    what: "exactly once / at least once, transactions a second",
    must: 0.93,
    want: 0.98,
    more_is_better: true,
};
const R8: Target = Target {
    name: "R8",
    what: "exactly once at 1,000 a second, p99 in ms",
    must: 20.0,
    want: 10.0,
    more_is_better: false,
};

/// Messages a second; the last is R8's.
const RATES: [u32; 2] = [200, 1000];
const CONTENDERS: [Contender; 3] = [
    Contender::Twin,
    Contender::AT_LEAST_ONCE,
    Contender::EXACTLY_ONCE,
];

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct KafkaArguments {
    /// Transactions on the topic, at least
    #[arg(long, default_value_t = 2_000_000)]
    transactions: i64,
    /// Rounds of throughput; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Rounds of latency, whose messages are counted together; 0: none
    #[arg(long, default_value_t = 3)]
    latency_rounds: usize,
    /// Seconds of each of them
    #[arg(long, default_value_t = 10)]
    latency_seconds: u32,
}

/// Measures throughput, then latency.
pub(crate) fn run(arguments: &KafkaArguments) -> Result<()> {
    let broker = load::start_broker()?;
    let backlog = load::backlog(&broker, "transactions", 4, arguments.transactions)?;
    let mut report = json!({"transactions": backlog.count});
    if arguments.rounds > 0 {
        report["throughput"] = throughputs(&broker.address(), &backlog, arguments.rounds)?;
    }
    if arguments.latency_rounds > 0 {
        let (rounds, seconds) = (arguments.latency_rounds, arguments.latency_seconds);
        report["latency"] = latencies(&broker.address(), &backlog, rounds, seconds)?;
    }
    write_json("kafka", &report)
}

fn throughputs(broker: &str, backlog: &Backlog, rounds: usize) -> Result<Value> {
    println!("\n{} transactions, {rounds} rounds by turns", backlog.count);
    let runs = CONTENDERS.map(|contender| Run {
        name: contender.name().to_owned(),
        contender,
        backlog,
    });
    let all = throughput::take_turns(broker, &runs, rounds, 0)?;
    // Ratios of each round first, so that what slowed a whole round down cancels out.
    let ratio = |over: usize| {
        let [ours, others] = [2, over].map(|index| all[index].iter().map(|run| run.per_second));
        median(ours.zip(others).map(|(ours, other)| ours / other))
    };
    let (r1, r4) = (ratio(0), ratio(1));
    R1.print(r1);
    R4.print(r4);
    let medians = runs.iter().zip(&all);
    let medians = medians.map(|(run, all)| Throughput::median(all).json(&run.name));
    Ok(json!({
        "rounds": rounds,
        "medians": medians.collect::<Vec<_>>(),
        "ratios": [R1.json(r1), R4.json(r4)],
    }))
}

fn latencies(broker: &str, backlog: &Backlog, rounds: usize, seconds: u32) -> Result<Value> {
    println!("\nmilliseconds from sending to receiving, {rounds} rounds of {seconds} s by turns");
    let measured = latency::measure(&Plan {
        broker,
        backlog,
        contenders: &[
            None,
            Some(Contender::AT_LEAST_ONCE),
            Some(Contender::EXACTLY_ONCE),
        ],
        rates: &RATES,
        rounds,
        seconds,
        warm_up: 0,
    })?;
    let r8 = measured.last().expect("exactly once at the last rate");
    let r8 = r8.quantile(0.99);
    R8.print(r8);
    let rows: Vec<_> = measured.iter().map(Latency::json).collect();
    Ok(json!({"medians": rows, "ratios": [R8.json(r8)]}))
}
