//! Scores card transactions from a topic with a Spark ML pipeline.
//!
//! [`run`] is the service; `worker` is its loop. A message goes through `batch`
//! (bytes to columns), `pipeline` (columns to scores), `results` or `dead_letter`,
//! and `producer`; `delivery` makes what was sent durable together with the
//! offsets. `replay` sends dead letters back. `score` and `describe` do without
//! Kafka; `lines` and `expectation` are what `score` and the `parity_gate` share.

mod batch;
pub mod cli;
pub mod config;
mod console;
mod dead_letter;
mod delivery;
mod describe;
mod expectation;
mod fleet;
mod interruption;
mod lines;
mod metrics;
mod model_source;
mod parity_gate;
mod pipeline;
mod producer;
mod replay;
mod results;
mod score;
mod stop_deadline;
mod worker;

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use fraud_model::Model;
use service_runtime::{Context, Failure};
use tracing::info;

use config::ScorerConfig;
use fleet::Fleet;
use metrics::Metrics;

/// Scores until the daemon is to stop.
pub fn run(config: ScorerConfig, context: Context) -> Result<(), Failure> {
    let Some(model) = model_source::load_when_there(&config, &context)? else {
        info!("stopped before the model was there");
        return Ok(());
    };
    check_classes(&config, &model).map_err(Failure::start)?;
    let model = Arc::new(model);
    let metrics = Metrics::register(&context.registry, model.identity())
        .context("cannot register the metrics")
        .map_err(Failure::start)?;
    info!(
        model = model.identity().header(),
        hash = model.identity().hash,
        classes = model.classes(),
        features = model.transaction_schema().features.len(),
        delivery = config.delivery.as_str(),
        output = config.output.as_str(),
        workers = config.workers,
        "model loaded"
    );
    parity_gate::pass(&model, config.parity()).map_err(Failure::start)?;
    Fleet {
        config,
        context,
        model,
        metrics,
    }
    .run()
}

fn check_classes(config: &ScorerConfig, model: &Model) -> anyhow::Result<()> {
    if config.positive_class >= model.classes() {
        return Err(anyhow!(
            "scorer.positive_class is {}, but the model has the classes 0 to {}",
            config.positive_class,
            model.classes() - 1
        ));
    }
    Ok(())
}
