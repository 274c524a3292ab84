//! The programs in Python that look for what was lost or repeated.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use local_stack::ChildProcess;
use serde_json::{Value, json};

use crate::bucket::Bucket;
use crate::daemons::{Site, Victim};
use crate::python;
use crate::stack::PATIENCE;

/// A million records take minutes in pure Python.
const CHECKING: Duration = Duration::from_secs(1800);

/// What was found in the end.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// When each was sent, in milliseconds since the Unix epoch; so are the next two.
    pub(crate) lost: Vec<i64>,
    pub(crate) repeated: Vec<i64>,
    pub(crate) disordered: Vec<i64>,
    /// What else is wrong, in words.
    pub(crate) wrong: Vec<String>,
    /// How much there was.
    pub(crate) counts: BTreeMap<String, u64>,
}

impl Findings {
    /// Whether nothing is wrong.
    pub(crate) fn is_clean(&self) -> bool {
        let Self {
            lost,
            repeated,
            disordered,
            wrong,
            ..
        } = self;
        lost.is_empty() && repeated.is_empty() && disordered.is_empty() && wrong.is_empty()
    }
}

/// Reads results from the beginning on, and compares in the end.
#[derive(Debug)]
pub(crate) struct Checker {
    /// What the programs are told.
    stack: Value,
    reader: ChildProcess,
}

impl Checker {
    /// Starts the reader; `broker` isn't the daemons' way to it.
    pub(crate) fn start(broker: &str, site: &Site, bucket: Option<&Bucket>) -> Result<Self> {
        let watched = site.folder.join("watched.txt");
        let mut sinks = vec![json!({
            "name": "the folder",
            "folder": site.results(),
            "group": Victim::Sink.group().0,
        })];
        if let Some(bucket) = bucket {
            sinks.push(json!({
                "name": "S3",
                "endpoint": bucket.url(),
                "folder": site.folder.join("from-s3"),
                "group": Victim::BucketSink.group().0,
            }));
        }
        let stack = json!({
            "broker": broker,
            "topics": {
                "transactions": "transactions",
                "transactions_dead_letter": "transactions.dead-letter",
                "results": "results",
            },
            "groups": {"scorer": "fraud-scorer"},
            "source": site.source().join("**/*.parquet"),
            "watched": watched,
            "sinks": sinks,
        });
        let mut command = python::script("chaos/python/watch.py");
        command.args([broker, "results"]).arg(watched).args(
            [Victim::Scorer, Victim::Sink, Victim::BucketSink].map(|victim| victim.group().0),
        );
        let mut reader = ChildProcess::spawn("watch.py", &mut command)?;
        reader.wait_for_line(ChildProcess::stdout, "watching", PATIENCE)?;
        Ok(Self { stack, reader })
    }

    /// That a result is visible if and only if its offset is committed; the scorer is dead.
    pub(crate) fn check_atomicity(&mut self) -> Result<()> {
        let findings = self.findings("atomic")?;
        ensure!(findings.is_clean(), "not atomic: {:?}", findings.wrong);
        Ok(())
    }

    /// Everything, after the end.
    pub(crate) fn check(&mut self) -> Result<Findings> {
        let status = self.reader.terminate(PATIENCE)?;
        ensure!(status.success(), "{status}: {}", self.reader.stderr());
        self.findings("final")
    }

    fn findings(&mut self, command: &str) -> Result<Findings> {
        let mut checking = python::script("chaos/python/check.py");
        checking.arg(command).arg(self.stack.to_string());
        let mut checking = ChildProcess::spawn("check.py", &mut checking)?;
        let status = checking.wait(CHECKING)?;
        ensure!(status.success(), "{status}: {}", checking.stderr());
        let answer = checking.stdout().to_string();
        let answer: Value = serde_json::from_str(&answer).context("check.py's answer")?;
        let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
        let times = |name: &str| list(name).iter().filter_map(Value::as_i64).collect();
        let texts = list("wrong");
        let counts = answer["counts"].as_object().cloned().unwrap_or_default();
        Ok(Findings {
            lost: times("lost"),
            repeated: times("repeated"),
            disordered: times("disordered"),
            wrong: texts
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            counts: counts
                .into_iter()
                .filter_map(|(what, count)| Some((what, count.as_u64()?)))
                .collect(),
        })
    }
}
