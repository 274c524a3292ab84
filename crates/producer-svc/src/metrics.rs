//! The producer's metrics.

use prometheus::{IntCounter, Registry};

/// Counters that move when the broker has answered.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    /// Transactions that the broker acknowledged.
    pub(crate) sent: IntCounter,
    /// Transactions that were given up, or had no id to be sent under.
    pub(crate) failed: IntCounter,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let counter = |name: &str, help: &str| {
            let counter =
                IntCounter::new(format!("fraud_producer_transactions_{name}_total"), help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        Ok(Self {
            sent: counter("sent", "Transactions that the broker acknowledged.")?,
            failed: counter("failed", "Transactions that could not be delivered.")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metrics_have_the_documented_names() {
        let registry = Registry::new();
        Metrics::register(&registry).unwrap();
        let names: Vec<_> = registry
            .gather()
            .iter()
            .map(|family| family.name().to_owned())
            .collect();
        assert_eq!(
            names,
            [
                "fraud_producer_transactions_failed_total",
                "fraud_producer_transactions_sent_total"
            ]
        );
    }
}
