//! `local-stack demo`: the main job done once, on real input, and checked.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use local_stack::{Daemon, Isolation, Message, Record, TopicReader, send, wait_until};

use crate::Place;
use crate::cluster::Cluster;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::result_files::ResultFiles;
use crate::stream;
use crate::tally::Tally;

/// At the rate that the stream must hold.
const TRANSACTIONS: usize = 300;
const RATE: usize = 50;
/// A message that ends the Spark job, and does so again after each restart.
const BROKEN: &[u8] = br#"{"transaction_id": 1, "ts": "yesterday", "tx_amou"#;

const START_TIMEOUT: Duration = Duration::from_secs(60);
const STREAM_TIMEOUT: Duration = Duration::from_secs(120);
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

const NEXT_COMMANDS: &str = "\
Next:
  make run                 the same, running on until Ctrl+C, with metrics to look at
  target/release/scorer-svc describe --model models/fraud-classifier
  python3 -m pip install duckdb && python3 -c \"import duckdb; duckdb.sql(\\\"from 'target/demo/results/*/*.parquet'\\\").show()\"";

/// Runs the demo on the broker that is there, else on one of its own.
pub(crate) fn run(place: &Place) -> Result<()> {
    let interrupt = Interrupt::catch()?;
    let progress = Progress::start();
    let output = stream::output_folder("demo")?;
    let (sample, files) = (output.join("sample"), output.join("results"));

    progress.step("simulating a day of card transactions, frauds among them");
    stream::simulate(&sample)?;
    progress.step(&match place.broker() {
        Some(address) => format!("using Kafka at {address}, with topics of the demo's own"),
        None if place.secured => {
            "starting Kafka with TLS, passwords and rights, and making the topics".to_owned()
        }
        None => "starting Kafka and making the topics".to_owned(),
    });
    let cluster = Cluster::start(place)?;
    interrupt.check()?;

    progress.step("starting scorer-svc and results-sink-svc");
    let mut scorer = start_scorer(&cluster)?;
    let mut sink = start_sink(&cluster, &files)?;
    scorer.wait_until_ready(START_TIMEOUT)?;
    sink.wait_until_ready(START_TIMEOUT)?;
    interrupt.check()?;

    progress.step(&format!(
        "sending one broken message and {TRANSACTIONS} transactions, {RATE} a second; their results:"
    ));
    let broken = Message::new(b"1", BROKEN);
    send(cluster.access(), &cluster.topic("transactions"), &[broken])?;
    let mut producer = cluster
        .daemon("producer-svc")
        .set("producer.source", &sample)
        .set("producer.sample", TRANSACTIONS.to_string())
        .set("producer.rate", RATE.to_string())
        .start()?;
    let tally = follow(
        &interrupt,
        &cluster,
        &mut [&mut producer, &mut scorer, &mut sink],
    )?;
    let sent = usize::try_from(cluster.records("transactions")?)?;
    let dead_letter = the_dead_letter(&cluster)?;

    progress.step("stopping; the sink publishes its open files");
    for daemon in [&mut scorer, &mut sink] {
        let status = daemon.terminate(STOP_TIMEOUT)?;
        ensure!(
            status.success(),
            "{} ended with {status}:\n{}",
            daemon.name(),
            daemon.stderr()
        );
    }
    drop(cluster);
    let outcome = Outcome {
        sent,
        tally,
        dead_letter,
        written: ResultFiles::count(&files)?,
    };
    progress.step("done");
    println!(
        "\nSummary\n{outcome}\n  left in        {}",
        stream::shown(&files)
    );
    outcome.check()?;
    println!("\n{NEXT_COMMANDS}");
    Ok(())
}

/// What came of the demo.
struct Outcome {
    /// Messages, the broken one among them.
    sent: usize,
    tally: Tally,
    dead_letter: String,
    written: ResultFiles,
}

impl Outcome {
    /// Whether each transaction is where it belongs, once.
    fn check(&self) -> Result<()> {
        ensure!(
            self.sent == TRANSACTIONS + 1
                && self.tally.scored() == TRANSACTIONS
                && usize::try_from(self.written.rows)? == TRANSACTIONS,
            "the numbers don't agree: {} messages must be sent, {TRANSACTIONS} scored and written",
            TRANSACTIONS + 1
        );
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ResultFiles { files, rows, bytes } = self.written;
        writeln!(
            f,
            "  sent           {}, one of them broken on purpose",
            self.sent
        )?;
        writeln!(f, "{}", self.tally)?;
        writeln!(f, "  dead letter    {}", self.dead_letter)?;
        write!(
            f,
            "  Parquet        {rows} rows in {files} files, {bytes} bytes"
        )
    }
}

/// The scorer with the model of the repository.
fn start_scorer(cluster: &Cluster) -> Result<Daemon> {
    cluster
        .daemon("scorer-svc")
        .set("scorer.model", stream::model())
        .start()
}

fn start_sink(cluster: &Cluster, files: &Path) -> Result<Daemon> {
    cluster
        .daemon("results-sink-svc")
        .set("sink.console", "true")
        .set("sink.parquet", files)
        .start()
}

/// Reads the results as they come, and prints what the sink prints of them.
fn follow(
    interrupt: &Interrupt,
    cluster: &Cluster,
    daemons: &mut [&mut Daemon; 3],
) -> Result<Tally> {
    let results = TopicReader::new(
        cluster.access(),
        &cluster.topic("results"),
        Isolation::ReadCommitted,
    )?;
    let mut tally = Tally::default();
    let mut printed = 0;
    wait_until("all results", STREAM_TIMEOUT, || {
        interrupt.check()?;
        // Each as soon as it can be read: the time until then is measured.
        while let Some(result) = results.next(Duration::from_millis(5)) {
            tally.add(&result)?;
        }
        let [producer, scorer, sink] = &mut *daemons;
        for line in sink.stdout().lines_from(printed) {
            println!("{line}");
            printed += 1;
        }
        for daemon in [scorer, sink] {
            if let Some(status) = daemon.exit_status()? {
                bail!(
                    "{} ended with {status}:\n{}",
                    daemon.name(),
                    daemon.stderr()
                );
            }
        }
        match producer.exit_status()? {
            None => Ok(false),
            // The sink prints a line before the first result.
            Some(status) if status.success() => {
                Ok(tally.scored() >= TRANSACTIONS && printed > TRANSACTIONS)
            }
            Some(status) => bail!("producer-svc ended with {status}:\n{}", producer.stderr()),
        }
    })
    .with_context(|| format!("{} of {TRANSACTIONS} results came", tally.scored()))?;
    Ok(tally)
}

fn the_dead_letter(cluster: &Cluster) -> Result<String> {
    let reader = TopicReader::new(
        cluster.access(),
        &cluster.topic("transactions.dead-letter"),
        Isolation::ReadCommitted,
    )?;
    let letters = reader.read_to_end(STREAM_TIMEOUT)?;
    let [letter] = letters.as_slice() else {
        bail!(
            "one dead letter was expected, and there are {}",
            letters.len()
        );
    };
    ensure!(
        letter.value.as_deref() == Some(BROKEN),
        "the dead letter isn't the broken message"
    );
    let header = |name: &str| Record::header(letter, name).unwrap_or_default();
    Ok(format!(
        "{}: {} ({}:{}:{})",
        header("__connect.errors.exception.class.name"),
        header("__connect.errors.exception.message"),
        header("__connect.errors.topic"),
        header("__connect.errors.partition"),
        header("__connect.errors.offset"),
    ))
}
