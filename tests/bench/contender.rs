//! Those who are measured: each turns a topic into another one, in a process of its own.

use std::env;
use std::ops::Deref;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use local_stack::{ChildProcess, Daemon, DaemonCommand, checkout};

use crate::load::PARTITIONS;
use crate::twin;

const PATIENCE: Duration = Duration::from_secs(60);

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    /// `twin.c`.
    Twin,
    /// scorer-svc, at least once.
    AtLeastOnce,
    /// scorer-svc, exactly once.
    ExactlyOnce,
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
}

impl Contender {
    /// What it is called in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Twin => "C twin",
            Self::AtLeastOnce => "at least once",
            Self::ExactlyOnce => "exactly once",
        }
    }

    /// What it is called in topics' names.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Twin => "twin",
            Self::AtLeastOnce => "at-least-once",
            Self::ExactlyOnce => "exactly-once",
        }
    }

    /// Starts it on `count` messages; a scorer doesn't end by itself.
    pub(crate) fn start(self, route: &Route, count: i64) -> Result<Running> {
        match self {
            Self::Twin => start_twin(route, count).map(Running::Twin),
            Self::AtLeastOnce | Self::ExactlyOnce => {
                self.scorer(route).start().map(Running::Scorer)
            }
        }
    }

    fn scorer(self, route: &Route) -> DaemonCommand {
        DaemonCommand::new("scorer-svc")
            .set("kafka.bootstrap_servers", &route.broker)
            .topics(|name| match name {
                "transactions" => route.from.clone(),
                "results" => route.to.clone(),
                other => other.to_owned(),
            })
            .set("scorer.group", &route.to)
            .set("scorer.model", checkout().join("models/fraud-classifier"))
            .set("scorer.delivery", self.key())
    }
}

/// A contender at work; it ends with this value.
pub(crate) enum Running {
    Twin(ChildProcess),
    Scorer(Daemon),
}

impl Running {
    /// Waits until a scorer has its partitions.
    pub(crate) fn wait_until_ready(&mut self) -> Result<()> {
        match self {
            Self::Twin(_) => Ok(()),
            Self::Scorer(scorer) => scorer.wait_until_ready(PATIENCE),
        }
    }

    /// Whether `count` messages are done with, to the last commit.
    pub(crate) fn is_done(&mut self, count: i64) -> Result<bool> {
        match self {
            Self::Twin(process) => Ok(process.stdout().find(twin::DONE).is_some()),
            Self::Scorer(scorer) => {
                let scored = scorer.metric("fraud_scorer_transactions_total", &[])?;
                Ok(scored.is_some_and(|scored| scored >= count as f64))
            }
        }
    }

    /// An error if it ended, with what it said.
    pub(crate) fn check(&mut self) -> Result<()> {
        let process: &mut ChildProcess = match self {
            Self::Twin(process) => process,
            Self::Scorer(scorer) => scorer,
        };
        match process.exit_status()? {
            None => Ok(()),
            Some(status) => {
                anyhow::bail!(
                    "{} ended with {status}: {}",
                    process.name(),
                    process.stderr()
                )
            }
        }
    }
}

impl Deref for Running {
    type Target = ChildProcess;

    fn deref(&self) -> &ChildProcess {
        match self {
            Self::Twin(process) => process,
            Self::Scorer(scorer) => scorer,
        }
    }
}

fn start_twin(route: &Route, count: i64) -> Result<ChildProcess> {
    let mut command = Command::new(env::current_exe().context("finding the running program")?);
    command
        .args(["twin", "--broker", &route.broker])
        .args(["--from", &route.from, "--to", &route.to])
        .args(["--partitions", &PARTITIONS.to_string()])
        // As long as the model's name and version in a result's header.
        .args(["--model", "fraud-classifier@0123456789ab"])
        .args(["--count", &count.to_string()]);
    ChildProcess::spawn("twin", &mut command)
}
