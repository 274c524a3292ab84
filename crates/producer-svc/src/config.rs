//! `[producer]`

use std::time::Duration;

use schema::transaction::Feature;
use serde::Deserialize;
use service_runtime::{ConfigError, RuntimeConfig, Section, config};

/// What to send, where from and how fast; `config.default.toml` documents the keys.
#[derive(Debug, Clone, Deserialize)]
pub struct ProducerConfig {
    /// Parquet file or folder, or `s3://` URL of either.
    pub source: String,
    /// Fields of a message; empty: the 18 of the contract.
    pub columns: Vec<String>,
    /// Rows to draw at random; 0: all.
    pub sample: u64,
    /// The same seed draws the same rows.
    pub seed: u64,
    /// Transactions a second; 0: as fast as it goes.
    pub rate: f64,
    /// Whether to start over for ever.
    pub repeat: bool,
    /// Whether to show the first keys and values.
    pub print: bool,
    /// The longest that a message may wait for its acknowledgement.
    #[serde(deserialize_with = "config::duration")]
    pub send_timeout: Duration,
}

impl Section for ProducerConfig {
    fn check(&self, _runtime: &RuntimeConfig) -> Result<(), ConfigError> {
        config::required("producer.source", &self.source)?;
        self.interval()?;
        // librdkafka's range of `message.timeout.ms`, where 0 would mean for ever.
        if self.send_timeout < Duration::from_millis(1)
            || self.send_timeout > Duration::from_millis(i32::MAX.unsigned_abs().into())
        {
            return Err(ConfigError(format!(
                "producer.send_timeout: {:?} must be between 1ms and 24 days",
                self.send_timeout
            )));
        }
        Ok(())
    }
}

impl ProducerConfig {
    /// The time between two transactions; `None`: as fast as it goes.
    pub(crate) fn interval(&self) -> Result<Option<Duration>, ConfigError> {
        if self.rate == 0.0 {
            return Ok(None);
        }
        match Duration::try_from_secs_f64(self.rate.recip()) {
            // Slower than one a day is a mistake, and faster than this the clock can't tell.
            Ok(interval) if (1..=86_400_000_000_000).contains(&interval.as_nanos()) => {
                Ok(Some(interval))
            }
            _ => Err(ConfigError(format!(
                "producer.rate: {} must be 0 (as fast as it goes) or between 0.00002 and 1000000000 \
                 transactions a second",
                self.rate
            ))),
        }
    }

    /// How many transactions may wait for the broker's answer: a second's worth, so that
    /// no more follow at once when a broker comes back. `None`: as fast as it goes.
    pub(crate) fn most_unanswered(&self) -> Option<usize> {
        // A float beyond the integers becomes the largest.
        (self.rate > 0.0).then(|| self.rate.ceil() as usize)
    }

    /// The fields of a message, in order.
    pub(crate) fn message_columns(&self) -> Vec<String> {
        if !self.columns.is_empty() {
            return self.columns.clone();
        }
        let features = fraud_model::handbook_columns();
        let features = features.into_iter().map(|feature| feature.name);
        let first = ["transaction_id", "ts"].map(String::from);
        first
            .into_iter()
            .chain(features)
            .chain(["tx_fraud".to_owned()])
            .collect()
    }

    /// The types that the scorer expects; chosen columns go to a pipeline that
    /// only the scorer knows.
    pub(crate) fn message_types(&self) -> Vec<Feature> {
        if self.columns.is_empty() {
            fraud_model::handbook_columns()
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_defaults_are_valid_but_for_what_must_be_set() {
        let config = load("source = \"data\"").unwrap();
        assert_eq!(config.interval().unwrap(), None);
        assert_eq!(config.most_unanswered(), None);
        assert_eq!(config.send_timeout, Duration::from_secs(120));
        assert_eq!(config.sample, 0);
        assert!(!config.repeat && !config.print);
        assert_eq!(config.message_columns().len(), 18);
        assert_eq!(
            config.message_columns()[..3],
            ["transaction_id", "ts", "tx_amount"]
        );
        assert_eq!(config.message_columns()[17], "tx_fraud");

        let error = load("").unwrap_err();
        assert!(error.contains("producer.source must be set"), "{error}");
    }

    #[test]
    fn the_interval_is_the_rate_turned_over() {
        let interval = |rate| load(&format!("source = \"data\"\nrate = {rate}"));
        assert_eq!(
            interval("400.0").unwrap().interval().unwrap(),
            Some(Duration::from_micros(2_500))
        );
        assert_eq!(interval("0.5").unwrap().most_unanswered(), Some(1));
        assert_eq!(interval("400.0").unwrap().most_unanswered(), Some(400));
        assert_eq!(
            interval("0.5").unwrap().interval().unwrap(),
            Some(Duration::from_secs(2))
        );
    }

    #[test]
    fn values_that_cannot_be_meant_are_refused() {
        let cases = [
            ("rate = -1.0", "producer.rate"),
            ("rate = nan", "producer.rate"),
            ("rate = 1e-9", "producer.rate"),
            ("rate = 1e10", "producer.rate"),
            ("send_timeout = \"0s\"", "producer.send_timeout"),
            ("send_timeout = \"1 year\"", "producer.send_timeout"),
            ("sample = -1", "sample"),
            ("rte = 5", "\"rate\""),
        ];
        for (line, expected) in cases {
            let error = load(&format!("source = \"data\"\n{line}")).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }

    fn load(lines: &str) -> Result<ProducerConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("producer.toml");
        let text =
            format!("[kafka]\nbootstrap_servers = \"localhost:9092\"\n[producer]\n{lines}\n");
        fs::write(&file, text).unwrap();
        config::load::<ProducerConfig>(&crate::SERVICE, Some(&file))
            .map(|loaded| loaded.section)
            .map_err(|error| error.to_string())
    }
}
