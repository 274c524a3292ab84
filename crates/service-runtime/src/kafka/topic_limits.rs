//! What a topic's configuration allows.

use std::collections::BTreeMap;

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::KafkaError;
use tracing::debug;

use super::CALL_TIMEOUT;
use super::quiet::Quiet;
use super::settings::admin_config;
use crate::Context;

const MAX_MESSAGE_BYTES: &str = "max.message.bytes";

/// `max.message.bytes` of `topics`: the size of the largest batch that each takes.
///
/// Asks once, for 2 s at most. A topic is missing in the answer where no broker gave
/// one, most of all because we may not ask (the right DescribeConfigs): what it takes
/// then shows in what it refuses.
pub fn max_message_bytes(topics: &[String], context: &Context) -> BTreeMap<String, usize> {
    let described = describe(topics, context);
    described.unwrap_or_else(|error| {
        debug!(%error, "cannot read what the topics take");
        BTreeMap::new()
    })
}

fn describe(topics: &[String], context: &Context) -> Result<BTreeMap<String, usize>, KafkaError> {
    let client =
        AdminClient::from_config_and_context(&admin_config(context), Quiet { client: "admin" })?;
    let options = AdminOptions::new().request_timeout(Some(CALL_TIMEOUT));
    let resources: Vec<_> = topics
        .iter()
        .map(|topic| ResourceSpecifier::Topic(topic))
        .collect();
    let answer = context
        .tokio
        .block_on(client.describe_configs(&resources, &options));
    // Its end takes up to 100 ms, which nobody should wait for.
    context.tokio.spawn_blocking(|| drop(client));
    let mut limits = BTreeMap::new();
    for (topic, described) in topics.iter().zip(answer?) {
        let limit = match &described {
            Ok(resource) => resource
                .get(MAX_MESSAGE_BYTES)
                .and_then(|entry| entry.value.as_ref()?.parse().ok()),
            Err(code) => {
                debug!(topic, ?code, "cannot read {MAX_MESSAGE_BYTES}");
                None
            }
        };
        if let Some(limit) = limit {
            limits.insert(topic.clone(), limit);
        }
    }
    Ok(limits)
}
