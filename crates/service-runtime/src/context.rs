//! What a running service gets.

use prometheus::core::Collector;
use prometheus::{IntGaugeVec, Opts, Registry};

use crate::kafka::{KafkaMetrics, Troubles};
use crate::ready_metric::ReadyMetric;
use crate::{Health, RuntimeConfig, Service, Shutdown};

/// What a running service gets.
#[derive(Debug, Clone)]
pub struct Context {
    /// The sections that every daemon has.
    pub config: RuntimeConfig,
    /// The wish to stop.
    pub shutdown: Shutdown,
    /// Where to tell about liveness and readiness.
    pub health: Health,
    /// Where to register metrics.
    pub registry: Registry,
    /// For the few things that are async; the service itself has its own thread.
    pub tokio: tokio::runtime::Handle,
    /// The binary's name: `client.id`, and the user agent of what it asks.
    pub name: &'static str,
    pub(crate) kafka_metrics: KafkaMetrics,
    pub(crate) troubles: Troubles,
}

impl Context {
    /// Makes a call that blocks on a thread of its own: it can't be interrupted, and
    /// whoever waits for its answer must be able to leave. `None`: the wish to stop came
    /// before the answer. The call is then still under way.
    pub fn call_unless_stopped<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let called = self.tokio.spawn_blocking(call);
        self.tokio.block_on(async {
            tokio::select! {
                answer = called => Some(answer.expect("the call doesn't panic")),
                () = self.shutdown.requested() => None,
            }
        })
    }

    /// A context with the metrics that every daemon has.
    pub(crate) fn new(
        service: &Service,
        config: RuntimeConfig,
        tokio: tokio::runtime::Handle,
    ) -> Self {
        let registry = Registry::new();
        register(&registry, build_info(service));
        #[cfg(target_os = "linux")]
        register(
            &registry,
            prometheus::process_collector::ProcessCollector::for_self(),
        );
        let health = Health::default();
        register(&registry, ReadyMetric::new(health.clone()));
        Self {
            kafka_metrics: KafkaMetrics::register(&registry),
            troubles: Troubles::new(health.clone()),
            config,
            shutdown: Shutdown::default(),
            health,
            registry,
            tokio,
            name: service.binary,
        }
    }
}

fn build_info(service: &Service) -> IntGaugeVec {
    let options = Opts::new("fraud_build_info", "Always 1; the labels say what runs.");
    let info = IntGaugeVec::new(options, &["version"]).expect("the metric is well-formed");
    info.with_label_values(&[service.version]).set(1);
    info
}

fn register(registry: &Registry, collector: impl Collector + 'static) {
    registry
        .register(Box::new(collector))
        .expect("no metric is registered twice");
}
