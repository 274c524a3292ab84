//! The callbacks of a consumer: they record and return.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;
use tracing::error;

use super::reporter::Reporter;

/// What the group decided, to be answered by the loop.
#[derive(Debug)]
pub(super) enum Rebalance {
    Assigned(Vec<i32>),
    Revoked { lost: bool },
}

/// The callbacks of a [`super::GroupConsumer`].
#[derive(Debug)]
pub(super) struct ConsumerEvents {
    pub(super) reporter: Arc<Reporter>,
    pub(super) rebalances: Mutex<VecDeque<Rebalance>>,
    /// While the client closes nobody polls: a revocation must be answered here.
    pub(super) closing: AtomicBool,
}

impl ConsumerEvents {
    pub(super) fn new(reporter: Arc<Reporter>) -> Self {
        Self {
            reporter,
            rebalances: Mutex::default(),
            closing: AtomicBool::new(false),
        }
    }

    pub(super) fn has_rebalance(&self) -> bool {
        !self.lock().is_empty()
    }

    pub(super) fn next_rebalance(&self) -> Option<Rebalance> {
        self.lock().pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Rebalance>> {
        self.rebalances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for ConsumerEvents {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.reporter.log(level, facility, text);
    }

    fn stats(&self, statistics: Statistics) {
        self.reporter.statistics(&statistics);
        let who = &self.reporter.who;
        let Some(topic) = statistics.topics.get(&who.topic) else {
            return;
        };
        for (&number, partition) in topic
            .partitions
            .iter()
            .filter(|(_, partition)| partition.fetch_state == "active")
        {
            self.reporter
                .metrics
                .observe_lag(&who.group, &who.topic, number, partition);
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.reporter.event(&error, reason);
    }
}

impl ConsumerContext for ConsumerEvents {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        if self.closing.load(Ordering::Acquire) {
            if let Err(error) = consumer.unassign() {
                error!(%error, "cannot give the partitions back");
            }
            return;
        }
        let rebalance = if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let elements = partitions.elements();
            Rebalance::Assigned(elements.iter().map(|element| element.partition()).collect())
        } else {
            Rebalance::Revoked {
                lost: consumer.assignment_lost(),
            }
        };
        self.lock().push_back(rebalance);
    }
}
