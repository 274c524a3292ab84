//! `spark/job.py`, run as a process of its own.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use local_stack::{ChildProcess, checkout};
use tempfile::TempDir;

use crate::contender::Route;

/// Where `make bench-spark` puts Pythons with PySpark, and connectors for Kafka.
const INSTALLED: &str = "target/bench-spark";
/// Transactions of a micro-batch, at most: without a limit, a job that comes back to a
/// backlog makes one batch of all of it, and shows nothing before its end.
const BATCH: u32 = 200_000;
/// Tasks at once, as many as the machines have cores that this is made for.
const SLOTS: i32 = 2;

/// When Spark looks for new transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// A micro-batch after the other.
    Default,
    /// Real-Time Mode: all the time.
    RealTime,
}

/// The job at work; it ends with this value.
pub(crate) struct SparkJob {
    /// Python, with the JVM that it started.
    pub(crate) process: ChildProcess,
    _checkpoint: TempDir,
}

/// Starts the job; waits for nothing.
pub(crate) fn start(trigger: Trigger, route: &Route) -> Result<SparkJob> {
    let version = match trigger {
        Trigger::Default => "micro-batches",
        Trigger::RealTime => "real-time",
    };
    let installed = checkout().join(INSTALLED).join(version);
    let python = installed.join("venv/bin/python");
    ensure!(
        python.is_file(),
        "PySpark isn't installed: make bench-spark"
    );
    let results = checkout().join("target/bench");
    fs::create_dir_all(&results).with_context(|| format!("creating {}", results.display()))?;
    let checkpoint = tempfile::tempdir_in(results).context("making a folder for a checkpoint")?;
    let slots = match trigger {
        Trigger::Default => SLOTS,
        // Each partition holds a slot all the time.
        Trigger::RealTime => route.partitions.max(SLOTS),
    };

    let mut command = Command::new(&python);
    command
        .arg(checkout().join("tests/bench/spark/job.py"))
        .args(["--broker", &route.broker])
        .args(["--from", &route.from, "--to", &route.to])
        .arg("--model")
        .arg(checkout().join("models/fraud-classifier"))
        .arg("--checkpoint")
        .arg(checkpoint.path())
        .arg("--jars")
        .arg(installed.join("jars"))
        .args(["--slots", &slots.to_string()])
        .args(["--batch", &BATCH.to_string()])
        // Else Spark looks for an address that others reach.
        .env("SPARK_LOCAL_IP", "127.0.0.1");
    if trigger == Trigger::RealTime {
        command.arg("--real-time");
    }
    Ok(SparkJob {
        process: ChildProcess::spawn("Spark", &mut command)?,
        _checkpoint: checkpoint,
    })
}
