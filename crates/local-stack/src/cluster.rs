//! Kafka for one run of the whole stack.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, ensure};
use local_stack::{
    Access, Broker, BrokerOptions, DaemonCommand, Security, TOPICS, Topic, USERS, create_topics,
    delete, end_offsets, grant, least_rights, user_of,
};

use crate::Place;
use crate::kafka_command::start_broker;

const PARTITIONS: i32 = 4;
const SCORER_GROUP: &str = "fraud-scorer";
const SINK_GROUP: &str = "fraud-results-sink";

/// A broker of our own, or topics of our own on somebody else's.
pub(crate) struct Cluster {
    broker: Option<Broker>,
    access: Access,
    /// Before the names of topics and groups. Where the broker isn't ours, a topic
    /// called `transactions` may be the real one.
    prefix: String,
    /// Whether there are topics on somebody else's broker to remove.
    has_guests: bool,
}

impl Cluster {
    /// Uses the broker that is there, else starts one, and makes the topics. On a
    /// secured one each daemon has the rights that it needs.
    pub(crate) fn start(place: &Place) -> Result<Self> {
        let mut cluster = match place.broker() {
            None => {
                let broker = start_broker(&if place.secured {
                    BrokerOptions::secured(Arc::new(Security::new(&USERS)?))
                } else {
                    BrokerOptions::default()
                })?;
                Self {
                    access: broker.access(),
                    broker: Some(broker),
                    prefix: String::new(),
                    has_guests: false,
                }
            }
            Some(address) => Self {
                broker: None,
                access: Access::from(address),
                prefix: format!("local-stack-{:08x}.", rand::random::<u32>()),
                has_guests: false,
            },
        };
        let names = cluster.topics();
        let topics: Vec<_> = names
            .iter()
            .map(|name| Topic::new(name, PARTITIONS))
            .collect();
        create_topics(&cluster.access, &topics)?;
        if place.secured {
            grant(&cluster.access, &least_rights(|name| cluster.topic(name))?)?;
        }
        cluster.has_guests = cluster.broker.is_none();
        Ok(cluster)
    }

    /// For the one that may do all.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// What Kafka's own tools need to do all on a secured broker.
    pub(crate) fn admin_properties(&self) -> Option<PathBuf> {
        let security = self.broker.as_ref()?.security()?;
        Some(security.admin_properties())
    }

    /// The name here of the topic that is called `name` by default.
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The four topics.
    pub(crate) fn topics(&self) -> [String; 4] {
        TOPICS.map(|name| self.topic(name))
    }

    /// How many records `topic` ever took; markers of transactions count.
    pub(crate) fn records(&self, topic: &str) -> Result<i64> {
        Ok(end_offsets(&self.access, &self.topic(topic))?
            .values()
            .sum())
    }

    /// A daemon that works here; on a secured broker, as a user of its own.
    pub(crate) fn daemon(&self, binary: &str) -> DaemonCommand {
        let security = self.broker.as_ref().and_then(Broker::security);
        DaemonCommand::new(binary)
            .kafka(&Access {
                address: self.access.address.clone(),
                login: security.map(|security| security.login(user_of(binary))),
            })
            .topics(|name| self.topic(name))
            .set("scorer.group", self.topic(SCORER_GROUP))
            .set("sink.group", self.topic(SINK_GROUP))
    }

    /// An error if the broker is ours and ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        if let Some(broker) = &mut self.broker {
            ensure!(broker.is_running()?, "Kafka ended");
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.has_guests {
            return;
        }
        eprintln!("removing the topics and groups {}* …", self.prefix);
        let topics = self.topics();
        let topics: Vec<_> = topics.iter().map(String::as_str).collect();
        let groups = [self.topic(SCORER_GROUP), self.topic(SINK_GROUP)];
        if let Err(error) = delete(&self.access, &topics, &[&groups[0], &groups[1]]) {
            eprintln!(
                "topics {}* are left on {}: {error:#}",
                self.prefix, self.access
            );
        }
    }
}
