//! `bench kafka`: topic to topic.

use std::collections::BTreeMap;

use anyhow::Result;
use local_stack::{Broker, BrokerOptions, delete};
use serde_json::{Value, json};

use crate::contender::{Contender, Route};
use crate::latency::{self, Latency};
use crate::load::{self, TRANSACTIONS};
use crate::report::{Target, median, print_row, write_json};
use crate::throughput::{self, Throughput};

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

const CONTENDERS: [Contender; 3] = [
    Contender::Twin,
    Contender::AtLeastOnce,
    Contender::ExactlyOnce,
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
    let options = BrokerOptions {
        // What was measured makes room for what comes.
        properties: BTreeMap::from([("log.segment.delete.delay.ms".to_owned(), "100".to_owned())]),
        ..BrokerOptions::default()
    };
    println!("starting Kafka {}", options.version);
    let broker = Broker::start(&options)?;
    println!("sending {} transactions", arguments.transactions);
    let count = load::transactions(&broker, arguments.transactions)?;
    let mut report = json!({"transactions": count});

    if arguments.rounds > 0 {
        report["throughput"] = throughputs(&broker, count, arguments.rounds)?;
    }
    if arguments.latency_rounds > 0 {
        let seconds = arguments.latency_seconds;
        report["latency"] = latencies(&broker, arguments.latency_rounds, seconds)?;
    }
    write_json("kafka", &report)
}

fn throughputs(broker: &Broker, count: i64, rounds: usize) -> Result<Value> {
    println!("\n{count} transactions, {rounds} rounds by turns");
    let header = ["transactions/s", "CPU s/million", "peak MiB"];
    print_row("", &header.map(str::to_owned));
    let mut all = vec![Vec::new(); CONTENDERS.len()];
    for round in 1..=rounds {
        for (contender, throughputs) in CONTENDERS.iter().zip(&mut all) {
            let route = Route {
                broker: broker.address(),
                from: TRANSACTIONS.to_owned(),
                to: format!("results-{}-{round}", contender.key()),
            };
            let throughput = throughput::measure(*contender, &route, count)?;
            delete(&route.broker, &[&route.to], &[])?;
            print_throughput(&format!("{round}  {}", contender.name()), &throughput);
            throughputs.push(throughput);
        }
    }
    let medians: Vec<_> = all.iter().map(|throughputs| middle(throughputs)).collect();
    for (contender, throughput) in CONTENDERS.iter().zip(&medians) {
        print_throughput(&format!("median  {}", contender.name()), throughput);
    }
    println!();
    // Ratios of each round first, so that what slowed a whole round down cancels out.
    let ratio = |over: usize| {
        let [ours, others] = [2, over].map(|index| all[index].iter().map(|run| run.per_second));
        median(ours.zip(others).map(|(ours, other)| ours / other))
    };
    let (r1, r4) = (ratio(0), ratio(1));
    R1.print(r1);
    R4.print(r4);
    let rows = CONTENDERS.iter().zip(&medians).map(|(contender, run)| {
        json!({
            "contender": contender.name(),
            "transactions_per_second": run.per_second,
            "cpu_seconds_per_million": run.cpu_seconds_per_million,
            "peak_bytes": run.peak_bytes,
        })
    });
    Ok(json!({
        "rounds": rounds,
        "medians": rows.collect::<Vec<_>>(),
        "ratios": [R1.json(r1), R4.json(r4)],
    }))
}

fn middle(throughputs: &[Throughput]) -> Throughput {
    let of = |field: fn(&Throughput) -> f64| median(throughputs.iter().map(field));
    Throughput {
        per_second: of(|run| run.per_second),
        cpu_seconds_per_million: of(|run| run.cpu_seconds_per_million),
        peak_bytes: of(|run| run.peak_bytes as f64) as u64,
    }
}

fn print_throughput(about: &str, throughput: &Throughput) {
    let cells = [
        format!("{:.0}", throughput.per_second),
        format!("{:.2}", throughput.cpu_seconds_per_million),
        format!("{}", throughput.peak_bytes >> 20),
    ];
    print_row(about, &cells);
}

fn latencies(broker: &Broker, rounds: usize, seconds: u32) -> Result<Value> {
    println!("\nmilliseconds from sending to receiving, {rounds} rounds of {seconds} s by turns");
    print_row("", &["p50", "p99", "p99.9", "messages"].map(str::to_owned));
    let measured = latency::measure(&broker.address(), rounds, seconds)?;
    for latency in &measured {
        let cells = [
            format!("{:.2}", latency.quantile(0.5)),
            format!("{:.2}", latency.quantile(0.99)),
            format!("{:.2}", latency.quantile(0.999)),
            latency.milliseconds.len().to_string(),
        ];
        print_row(&format!("{}/s  {}", latency.rate, latency.name()), &cells);
    }
    println!();
    let fast = measured
        .iter()
        .find(|latency| latency.rate == 1000 && latency.contender == Some(Contender::ExactlyOnce));
    let r8 = fast.map(|latency| latency.quantile(0.99));
    let r8 = r8.expect("this is one of the measurements");
    R8.print(r8);
    let rows: Vec<_> = measured.iter().map(Latency::json).collect();
    Ok(json!({"medians": rows, "ratios": [R8.json(r8)]}))
}
