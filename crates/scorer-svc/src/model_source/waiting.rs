//! How long to wait for a model that can't be had at the moment.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use fraud_model::{Model, ModelOptions};
use service_runtime::config::{self, Loaded};
use service_runtime::{Context, Failure, OnceAMinute, Reason, Service, Shutdown};
use tracing::warn;

use super::{Location, ModelSource, Trouble};
use crate::config::ScorerConfig;

/// Between the first tries; doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often a command tries, for somebody who waits for its answer.
const COMMAND_TRIES: u32 = 3;

/// Loads the configured model for the daemon, which waits for what passes. `None`: it
/// is to stop.
pub(crate) fn load_when_there(
    config: &ScorerConfig,
    context: &Context,
) -> Result<Option<Model>, Failure> {
    let location = config.model.parse().map_err(Failure::start)?;
    let source = ModelSource {
        object_store: context.config.object_store.clone(),
        mlflow: context.config.mlflow.clone(),
        cache: config.model_cache.clone(),
        tokio: context.tokio.clone(),
        shutdown: context.shutdown.clone(),
    };
    let mut pause = FIRST_PAUSE;
    let mut warning = OnceAMinute::default();
    loop {
        let trouble = match source.load(&location, &config.model_options()) {
            Ok(model) => {
                context.health.wait_for(Reason::Starting, "starting");
                return Ok(Some(model));
            }
            Err(_) if context.shutdown.is_requested() => return Ok(None),
            Err(Trouble::Lasting(text)) => {
                return Err(Failure::start(cannot_load(&config.model, &text)));
            }
            Err(Trouble::Passing(text)) => cannot_load(&config.model, &text).to_string(),
        };
        if warning.is_due() {
            warn!("{trouble}; trying again");
        }
        context.health.wait_for(Reason::Starting, trouble);
        if context.shutdown.wait_timeout(pause) {
            return Ok(None);
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Loads a model for a command, which gives up soon. `file` is the configuration, of
/// which only matters how to reach stores.
pub(crate) fn load_now(
    service: &Service,
    file: Option<&Path>,
    model: &str,
    options: &ModelOptions,
) -> anyhow::Result<Model> {
    let location = model.parse()?;
    if let Location::Folder(folder) = &location {
        return Model::load(folder, options).with_context(|| format!("cannot load model {model}"));
    }
    let Loaded { section, runtime } = config::load_for_command::<ScorerConfig>(service, file)?;
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    let source = ModelSource {
        object_store: runtime.object_store,
        mlflow: runtime.mlflow,
        cache: section.model_cache,
        tokio: tokio.handle().clone(),
        shutdown: Shutdown::default(),
    };
    let mut pause = FIRST_PAUSE;
    let mut tries = 1;
    loop {
        match source.load(&location, options) {
            Ok(model) => return Ok(model),
            Err(Trouble::Passing(_)) if tries < COMMAND_TRIES => {
                source.shutdown.wait_timeout(pause);
                pause *= 2;
                tries += 1;
            }
            Err(trouble) => return Err(cannot_load(model, &trouble.to_string())),
        }
    }
}

fn cannot_load(model: &str, why: &str) -> anyhow::Error {
    anyhow!("cannot load model {model}: {why}")
}
