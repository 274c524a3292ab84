//! From the configuration to the running loop.

use std::collections::BTreeMap;

use anyhow::Context as _;
use schema::result::ResultRecord;
use service_runtime::kafka::{GroupConsumer, GroupOptions, TopicNeeds, wait_for_topics};
use service_runtime::{Context, Failure, Reason, Service};
use tracing::info;

use crate::assignment::Assignment;
use crate::config::SinkConfig;
use crate::console::Console;
use crate::dead_letter::DeadLetters;
use crate::intake::Intake;
use crate::metrics::Metrics;
use crate::outage::Outage;
use crate::store::{open_store, wait_until_reliable};
use crate::worker::Worker;

/// What makes this daemon itself.
pub const SERVICE: Service = Service {
    name: "sink",
    binary: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("../config.default.toml"),
};

/// Reads results and writes them until the wish to stop.
pub fn run(config: SinkConfig, context: Context) -> Result<(), Failure> {
    // Offsets are committed after the files are durable, whatever happens between.
    context.shutdown.nothing_to_lose();
    let metrics = Metrics::register(&context.registry)
        .context("cannot register the metrics")
        .map_err(Failure::Start)?;
    let instance_id = config.member_id();
    let store = open_store(&config, &instance_id, &context)?;
    let dead_letters = DeadLetters::new(&context)?;

    if let Some(store) = &store
        && !wait_until_reliable(store, &context)?
    {
        return Ok(());
    }
    if !has_topic(&dead_letters, &context)? {
        return Ok(());
    }
    if !config.parquet.is_empty() {
        info!("result files go to {}", config.parquet);
    }
    let topic = context.config.topics.results.clone();
    let group = GroupOptions {
        topic: &topic,
        group: &config.group,
        instance_id: &instance_id,
    };
    let consumer = GroupConsumer::join(&group, &context)?;
    // From here on the consumer says what is waited for.
    context.health.resolved(Reason::Starting);
    let intake = Intake {
        partitions: BTreeMap::new(),
        dead_letters,
        file_options: None,
        policy: config.roll_policy(),
        memory_limit: config.memory,
        positive_class: config.positive_class,
        record: ResultRecord::default(),
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

/// Waits for the dead-letter topic, which must be there before it is needed.
fn has_topic(dead_letters: &DeadLetters, context: &Context) -> Result<bool, Failure> {
    let topic = context.config.topics.results_dead_letter.as_str();
    let needs = wait_for_topics(dead_letters.producer(), &[topic], None, context)?;
    Ok(needs == TopicNeeds::Met)
}
