//! The configured store, and waiting until it takes files.

use std::path::Path;
use std::time::Duration;

use ::object_store::RetryConfig;
use anyhow::anyhow;
use service_runtime::{Context, Failure, Reason, object_store};

use super::{LocalStore, Probed, S3Store, Store};
use crate::config::SinkConfig;
use crate::outage::{Outage, Trouble};

/// Between two tries.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The store that `sink.parquet` names, if any. Touches no network.
pub(crate) fn open_store(
    config: &SinkConfig,
    instance_id: &str,
    context: &Context,
) -> Result<Option<Store>, Failure> {
    if config.parquet.is_empty() {
        return Ok(None);
    }
    if object_store::is_url(&config.parquet) {
        return open_bucket(config, instance_id, context).map(Some);
    }
    let root = Path::new(&config.parquet);
    if root.exists() && !root.is_dir() {
        return Err(Failure::start(anyhow!(
            "sink.parquet: {} is not a folder",
            root.display()
        )));
    }
    Ok(Some(Store::Local(LocalStore::new(root, instance_id))))
}

/// Waits until the store takes files; `false` if the wish to stop comes first. A
/// store that would overwrite files is a failure.
pub(crate) fn wait_until_reliable(store: &Store, context: &Context) -> Result<bool, Failure> {
    let mut outage = Outage::default();
    loop {
        match store.prepare() {
            Ok(Probed::Reliable) => {
                outage.end(&context.health);
                return Ok(true);
            }
            Ok(Probed::Unreliable(why)) => {
                return Err(Failure::start(anyhow!(
                    "{why}, so two processes could overwrite each other's files: \
                     use another store in sink.parquet"
                )));
            }
            Err(error) => {
                let trouble = Trouble {
                    reason: Reason::Storage,
                    text: error.to_string(),
                };
                outage.note(&context.health, &trouble);
            }
        }
        if context.shutdown.wait_timeout(RETRY_PAUSE) {
            return Ok(false);
        }
    }
}

fn open_bucket(
    config: &SinkConfig,
    instance_id: &str,
    context: &Context,
) -> Result<Store, Failure> {
    let settings = &context.config.object_store;
    let (client, prefix) = object_store::open(&config.parquet, settings, RetryConfig::default())
        .map_err(Failure::start)?;
    Ok(Store::S3(S3Store {
        client,
        prefix,
        url: config.parquet.trim_end_matches('/').to_owned(),
        instance_id: instance_id.to_owned(),
        put_timeout: settings.put_timeout,
        tokio: context.tokio.clone(),
        shutdown: context.shutdown.clone(),
        stop_grace: context.config.service.shutdown_timeout / 2,
    }))
}
