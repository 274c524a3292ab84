//! Client settings: ours, then the user's properties on top; what a guarantee owns, the
//! configuration refused before.

use std::collections::BTreeMap;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;

use super::GroupOptions;
use crate::ConfigError;
use crate::Context;
use crate::config::{KafkaConfig, Secret};

/// Settings of a producer: idempotent, acknowledged by all in-sync replicas, partitioned
/// as Java's and Spark's producers do it. Set what is yours (`transactional.id` …) on it.
pub fn producer_config(context: &Context) -> ClientConfig {
    let mut config = common(&context.config.kafka, context.name);
    set_producer(&mut config);
    apply(&mut config, &context.config.kafka.producer_properties);
    config
}

/// Settings of a client that asks and changes nothing.
pub(super) fn admin_config(context: &Context) -> ClientConfig {
    let mut config = common(&context.config.kafka, context.name);
    config.set("statistics.interval.ms", "0");
    config
}

/// Settings of a consumer without a group, which reads up to the present end.
pub(super) fn reader_config(context: &Context) -> ClientConfig {
    let mut config = common(&context.config.kafka, context.name);
    set_consumer(&mut config, &context.config.kafka);
    apply(&mut config, &context.config.kafka.consumer_properties);
    config
        // Never joined: librdkafka wants a name.
        .set("group.id", context.name)
        .set("enable.partition.eof", "true")
        .set("statistics.interval.ms", "0");
    config
}

/// Settings of a static member of a group that reads what is committed and says
/// itself where to read: nothing is committed or reset by the library.
pub(super) fn consumer_config(context: &Context, options: &GroupOptions<'_>) -> ClientConfig {
    let mut config = common(&context.config.kafka, context.name);
    set_consumer(&mut config, &context.config.kafka);
    config
        .set("group.id", options.group)
        .set("group.instance.id", options.instance_id);
    apply(&mut config, &context.config.kafka.consumer_properties);
    config
}

/// Whether librdkafka knows the user's properties and takes their values.
pub(crate) fn check_properties(kafka: &KafkaConfig) -> Result<(), ConfigError> {
    let mut consumer = common(kafka, "");
    set_consumer(&mut consumer, kafka);
    apply(&mut consumer, &kafka.consumer_properties);
    let mut producer = common(kafka, "");
    set_producer(&mut producer);
    apply(&mut producer, &kafka.producer_properties);
    check_native(
        kafka,
        &consumer,
        "kafka.consumer_properties",
        &kafka.consumer_properties,
    )?;
    check_native(
        kafka,
        &producer,
        "kafka.producer_properties",
        &kafka.producer_properties,
    )
}

/// Builds the native configuration, which touches no network.
fn check_native(
    kafka: &KafkaConfig,
    config: &ClientConfig,
    table: &str,
    properties: &BTreeMap<String, Secret>,
) -> Result<(), ConfigError> {
    match config.create_native_config() {
        Ok(_) => Ok(()),
        Err(KafkaError::ClientConfig(_, text, name, _)) => {
            let table = if properties.contains_key(&name) {
                table
            } else if kafka.properties.contains_key(&name) {
                "kafka.properties"
            } else {
                "kafka"
            };
            Err(ConfigError(format!("{table} sets {name}: {text}")))
        }
        Err(error) => Err(ConfigError(format!("kafka: {error}"))),
    }
}

fn common(kafka: &KafkaConfig, client_id: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &kafka.bootstrap_servers)
        .set("security.protocol", kafka.security_protocol.name())
        .set("client.id", client_id)
        .set("allow.auto.create.topics", "false")
        .set("socket.nagle.disable", "true")
        // A broker that is back is noticed as soon as by Java's clients (10 s by default), a
        // topic that was made within seconds (5 min).
        .set("reconnect.backoff.max.ms", "1000")
        // The first connection after the bootstrap's would wait for 100 ms, more or less.
        .set("reconnect.backoff.ms", "10")
        .set("topic.metadata.refresh.interval.ms", "3000")
        // The lag is read from the statistics.
        .set("statistics.interval.ms", "1000")
        .set_log_level(RDKafkaLogLevel::Info);
    if kafka.security_protocol.has_sasl() {
        config
            .set("sasl.mechanism", &kafka.sasl_mechanism)
            .set("sasl.username", &kafka.username)
            .set("sasl.password", kafka.password.expose());
    }
    if !kafka.ca_file.as_os_str().is_empty() {
        config.set("ssl.ca.location", kafka.ca_file.to_string_lossy());
    }
    apply(&mut config, &kafka.properties);
    if config.get("debug").is_some() {
        config.set_log_level(RDKafkaLogLevel::Debug);
    }
    config
}

fn set_consumer(config: &mut ClientConfig, kafka: &KafkaConfig) {
    let session_ms = kafka.session_timeout.as_millis();
    config
        .set("session.timeout.ms", session_ms.to_string())
        .set(
            "heartbeat.interval.ms",
            (session_ms / 3).min(3000).to_string(),
        )
        .set("partition.assignment.strategy", "range")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "error")
        // Small local queues stay in the CPU's cache and bound the memory; then the
        // pause after a full queue (1 s by default) must be short.
        .set("queued.min.messages", "10000")
        .set("queued.max.messages.kbytes", "16384")
        .set("fetch.queue.backoff.ms", "5")
        // What comes at once fills them beyond that. Enough for a broker that is near.
        .set("max.partition.fetch.bytes", "262144")
        .set("fetch.wait.max.ms", "100");
}

fn set_producer(config: &mut ClientConfig) {
    config
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random")
        .set("queue.buffering.max.messages", "500000")
        .set("queue.buffering.max.kbytes", "131072")
        // Back-to-back transactions would be 100 ms apart at least.
        .set("retry.backoff.ms", "20");
}

fn apply(config: &mut ClientConfig, properties: &BTreeMap<String, Secret>) {
    for (name, value) in properties {
        // librdkafka would take either of two names for one property.
        if name == "fetch.message.max.bytes" {
            config.remove("max.partition.fetch.bytes");
        }
        config.set(name, value.expose());
    }
}
