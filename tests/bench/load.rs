//! The transactions that all contenders read, sent once.

use std::time::Duration;

use anyhow::{Result, ensure};
use local_stack::{Broker, DaemonCommand, Topic, checkout, create_topics, simulate, wait_until};

use crate::topic_end::TopicEnd;

/// Of every topic.
pub(crate) const PARTITIONS: i32 = 4;
/// The topic of the transactions.
pub(crate) const TRANSACTIONS: &str = "transactions";

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

/// Makes the topics and sends at least `count` simulated transactions, the same ones over
/// and over; returns how many there are.
pub(crate) fn transactions(broker: &Broker, count: i64) -> Result<i64> {
    let address = broker.address();
    let topics = [TRANSACTIONS, "transactions.dead-letter"];
    create_topics(&address, &topics.map(|name| Topic::new(name, PARTITIONS)))?;
    let folder = checkout().join("target/bench/transactions");
    if !folder.is_dir() {
        simulate(&folder, &SIMULATION, TIMEOUT)?;
    }
    let mut producer = DaemonCommand::new("producer-svc")
        .set("kafka.bootstrap_servers", &address)
        .set("producer.source", &folder)
        .set("producer.repeat", "true")
        .start()?;
    let end = TopicEnd::new(&address, TRANSACTIONS)?;
    wait_until("the transactions", TIMEOUT, || {
        ensure!(
            producer.exit_status()?.is_none(),
            "producer-svc ended: {}",
            producer.stderr()
        );
        Ok(end.messages()? >= count)
    })?;
    producer.terminate(TIMEOUT)?;
    end.messages()
}
