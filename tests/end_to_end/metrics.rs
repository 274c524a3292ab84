//! Metric names are an interface: dashboards and alerts are built on them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use local_stack::{Daemon, checkout, wait_until};

use crate::support::fixtures::fixture;
use crate::support::{PATIENCE, Stream};

/// A line for each metric: its name, its type, and the daemons that have it.
const NAMES: &str = include_str!("metric-names.txt");

/// The three daemons after they have done some work.
fn working_daemons(name: &str) -> Result<(Stream, [Daemon; 3])> {
    let stream = Stream::new(name)?;
    let transactions = fixture("transactions.parquet");
    let producer = stream
        .producer(&transactions)
        .set("producer.repeat", "true")
        .set("producer.rate", "200");
    let daemons = [
        producer.start()?,
        stream.scorer().start()?,
        stream.sink().start()?,
    ];
    stream.reader("results")?.read(100, PATIENCE)?;
    Ok((stream, daemons))
}

#[test]
fn the_names_of_all_metrics_are_these() -> Result<()> {
    let (_stream, daemons) = working_daemons("metric-names")?;
    let expected: BTreeSet<_> = NAMES.lines().map(str::to_owned).collect();
    let mut found = BTreeSet::new();
    // Those of the Kafka client come with its first statistics.
    wait_until("the metrics", PATIENCE, || {
        found = names(&daemons)?;
        Ok(found.is_superset(&expected))
    })
    .with_context(|| {
        format!(
            "expected in metric-names.txt, and missing: {:#?}",
            expected.difference(&found)
        )
    })?;
    assert!(
        found == expected,
        "not in metric-names.txt: {:#?}",
        found.difference(&expected).collect::<Vec<_>>()
    );
    Ok(())
}

fn names(daemons: &[Daemon]) -> Result<BTreeSet<String>> {
    let mut metrics: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for daemon in daemons {
        let text = daemon.get("/metrics")?.body;
        for name_and_type in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            metrics
                .entry(name_and_type.to_owned())
                .or_default()
                .push(daemon.name());
        }
    }
    Ok(metrics
        .iter()
        .map(|(metric, daemons)| format!("{metric} {}", daemons.join(" ")))
        .collect())
}

#[test]
fn promtool_finds_nothing_to_say_about_the_metrics() -> Result<()> {
    let (_stream, daemons) = working_daemons("promtool")?;
    for daemon in &daemons {
        wait_until("the Kafka client's statistics", PATIENCE, || {
            Ok(daemon.get("/metrics")?.body.contains("fraud_kafka_"))
        })?;
        let said = promtool_check_metrics(&daemon.get("/metrics")?.body)?;
        assert_eq!(said, "", "{}", daemon.name());
    }
    Ok(())
}

fn promtool_check_metrics(text: &str) -> Result<String> {
    let kept = checkout().join(".cache/prometheus/usr/bin/promtool");
    let promtool = if kept.exists() {
        kept.as_path()
    } else {
        Path::new("promtool")
    };
    let mut process = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("starting promtool: crates/local-stack/prerequisites.sh promtool brings it")?;
    process
        .stdin
        .take()
        .context("a pipe")?
        .write_all(text.as_bytes())?;
    let output = process.wait_with_output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said)?;
    ensure!(
        output.status.success() || !said.is_empty(),
        "promtool ended with {}",
        output.status
    );
    Ok(said)
}
