//! What the sink counts. Counters move when the work is committed.

use prometheus::{Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry};
use schema::RejectionCode;

/// Seconds; a file waits for `max_age` at most, ten minutes by default.
const LATENCY_BUCKETS: [f64; 15] = [
    0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0,
];

/// The sink's metrics.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    pub(crate) rows: IntCounter,
    pub(crate) files: IntCounter,
    pub(crate) bytes: IntCounter,
    dead_letters: IntCounterVec,
    pub(crate) latency: Histogram,
    pub(crate) last_file_timestamp: Gauge,
}

impl Metrics {
    /// Metrics that `registry` shows; all of them at zero from the start.
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            rows: IntCounter::new(
                "fraud_sink_rows_total",
                "Results that were written to files, or printed where there are none",
            )?,
            files: IntCounter::new("fraud_sink_files_total", "Result files that were published")?,
            bytes: IntCounter::new("fraud_sink_bytes_total", "Bytes of published result files")?,
            dead_letters: IntCounterVec::new(
                Opts::new(
                    "fraud_sink_dead_letters_total",
                    "Messages that are no results, by reason",
                ),
                &["reason"],
            )?,
            latency: Histogram::with_opts(
                HistogramOpts::new(
                    "fraud_sink_latency_seconds",
                    "From a result's Kafka timestamp until its file was durable",
                )
                .buckets(LATENCY_BUCKETS.to_vec()),
            )?,
            last_file_timestamp: Gauge::new(
                "fraud_sink_last_file_timestamp_seconds",
                "When the last result file was published; 0 before the first",
            )?,
        };
        for code in RejectionCode::ALL {
            metrics.dead_letters.with_label_values(&[code.as_str()]);
        }
        registry.register(Box::new(metrics.rows.clone()))?;
        registry.register(Box::new(metrics.files.clone()))?;
        registry.register(Box::new(metrics.bytes.clone()))?;
        registry.register(Box::new(metrics.dead_letters.clone()))?;
        registry.register(Box::new(metrics.latency.clone()))?;
        registry.register(Box::new(metrics.last_file_timestamp.clone()))?;
        Ok(metrics)
    }

    pub(crate) fn add_dead_letter(&self, reason: RejectionCode) {
        self.dead_letters
            .with_label_values(&[reason.as_str()])
            .inc();
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{Encoder, TextEncoder};

    use super::*;

    #[test]
    fn the_names_are_those_that_dashboards_know() {
        let registry = Registry::new();
        let metrics = Metrics::register(&registry).unwrap();
        metrics.add_dead_letter(RejectionCode::MissingField);
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&registry.gather(), &mut text)
            .unwrap();
        let text = String::from_utf8(text).unwrap();
        for line in [
            "fraud_sink_rows_total 0",
            "fraud_sink_files_total 0",
            "fraud_sink_bytes_total 0",
            "fraud_sink_dead_letters_total{reason=\"missing_field\"} 1",
            "fraud_sink_dead_letters_total{reason=\"invalid_json\"} 0",
            "fraud_sink_latency_seconds_count 0",
            "fraud_sink_last_file_timestamp_seconds 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
