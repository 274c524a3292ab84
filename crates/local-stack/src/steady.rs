//! `local-stack run`: the whole stack on a steady stream until Ctrl+C.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use local_stack::{Daemon, DaemonCommand, preferred_port};

use crate::Place;
use crate::cluster::Cluster;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::result_files::ResultFiles;
use crate::stream;

const RATE: &str = "50";
/// Files show up while one watches.
const MAX_FILE_AGE: &str = "30s";
const START_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// Runs on the broker that is there, else on one of its own.
pub(crate) fn run(place: &Place) -> Result<()> {
    let interrupt = Interrupt::catch()?;
    let progress = Progress::start();
    let output = stream::output_folder("run")?;
    let (sample, files) = (output.join("sample"), output.join("results"));
    progress.step("simulating a day of card transactions");
    stream::simulate(&sample)?;
    progress.step("starting Kafka and making the topics");
    let mut cluster = Cluster::start(place)?;

    progress.step("starting the daemons");
    let scorer = cluster
        .daemon("scorer-svc")
        .set("scorer.model", stream::model());
    let sink = cluster
        .daemon("results-sink-svc")
        .set("sink.parquet", &files)
        .set("sink.max_age", MAX_FILE_AGE);
    let producer = cluster
        .daemon("producer-svc")
        .set("producer.source", &sample)
        .set("producer.rate", RATE)
        .set("producer.repeat", "true");
    // In the order in which they stop: what is on its way arrives.
    let mut daemons = [
        start(&producer, 9464)?,
        start(&scorer, 9465)?,
        start(&sink, 9466)?,
    ];
    for daemon in &mut daemons {
        daemon.wait_until_ready(START_TIMEOUT)?;
    }

    println!("\nKafka             {}", cluster.access());
    if let Some(properties) = cluster.admin_properties() {
        let properties = properties.display();
        println!("Kafka's tools     --command-config {properties}");
    }
    println!("topics            {}", cluster.topics().join(" "));
    for daemon in &daemons {
        println!("{:<17} http://{}/metrics", daemon.name(), daemon.admin());
    }
    println!("result files      {}", stream::shown(&files));
    println!("\n{RATE} transactions a second; press Ctrl+C to stop\n");

    watch(&interrupt, &progress, &mut cluster, &mut daemons)?;
    progress.step("stopping: producer, scorer, sink, Kafka");
    for daemon in &mut daemons {
        let status = daemon.terminate(STOP_TIMEOUT)?;
        ensure!(status.success(), "{} ended with {status}", daemon.name());
    }
    drop(cluster);
    let written = ResultFiles::count(&files)?;
    println!(
        "{} rows in {} files in {}",
        written.rows,
        written.files,
        stream::shown(&files)
    );
    Ok(())
}

/// With its default admin port if that is free.
fn start(command: &DaemonCommand, admin_port: u16) -> Result<Daemon> {
    command
        .clone()
        .admin_port(preferred_port(admin_port))
        .start()
}

/// Reports until Ctrl+C; an error if something ends by itself.
fn watch(
    interrupt: &Interrupt,
    progress: &Progress,
    cluster: &mut Cluster,
    daemons: &mut [Daemon; 3],
) -> Result<()> {
    let mut shown = [0; 3];
    while !interrupt.wait(REPORT_INTERVAL) {
        cluster.check()?;
        for (daemon, shown) in daemons.iter_mut().zip(&mut shown) {
            let lines = daemon.stderr().lines_from(*shown);
            *shown += lines.len();
            let troubles = lines
                .iter()
                .filter(|line| line.contains("WARN") || line.contains("ERROR"));
            troubles.for_each(|line| eprintln!("{}: {line}", daemon.name()));
            if let Some(status) = daemon.exit_status()? {
                bail!("{} ended with {status}", daemon.name());
            }
        }
        progress.step(&report(daemons).context("asking the daemons for their metrics")?);
    }
    Ok(())
}

fn report([producer, scorer, sink]: &[Daemon; 3]) -> Result<String> {
    let count = |daemon: &Daemon, metric: &str, labels: &[&str]| {
        daemon.metric(metric, labels).map(Option::unwrap_or_default)
    };
    Ok(format!(
        "sent {}, scored {}, rows written {} in {} files",
        count(producer, "fraud_producer_transactions_sent_total", &[])?,
        count(
            scorer,
            "fraud_scorer_transactions_total",
            &["outcome=\"scored\""]
        )?,
        count(sink, "fraud_sink_rows_total", &[])?,
        count(sink, "fraud_sink_files_total", &[])?,
    ))
}
