//! What the scorer counts.

use std::time::{SystemTime, UNIX_EPOCH};

use fraud_model::{ModelIdentity, fraud_probability};
use prometheus::local::{LocalHistogram, LocalIntCounter};
use prometheus::{
    Gauge, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry,
};
use schema::RejectionCode;
use schema::result::ScoredTransaction;

const LATENCY_BUCKETS: [f64; 16] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0,
];
const COMMIT_BUCKETS: [f64; 12] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0,
];
/// Finer at both ends, where a threshold of a fraud model usually stands.
const PROBABILITY_BUCKETS: [f64; 15] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0,
];
const NO_LABEL: &str = "none";

/// The scorer's metrics, shared by its workers.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    transactions: IntCounterVec,
    dead_letters: IntCounterVec,
    predictions: IntCounterVec,
    probability: HistogramVec,
    latency: Histogram,
    commit: Histogram,
    last_commit: Gauge,
}

impl Metrics {
    /// Registers the metrics; those with labels appear from the start, at 0.
    pub(crate) fn register(registry: &Registry, model: &ModelIdentity) -> prometheus::Result<Self> {
        let metrics = Self {
            transactions: IntCounterVec::new(
                Opts::new(
                    "fraud_scorer_transactions_total",
                    "Transactions whose outcome is committed.",
                ),
                &["outcome"],
            )?,
            dead_letters: IntCounterVec::new(
                Opts::new(
                    "fraud_scorer_dead_letters_total",
                    "Transactions sent to the dead-letter topic, by reason.",
                ),
                &["reason"],
            )?,
            predictions: IntCounterVec::new(
                Opts::new(
                    "fraud_scorer_predictions_total",
                    "Predictions by class and label.",
                ),
                &["prediction", "label"],
            )?,
            probability: HistogramVec::new(
                HistogramOpts::new(
                    "fraud_scorer_probability",
                    "Probability of fraud, by label.",
                )
                .buckets(PROBABILITY_BUCKETS.to_vec()),
                &["label"],
            )?,
            latency: Histogram::with_opts(
                HistogramOpts::new(
                    "fraud_scorer_latency_seconds",
                    "From a transaction's Kafka timestamp to the commit of its result.",
                )
                .buckets(LATENCY_BUCKETS.to_vec()),
            )?,
            commit: Histogram::with_opts(
                HistogramOpts::new(
                    "fraud_scorer_commit_seconds",
                    "From the wish to commit to the commit.",
                )
                .buckets(COMMIT_BUCKETS.to_vec()),
            )?,
            last_commit: Gauge::new(
                "fraud_scorer_last_commit_timestamp_seconds",
                "When work was last committed; 0 before.",
            )?,
        };
        registry.register(Box::new(metrics.transactions.clone()))?;
        registry.register(Box::new(metrics.dead_letters.clone()))?;
        registry.register(Box::new(metrics.predictions.clone()))?;
        registry.register(Box::new(metrics.probability.clone()))?;
        registry.register(Box::new(metrics.latency.clone()))?;
        registry.register(Box::new(metrics.commit.clone()))?;
        registry.register(Box::new(metrics.last_commit.clone()))?;
        register_model_info(registry, model)?;
        Ok(metrics)
    }
}

fn register_model_info(registry: &Registry, model: &ModelIdentity) -> prometheus::Result<()> {
    let info = IntGaugeVec::new(
        Opts::new(
            "fraud_scorer_model_info",
            "The model that scores; always 1.",
        ),
        &["name", "version", "hash"],
    )?;
    info.with_label_values(&[&model.name, &model.version, &model.hash])
        .set(1);
    registry.register(Box::new(info))
}

/// One worker's counts of work that isn't committed yet. They reach the metrics
/// with the commit, or never: what is counted is done.
#[derive(Debug)]
pub(crate) struct Tally {
    scored: LocalIntCounter,
    skipped: LocalIntCounter,
    dead: LocalIntCounter,
    dead_letters: Vec<(RejectionCode, LocalIntCounter)>,
    /// `[class][label]`; the last label is "none".
    predictions: Vec<Vec<LocalIntCounter>>,
    /// `[label]`
    probability: Vec<LocalHistogram>,
    latency: LocalHistogram,
    timestamps: Vec<i64>,
    positive_class: usize,
    commit: Histogram,
    last_commit: Gauge,
}

impl Tally {
    /// An empty tally; `positive_class` is the class called fraud.
    pub(crate) fn new(metrics: &Metrics, classes: u32, positive_class: usize) -> Self {
        let classes: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
        let labels = || classes.iter().map(String::as_str).chain([NO_LABEL]);
        let outcome = |name| metrics.transactions.with_label_values(&[name]).local();
        Self {
            scored: outcome("scored"),
            skipped: outcome("skipped"),
            dead: outcome("dead_letter"),
            dead_letters: RejectionCode::ALL
                .into_iter()
                .map(|code| {
                    let counter = metrics.dead_letters.with_label_values(&[code.as_str()]);
                    (code, counter.local())
                })
                .collect(),
            predictions: classes
                .iter()
                .map(|class| {
                    labels()
                        .map(|label| {
                            metrics
                                .predictions
                                .with_label_values(&[class, label])
                                .local()
                        })
                        .collect()
                })
                .collect(),
            probability: labels()
                .map(|label| metrics.probability.with_label_values(&[label]).local())
                .collect(),
            latency: metrics.latency.local(),
            timestamps: Vec::new(),
            positive_class,
            commit: metrics.commit.clone(),
            last_commit: metrics.last_commit.clone(),
        }
    }

    /// A transaction was scored. `timestamp` is its Kafka timestamp in milliseconds.
    pub(crate) fn scored(&mut self, scored: &ScoredTransaction<'_>, timestamp: i64) {
        self.scored.inc();
        let none = self.probability.len() - 1;
        let label = scored
            .tx_fraud
            .and_then(|label| usize::try_from(label).ok())
            .map_or(none, |label| label.min(none));
        // A prediction is the index of a class, so the cast loses nothing.
        if let Some(counter) = self
            .predictions
            .get(scored.prediction as usize)
            .and_then(|labels| labels.get(label))
        {
            counter.inc();
        }
        let fraud = scored
            .probability
            .and_then(|probability| fraud_probability(probability, self.positive_class));
        if let Some(fraud) = fraud {
            self.probability[label].observe(fraud);
        }
        self.time(timestamp);
    }

    /// A transaction was left out by `handleInvalid = skip`.
    pub(crate) fn skipped(&mut self) {
        self.skipped.inc();
    }

    /// A transaction became a dead letter.
    pub(crate) fn dead_letter(&mut self, code: RejectionCode, timestamp: i64) {
        self.dead.inc();
        if let Some((_, counter)) = self.dead_letters.iter().find(|(other, _)| *other == code) {
            counter.inc();
        }
        self.time(timestamp);
    }

    fn time(&mut self, timestamp: i64) {
        if timestamp >= 0 {
            self.timestamps.push(timestamp);
        }
    }

    /// The work was committed just now, `seconds` after its last result was sent.
    pub(crate) fn committed(&mut self, seconds: f64) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now_milliseconds = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        for timestamp in self.timestamps.drain(..) {
            // Clocks differ: a timestamp from the future took no time.
            let milliseconds = now_milliseconds.saturating_sub(timestamp).max(0);
            self.latency.observe(milliseconds as f64 / 1000.0);
        }
        self.latency.flush();
        self.counters().for_each(LocalIntCounter::flush);
        self.probability.iter().for_each(LocalHistogram::flush);
        self.commit.observe(seconds);
        self.last_commit.set(now.as_secs_f64());
    }

    /// The work was undone, and will be done again by whoever owns it next.
    pub(crate) fn undone(&mut self) {
        self.timestamps.clear();
        self.counters().for_each(LocalIntCounter::reset);
        self.probability.iter().for_each(LocalHistogram::clear);
    }

    fn counters(&self) -> impl Iterator<Item = &LocalIntCounter> {
        [&self.scored, &self.skipped, &self.dead]
            .into_iter()
            .chain(self.dead_letters.iter().map(|(_, counter)| counter))
            .chain(self.predictions.iter().flatten())
    }
}

/// A local histogram flushes itself when it is dropped; uncommitted work must not.
impl Drop for Tally {
    fn drop(&mut self) {
        self.undone();
    }
}

#[cfg(test)]
mod tests;
