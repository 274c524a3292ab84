//! `bench scale`: how throughput goes with workers and partitions.

use anyhow::Result;
use serde_json::json;

use crate::contender::{Contender, Scorer};
use crate::load;
use crate::report::{print_row, write_json};
use crate::throughput::{self, Run, Throughput};

const PARTITIONS: [i32; 3] = [1, 4, 32];
const WORKERS: [usize; 3] = [1, 2, 4];

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct ScaleArguments {
    /// Transactions on each topic, at least
    #[arg(long, default_value_t = 1_000_000)]
    transactions: i64,
    /// Rounds; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// Measures one scorer-svc, exactly once.
pub(crate) fn run(arguments: &ScaleArguments) -> Result<()> {
    let broker = load::start_broker()?;
    let backlogs = PARTITIONS.map(|partitions| {
        let topic = format!("transactions-{partitions}");
        load::backlog(&broker, &topic, partitions, arguments.transactions)
    });
    let backlogs = backlogs.into_iter().collect::<Result<Vec<_>>>()?;
    let runs: Vec<_> = backlogs
        .iter()
        .flat_map(|backlog| {
            WORKERS.map(|workers| Run {
                name: format!("{workers} on {}", backlog.partitions),
                contender: Contender::Scorer(Scorer {
                    workers,
                    ..Scorer::EXACTLY_ONCE
                }),
                backlog,
            })
        })
        .collect();
    println!(
        "\nexactly once, workers on partitions, {} rounds by turns",
        arguments.rounds
    );
    let all = throughput::take_turns(&broker.address(), &runs, arguments.rounds, 0)?;
    let medians: Vec<_> = all.iter().map(|all| Throughput::median(all)).collect();
    print_table("transactions/s", &medians, |run| {
        format!("{:.0}", run.per_second)
    });
    print_table("CPU s/million", &medians, |run| {
        format!("{:.2}", run.cpu_seconds_per_million)
    });
    let cells = PARTITIONS
        .iter()
        .flat_map(|partitions| WORKERS.map(|workers| (partitions, workers)));
    let rows = cells.zip(runs.iter().zip(&medians));
    let rows = rows.map(|((partitions, workers), (run, median))| {
        let mut row = median.json(&run.name);
        row["partitions"] = json!(partitions);
        row["workers"] = json!(workers);
        row
    });
    let rows: Vec<_> = rows.collect();
    write_json(
        "scale",
        &json!({"rounds": arguments.rounds, "medians": rows}),
    )
}

/// A row for each number of partitions, a column for each number of workers.
fn print_table(what: &str, medians: &[Throughput], cell: impl Fn(&Throughput) -> String) {
    print_row(what, &WORKERS.map(|workers| format!("workers: {workers}")));
    for (partitions, medians) in PARTITIONS.iter().zip(medians.chunks(WORKERS.len())) {
        let cells: Vec<_> = medians.iter().map(&cell).collect();
        print_row(&format!("partitions: {partitions}"), &cells);
    }
    println!();
}
