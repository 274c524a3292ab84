//! `/readyz` as a metric, so that an alert sees what a probe sees.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGauge, Opts};

use crate::Health;

/// `fraud_ready`: asked anew at each scrape.
#[derive(Debug)]
pub(crate) struct ReadyMetric {
    gauge: IntGauge,
    health: Health,
}

impl ReadyMetric {
    pub(crate) fn new(health: Health) -> Self {
        let options = Opts::new(
            "fraud_ready",
            "1 while /readyz answers 200, else 0; /readyz tells why.",
        );
        let gauge = IntGauge::with_opts(options).expect("the metric is well-formed");
        Self { gauge, health }
    }
}

impl Collector for ReadyMetric {
    fn desc(&self) -> Vec<&Desc> {
        self.gauge.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let is_ready = self.health.not_ready().is_empty();
        self.gauge.set(i64::from(is_ready));
        self.gauge.collect()
    }
}

#[cfg(test)]
mod tests {
    use prometheus::Registry;

    use super::*;
    use crate::Reason;

    #[test]
    fn it_follows_readiness() {
        let (health, registry) = (Health::default(), Registry::new());
        registry
            .register(Box::new(ReadyMetric::new(health.clone())))
            .unwrap();
        let shown = || registry.gather()[0].get_metric()[0].get_gauge().get_value();
        assert_eq!(shown(), 1.0);
        health.wait_for(Reason::Storage, "the disk is full");
        assert_eq!(shown(), 0.0);
        health.resolved(Reason::Storage);
        assert_eq!(shown(), 1.0);
        health.failed("fenced");
        assert_eq!(shown(), 0.0);
    }
}
