//! What each fault cost.

use std::fmt::Write;
use std::time::Duration;

use crate::checker::Findings;
use crate::deck::Fault;

/// A fault that came and went.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) fault: Fault,
    /// From when to when; milliseconds since the Unix epoch.
    pub(crate) began: i64,
    pub(crate) ended: i64,
    /// How long it took until work went on, each time.
    pub(crate) recoveries: Vec<Duration>,
    /// Processes killed.
    pub(crate) kills: usize,
}

/// All faults of a run.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Processes killed.
    pub(crate) fn kills(&self) -> usize {
        self.rows.iter().map(|row| row.kills).sum()
    }

    /// A line for each fault.
    pub(crate) fn markdown(&self, findings: &Findings) -> String {
        let mut text = "\
| fault | times | lost | repeated | out of order | goes on after, median | max |
|---|---|---|---|---|---|---|
"
        .to_owned();
        let mut names: Vec<_> = self.rows.iter().map(|row| row.fault.name()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let rows: Vec<_> = self
                .rows
                .iter()
                .filter(|row| row.fault.name() == name)
                .collect();
            let count =
                |times: &[i64]| times.iter().filter(|time| is_within(&rows, **time)).count();
            let mut recoveries: Vec<_> = rows.iter().flat_map(|row| &row.recoveries).collect();
            recoveries.sort();
            let shown = |recovery: Option<&&Duration>| match recovery {
                Some(recovery) => format!("{:.2} s", recovery.as_secs_f64()),
                None => "–".to_owned(),
            };
            writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} | {} |",
                rows.len(),
                count(&findings.lost),
                count(&findings.repeated),
                count(&findings.disordered),
                shown(recoveries.get(recoveries.len().saturating_sub(1) / 2)),
                shown(recoveries.last()),
            )
            .expect("a String takes any text");
        }
        text
    }
}

fn is_within(rows: &[&Row], time: i64) -> bool {
    rows.iter()
        .any(|row| (row.began..=row.ended).contains(&time))
}
