//! From the configuration to the running loop.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use service_runtime::kafka::{GroupConsumer, GroupOptions, TopicNeeds, wait_for_topics};
use service_runtime::{Context, Failure, Reason, Service, object_store};
use tracing::info;

use crate::assignment::Assignment;
use crate::config::SinkConfig;
use crate::console::Console;
use crate::dead_letter::DeadLetters;
use crate::intake::Intake;
use crate::metrics::Metrics;
use crate::outage::{Outage, Trouble};
use crate::store::{LocalStore, Probed, S3Store, Store};
use crate::worker::Worker;

/// Between two tries of a store that fails at start.
const STORE_RETRY_PAUSE: Duration = Duration::from_secs(1);

/// What makes this daemon itself.
pub const SERVICE: Service = Service {
    name: "sink",
    binary: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("../config.default.toml"),
};

/// Reads results and writes them until the wish to stop.
pub fn run(config: SinkConfig, context: Context) -> Result<(), Failure> {
    let metrics = Metrics::register(&context.registry)
        .context("cannot register the metrics")
        .map_err(Failure::Start)?;
    let instance_id = config.member_id();
    let store = open_store(&config, &instance_id, &context)?;
    let dead_letters = DeadLetters::new(&context)?;
    context.health.resolved(Reason::Starting);

    if !is_store_ready(store.as_ref(), &context)? || !has_topic(&dead_letters, &context)? {
        return Ok(());
    }
    let topic = context.config.topics.results.clone();
    let group = GroupOptions {
        topic: &topic,
        group: &config.group,
        instance_id: &instance_id,
    };
    let consumer = GroupConsumer::join(&group, &context)?;
    let intake = Intake {
        partitions: BTreeMap::new(),
        dead_letters,
        file_options: None,
        policy: config.roll_policy(),
        memory_limit: config.memory,
        positive_class: config.positive_class,
        console: config.console.then(Console::new),
        is_console_closed: false,
    };
    let worker = Worker {
        consumer,
        intake,
        assignment: Assignment::new(topic, config.start),
        store,
        metrics,
        outage: Outage::default(),
        seeks: BTreeMap::new(),
        context,
    };
    worker.run()
}

fn open_store(
    config: &SinkConfig,
    instance_id: &str,
    context: &Context,
) -> Result<Option<Store>, Failure> {
    if config.parquet.is_empty() {
        return Ok(None);
    }
    info!("writing result files into {}", config.parquet);
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

fn open_bucket(
    config: &SinkConfig,
    instance_id: &str,
    context: &Context,
) -> Result<Store, Failure> {
    let settings = &context.config.object_store;
    let (client, prefix) = object_store::open(&config.parquet, settings).map_err(Failure::start)?;
    Ok(Store::S3(S3Store {
        client,
        prefix,
        url: config.parquet.trim_end_matches('/').to_owned(),
        instance_id: instance_id.to_owned(),
        put_timeout: settings.put_timeout,
        tokio: context.tokio.clone(),
    }))
}

/// Waits until the store takes files; `false` if the wish to stop comes first.
fn is_store_ready(store: Option<&Store>, context: &Context) -> Result<bool, Failure> {
    let Some(store) = store else {
        return Ok(true);
    };
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
            Err(error) => outage.note(
                &context.health,
                &Trouble {
                    reason: Reason::Storage,
                    text: error.to_string(),
                },
            ),
        }
        if context.shutdown.wait_timeout(STORE_RETRY_PAUSE) {
            return Ok(false);
        }
    }
}

/// Waits for the dead-letter topic, which must be there before it is needed.
fn has_topic(dead_letters: &DeadLetters, context: &Context) -> Result<bool, Failure> {
    let topic = context.config.topics.results_dead_letter.as_str();
    let needs = wait_for_topics(dead_letters.producer(), &[topic], None, context)?;
    Ok(needs == TopicNeeds::Met)
}
