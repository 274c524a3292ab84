//! The Kafka of a run, and the transactions that all contenders read, sent once.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use local_stack::{
    Broker, BrokerOptions, DaemonCommand, Topic, checkout, create_topics, simulate, wait_until,
};

use crate::topic_end::TopicEnd;

const TIMEOUT: Duration = Duration::from_secs(600);
/// 200,000 transactions, with the model's proportions of customers to terminals.
const SIMULATION: [&str; 6] = [
    "--customers",
    "5000",
    "--terminals",
    "10000",
    "--days",
    "20",
];

/// A topic of transactions that wait to be scored.
#[derive(Debug, Clone)]
pub(crate) struct Backlog {
    /// Its name.
    pub(crate) topic: String,
    /// Its partitions; the results get as many.
    pub(crate) partitions: i32,
    /// The transactions on it.
    pub(crate) count: i64,
}

/// Starts a broker that has a topic for dead letters and no other.
pub(crate) fn start_broker() -> Result<Broker> {
    let options = BrokerOptions {
        // What was measured makes room for what comes.
        properties: BTreeMap::from([("log.segment.delete.delay.ms".to_owned(), "100".to_owned())]),
        ..BrokerOptions::default()
    };
    println!("starting Kafka {}", options.version);
    let broker = Broker::start(&options)?;
    create_topics(
        &broker.address(),
        &[Topic::new("transactions.dead-letter", 1)],
    )?;
    Ok(broker)
}

/// Makes the topic and sends at least `count` simulated transactions, the same ones over
/// and over.
pub(crate) fn backlog(
    broker: &Broker,
    topic: &str,
    partitions: i32,
    count: i64,
) -> Result<Backlog> {
    println!("sending {count} transactions to {partitions} partitions");
    let address = broker.address();
    create_topics(&address, &[Topic::new(topic, partitions)])?;
    let folder = checkout().join("target/bench/transactions");
    if !folder.is_dir() {
        simulate(&folder, &SIMULATION, TIMEOUT)?;
    }
    let mut producer = DaemonCommand::new("producer-svc")
        .set("kafka.bootstrap_servers", &address)
        .set("topics.transactions", topic)
        .set("producer.source", &folder)
        .set("producer.repeat", "true")
        .start()?;
    let end = TopicEnd::new(&address, topic, partitions)?;
    wait_until("the transactions", TIMEOUT, || {
        ensure!(
            producer.exit_status()?.is_none(),
            "producer-svc ended: {}",
            producer.stderr()
        );
        Ok(end.messages()? >= count)
    })?;
    producer.terminate(TIMEOUT)?;
    Ok(Backlog {
        topic: topic.to_owned(),
        partitions,
        count: end.messages()?,
    })
}
