//! The text of `server.properties`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::{Listener, Security};

/// What a single broker for tests needs beside its listeners and folder.
const FOR_TESTS: [(&str, &str); 13] = [
    ("process.roles", "broker,controller"),
    ("node.id", "1"),
    ("controller.listener.names", "CONTROLLER"),
    // Topics are made on purpose, never by a client's mistake.
    ("auto.create.topics.enable", "false"),
    // One broker holds every replica.
    ("offsets.topic.replication.factor", "1"),
    ("transaction.state.log.replication.factor", "1"),
    ("transaction.state.log.min.isr", "1"),
    // Each partition of these costs files and start-up time.
    ("offsets.topic.num.partitions", "4"),
    ("transaction.state.log.num.partitions", "4"),
    // Nobody waits for more members to join, and a lost one is noticed soon.
    ("group.initial.rebalance.delay.ms", "0"),
    ("group.min.session.timeout.ms", "1000"),
    // An abandoned transaction blocks its readers no longer than it must.
    (
        "transaction.abort.timed.out.transaction.cleanup.interval.ms",
        "1000",
    ),
    ("log.retention.check.interval.ms", "1000"),
];

/// `overrides` win over everything else.
pub(super) fn text(
    listeners: &[Listener],
    controller_port: u16,
    data: &Path,
    security: Option<&Security>,
    overrides: &BTreeMap<String, String>,
) -> String {
    let mut properties: BTreeMap<String, String> = FOR_TESTS
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let join = |text: fn(&Listener) -> String| -> String {
        listeners.iter().map(text).collect::<Vec<_>>().join(",")
    };
    let listening = join(|listener| format!("{}://{}", listener.name, listener.address()));
    let protocols = join(|listener| format!("{}:{}", listener.name, listener.security_protocol));
    let controller = if security.is_some() {
        "SSL"
    } else {
        "PLAINTEXT"
    };
    properties.extend([
        (
            "controller.quorum.voters".to_owned(),
            format!("1@127.0.0.1:{controller_port}"),
        ),
        (
            "listeners".to_owned(),
            format!("{listening},CONTROLLER://127.0.0.1:{controller_port}"),
        ),
        (
            "advertised.listeners".to_owned(),
            join(|listener| format!("{}://{}", listener.name, listener.advertised())),
        ),
        (
            "listener.security.protocol.map".to_owned(),
            format!("{protocols},CONTROLLER:{controller}"),
        ),
        (
            "inter.broker.listener.name".to_owned(),
            listeners[0].name.clone(),
        ),
        ("log.dirs".to_owned(), data.display().to_string()),
    ]);
    for listener in listeners {
        let prefix = format!("listener.name.{}", listener.name.to_lowercase());
        for (key, value) in &listener.properties {
            properties.insert(format!("{prefix}.{key}"), value.clone());
        }
    }
    properties.extend(security.map(Security::properties).unwrap_or_default());
    properties.extend(overrides.clone());
    properties
        .iter()
        .fold(String::new(), |mut text, (key, value)| {
            // A backslash starts an escape in Java's properties.
            let value = value.replace('\\', "\\\\");
            writeln!(text, "{key}={value}").expect("a String takes any text");
            text
        })
}
