//! What came of a number of transactions.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use local_stack::Record;
use serde_json::Value;

/// Counts results against the labels that the transactions carried.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Frauds that were called so.
    caught: usize,
    /// Frauds that were not.
    missed: usize,
    /// Genuine transactions that were called frauds.
    false_alarms: usize,
    passed: usize,
    /// Milliseconds from the sending of a transaction to the reading of its result.
    milliseconds: Vec<i64>,
}

impl Tally {
    /// Counts a result that was read just now.
    pub(crate) fn add(&mut self, result: &Record) -> Result<()> {
        let text = result.text();
        let value: Value = serde_json::from_str(&text).with_context(|| format!("result {text}"))?;
        let is_fraud = value["tx_fraud"] == 1;
        let called_fraud = value["prediction"] == 1.0;
        *match (is_fraud, called_fraud) {
            (true, true) => &mut self.caught,
            (true, false) => &mut self.missed,
            (false, true) => &mut self.false_alarms,
            (false, false) => &mut self.passed,
        } += 1;

        let source = result
            .header("source")
            .context("a result without the header source")?;
        let (_, sent) = source
            .rsplit_once(':')
            .context("a source without a timestamp")?;
        self.milliseconds.push(now() - sent.parse::<i64>()?);
        Ok(())
    }

    /// How many results there were.
    pub(crate) fn scored(&self) -> usize {
        self.milliseconds.len()
    }

    fn percentile(&self, share: f64) -> i64 {
        let mut sorted = self.milliseconds.clone();
        sorted.sort_unstable();
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frauds = self.caught + self.missed;
        writeln!(f, "  scored         {}", self.scored())?;
        writeln!(f, "  caught         {} of {frauds} frauds", self.caught)?;
        writeln!(f, "  missed         {}", self.missed)?;
        writeln!(f, "  false alarms   {}", self.false_alarms)?;
        write!(
            f,
            "  send to result {} ms median, {} ms p99",
            self.percentile(0.5),
            self.percentile(0.99)
        )
    }
}

fn now() -> i64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since_epoch.as_millis().try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(label: &str, prediction: &str, sent: i64) -> Record {
        Record {
            partition: 0,
            offset: 0,
            timestamp: 0,
            key: None,
            value: Some(format!("{{{label}\"prediction\":{prediction}}}").into_bytes()),
            headers: vec![(
                "source".to_owned(),
                Some(format!("0:0:{sent}").into_bytes()),
            )],
        }
    }

    #[test]
    fn results_are_counted_by_label_and_prediction() -> Result<()> {
        let mut tally = Tally::default();
        let cases = [
            ("\"tx_fraud\":1,", "1.0"),
            ("\"tx_fraud\":1,", "0.0"),
            ("\"tx_fraud\":0,", "1.0"),
            ("\"tx_fraud\":0,", "0.0"),
            ("", "0.0"),
        ];
        for (label, prediction) in cases {
            tally.add(&result(label, prediction, now()))?;
        }
        assert_eq!((tally.caught, tally.missed), (1, 1));
        assert_eq!((tally.false_alarms, tally.passed), (1, 2));
        assert_eq!(tally.scored(), 5);
        Ok(())
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let tally = Tally {
            milliseconds: (1..=200).rev().collect(),
            ..Tally::default()
        };
        assert_eq!(tally.percentile(0.5), 100);
        assert_eq!(tally.percentile(0.99), 198);
        assert_eq!(Tally::default().percentile(0.5), 0);
    }
}
