//! Those who are measured: each turns a topic into another one, in a process of its own.

use std::env;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use local_stack::{ChildProcess, Daemon, DaemonCommand, checkout};

use crate::spark_job::{self, SparkJob, Trigger};
use crate::twin;

const PATIENCE: Duration = Duration::from_secs(60);

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    /// `twin.c`.
    Twin,
    /// scorer-svc.
    Scorer(Scorer),
    /// The Spark job that scorer-svc replaces.
    Spark(Trigger),
}

/// How scorer-svc is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scorer {
    /// Exactly once, else at least once.
    pub(crate) exactly_once: bool,
    /// Whether results have headers.
    pub(crate) headers: bool,
    /// Its consumers.
    pub(crate) workers: usize,
}

/// From which topic to which.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// host:port.
    pub(crate) broker: String,
    /// Where transactions are.
    pub(crate) from: String,
    /// Where results go. The name of the run, too.
    pub(crate) to: String,
    /// Of either topic.
    pub(crate) partitions: i32,
}

impl Contender {
    /// scorer-svc as it comes.
    pub(crate) const EXACTLY_ONCE: Self = Self::Scorer(Scorer::EXACTLY_ONCE);
    /// The same, at least once.
    pub(crate) const AT_LEAST_ONCE: Self = Self::Scorer(Scorer::AT_LEAST_ONCE);

    /// What it is called in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Twin => "C twin",
            Self::Scorer(scorer) if scorer.exactly_once => "exactly once",
            Self::Scorer(_) => "at least once",
            Self::Spark(Trigger::Default) => "Spark, micro-batches",
            Self::Spark(Trigger::RealTime) => "Spark, Real-Time Mode",
        }
    }

    /// Starts it on `count` messages; all but the twin go on until they are ended.
    pub(crate) fn start(self, route: &Route, count: i64) -> Result<Running> {
        match self {
            Self::Twin => start_twin(route, count).map(Running::Twin),
            Self::Scorer(scorer) => scorer.command(route).start().map(Running::Scorer),
            Self::Spark(trigger) => spark_job::start(trigger, route).map(Running::Spark),
        }
    }
}

impl Scorer {
    /// As it comes.
    pub(crate) const EXACTLY_ONCE: Self = Self {
        exactly_once: true,
        headers: true,
        workers: 1,
    };
    /// The same, at least once.
    pub(crate) const AT_LEAST_ONCE: Self = Self {
        exactly_once: false,
        ..Self::EXACTLY_ONCE
    };

    fn command(self, route: &Route) -> DaemonCommand {
        let delivery = if self.exactly_once {
            "exactly-once"
        } else {
            "at-least-once"
        };
        DaemonCommand::new("scorer-svc")
            .set("kafka.bootstrap_servers", &route.broker)
            .topics(|name| match name {
                "transactions" => route.from.clone(),
                "results" => route.to.clone(),
                other => other.to_owned(),
            })
            .set("scorer.group", &route.to)
            .set("scorer.model", checkout().join("models/fraud-classifier"))
            .set("scorer.delivery", delivery)
            .set("scorer.headers", self.headers.to_string())
            .set("scorer.workers", self.workers.to_string())
    }
}

/// A contender at work; it ends with this value.
pub(crate) enum Running {
    Twin(ChildProcess),
    Scorer(Daemon),
    Spark(SparkJob),
}

impl Running {
    /// Waits until a scorer has its partitions; of the others nobody can tell.
    pub(crate) fn wait_until_ready(&mut self) -> Result<()> {
        match self {
            Self::Scorer(scorer) => scorer.wait_until_ready(PATIENCE),
            Self::Twin(_) | Self::Spark(_) => Ok(()),
        }
    }

    /// Whether `count` messages whose results are there are done with, to the last
    /// commit. Spark's isn't waited for: that of a batch costs little.
    pub(crate) fn is_done(&self, count: i64) -> Result<bool> {
        match self {
            Self::Twin(process) => Ok(process.stdout().find(twin::DONE).is_some()),
            Self::Scorer(scorer) => {
                let scored = scorer.metric("fraud_scorer_transactions_total", &[])?;
                Ok(scored.is_some_and(|scored| scored >= count as f64))
            }
            Self::Spark(_) => Ok(true),
        }
    }

    /// An error if it ended, with what it said.
    pub(crate) fn check(&mut self) -> Result<()> {
        let process: &mut ChildProcess = match self {
            Self::Twin(process) => process,
            Self::Scorer(scorer) => scorer,
            Self::Spark(job) => &mut job.process,
        };
        match process.exit_status()? {
            None => Ok(()),
            Some(status) => bail!(
                "{} ended with {status}: {}",
                process.name(),
                process.stderr()
            ),
        }
    }

    /// Its process.
    pub(crate) fn process(&self) -> &ChildProcess {
        match self {
            Self::Twin(process) => process,
            Self::Scorer(scorer) => scorer,
            Self::Spark(job) => &job.process,
        }
    }
}

fn start_twin(route: &Route, count: i64) -> Result<ChildProcess> {
    let mut command = Command::new(env::current_exe().context("finding the running program")?);
    command
        .args(["twin", "--broker", &route.broker])
        .args(["--from", &route.from, "--to", &route.to])
        .args(["--partitions", &route.partitions.to_string()])
        // As long as the model's name and version in a result's header.
        .args(["--model", "fraud-classifier@0123456789ab"])
        .args(["--count", &count.to_string()]);
    ChildProcess::spawn("twin", &mut command)
}
