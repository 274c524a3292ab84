//! The free-form tables of librdkafka properties.

use ::config::{Value, ValueKind};

use super::ConfigError;
use super::sources::from_environment;

/// The keys of `[kafka]` that hold any librdkafka property.
pub(super) const FREE_TABLES: [&str; 3] =
    ["properties", "consumer_properties", "producer_properties"];

/// What a key or a guarantee owns, and what to do instead.
const OWNED: &[(&str, &str)] = &[
    ("bootstrap.servers", "set kafka.bootstrap_servers"),
    ("metadata.broker.list", "set kafka.bootstrap_servers"),
    ("security.protocol", "set kafka.security_protocol"),
    ("sasl.mechanism", "set kafka.sasl_mechanism"),
    ("sasl.mechanisms", "set kafka.sasl_mechanism"),
    ("sasl.username", "set kafka.username"),
    ("sasl.password", "set kafka.password or kafka.password_file"),
    ("ssl.ca.location", "set kafka.ca_file"),
    ("session.timeout.ms", "set kafka.session_timeout"),
    ("client.id", "it is the daemon's name"),
    ("group.id", "set scorer.group or sink.group"),
    (
        "group.instance.id",
        "set scorer.transactional_id or sink.instance_id",
    ),
    (
        "group.protocol",
        "transactions rely on the classic protocol",
    ),
    (
        "partition.assignment.strategy",
        "transactions rely on whole rebalances (range)",
    ),
    ("enable.auto.commit", "offsets are committed with the work"),
    (
        "enable.auto.offset.store",
        "offsets are committed with the work",
    ),
    (
        "auto.commit.interval.ms",
        "offsets are committed with the work",
    ),
    ("enable.partition.eof", "the loop doesn't use it"),
    ("isolation.level", "only committed messages count"),
    ("auto.offset.reset", "set scorer.start or sink.start"),
    ("allow.auto.create.topics", "clients never create topics"),
    ("transactional.id", "set scorer.transactional_id"),
    ("transaction.timeout.ms", "set scorer.transaction_timeout"),
    ("enable.idempotence", "it keeps results from repeating"),
    (
        "enable.gapless.guarantee",
        "it is part of what idempotence is",
    ),
    (
        "partitioner",
        "Spark's and Java's producers must agree with ours (murmur2_random)",
    ),
    ("acks", "idempotence needs all"),
    ("request.required.acks", "idempotence needs all"),
    ("delivery.report.only.error", "deliveries are counted"),
    (
        "statistics.interval.ms",
        "the metrics are made of the statistics",
    ),
    (
        "log_level",
        "set log.filter, such as \"info,librdkafka=debug\"",
    ),
    ("log.queue", "logs go through log.filter"),
    ("test.mock.num.brokers", "it is for librdkafka's own tests"),
];

/// One source's free-form table as a flat table of texts: nested tables (`linger.ms = 5`)
/// and quoted names (`"linger.ms" = 5`) mean the same; in a variable underscores are dots.
pub(super) fn flatten(path: &str, value: Value) -> Result<toml::Table, ConfigError> {
    let mut properties = toml::Table::new();
    visit(path, "", value, &mut properties)?;
    ConfigError::all(properties.keys().map(|name| refuse_owned(path, name)))?;
    Ok(properties)
}

fn visit(
    path: &str,
    name: &str,
    value: Value,
    properties: &mut toml::Table,
) -> Result<(), ConfigError> {
    let is_variable = from_environment(&value);
    let text = match value.kind {
        ValueKind::Table(children) => {
            return children.into_iter().try_for_each(|(child, value)| {
                let name = if name.is_empty() {
                    child
                } else {
                    format!("{name}.{child}")
                };
                visit(path, &name, value, properties)
            });
        }
        ValueKind::String(text) => text,
        ValueKind::I64(number) => number.to_string(),
        ValueKind::Float(number) => number.to_string(),
        ValueKind::Boolean(truth) => truth.to_string(),
        _ => {
            return Err(ConfigError(format!(
                "{path}: {name} must be text, a number, true or false"
            )));
        }
    };
    if name.is_empty() {
        return Err(ConfigError(format!(
            "{path} is a table: write [{path}] and properties below"
        )));
    }
    let name = if is_variable {
        name.replace('_', ".")
    } else {
        name.to_owned()
    };
    properties.insert(name, text.into());
    Ok(())
}

fn refuse_owned(path: &str, name: &str) -> Result<(), ConfigError> {
    match OWNED.iter().find(|(owned, _)| *owned == name) {
        Some((_, instead)) => Err(ConfigError(format!("{path} may not set {name}: {instead}"))),
        None => Ok(()),
    }
}
