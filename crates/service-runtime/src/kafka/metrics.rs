//! Metrics of all Kafka clients of the process.

use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};
use rdkafka::statistics::{Partition, Statistics};

/// Metrics of all Kafka clients of the process.
#[derive(Debug, Clone)]
pub(crate) struct KafkaMetrics {
    lag: IntGaugeVec,
    pub(super) assigned_partitions: IntGaugeVec,
    pub(super) skipped_offsets: IntCounterVec,
    pub(super) rebalances: IntCounterVec,
    pub(super) client_errors: IntCounterVec,
    consumer_queue: IntGaugeVec,
    producer_queue: IntGaugeVec,
    producer_queue_bytes: IntGaugeVec,
}

impl KafkaMetrics {
    pub(crate) fn register(registry: &Registry) -> Self {
        Self {
            lag: gauge(
                registry,
                "fraud_kafka_consumer_lag",
                "Messages between the position and the last stable offset; commit markers don't count.",
                &["group", "topic", "partition"],
            ),
            assigned_partitions: gauge(
                registry,
                "fraud_kafka_assigned_partitions",
                "Partitions that this process reads.",
                &["group", "topic"],
            ),
            skipped_offsets: counter(
                registry,
                "fraud_kafka_skipped_offsets_total",
                "Offsets that were gone before they were read, mostly by retention.",
                &["topic", "partition"],
            ),
            rebalances: counter(
                registry,
                "fraud_kafka_rebalances_total",
                "Assignments that this process was given.",
                &["group"],
            ),
            client_errors: counter(
                registry,
                "fraud_kafka_client_errors_total",
                "Errors that librdkafka reported.",
                &["client", "code"],
            ),
            consumer_queue: gauge(
                registry,
                "fraud_kafka_consumer_queue_messages",
                "Messages that were fetched and not yet read.",
                &["client"],
            ),
            producer_queue: gauge(
                registry,
                "fraud_kafka_producer_queue_messages",
                "Messages that wait for a broker's acknowledgement.",
                &["client"],
            ),
            producer_queue_bytes: gauge(
                registry,
                "fraud_kafka_producer_queue_bytes",
                "Size of the messages that wait for a broker's acknowledgement.",
                &["client"],
            ),
        }
    }

    pub(super) fn observe_queues(&self, client: &str, statistics: &Statistics) {
        if statistics.client_type == "producer" {
            self.producer_queue
                .with_label_values(&[client])
                .set(signed(statistics.msg_cnt));
            self.producer_queue_bytes
                .with_label_values(&[client])
                .set(signed(statistics.msg_size));
            return;
        }
        // The partitions' queues lead into one, and each tells that one's length.
        let partitions = statistics
            .topics
            .values()
            .flat_map(|topic| topic.partitions.values());
        let fetched = partitions
            .map(|partition| partition.fetchq_cnt)
            .max()
            .unwrap_or(0);
        self.consumer_queue
            .with_label_values(&[client])
            .set(fetched);
    }

    pub(super) fn observe_lag(
        &self,
        group: &str,
        topic: &str,
        partition: i32,
        statistics: &Partition,
    ) {
        if let Some(lag) = lag(statistics) {
            self.lag
                .with_label_values(&[group, topic, &partition.to_string()])
                .set(lag);
        }
    }

    /// Shows the partitions' counters at 0, so that a first increase is seen as one.
    pub(super) fn expect_skips<'a>(&self, topic: &str, partitions: impl Iterator<Item = &'a i32>) {
        for partition in partitions {
            self.skipped_offsets
                .with_label_values(&[topic, &partition.to_string()]);
        }
    }

    /// The partitions are no longer ours.
    pub(super) fn forget_lag<'a>(
        &self,
        group: &str,
        topic: &str,
        partitions: impl Iterator<Item = &'a i32>,
    ) {
        for partition in partitions {
            // Absent where no statistics came between assignment and revocation.
            let _ = self
                .lag
                .remove_label_values(&[group, topic, &partition.to_string()]);
        }
    }
}

/// Messages between the position and the last stable offset, if both are known.
///
/// The position that the application sees stands still before commit markers and
/// aborted messages, which are never handed out. The fetcher's position passes them: so
/// where nothing waits in the queue, everything before the fetcher's position is done.
fn lag(statistics: &Partition) -> Option<i64> {
    let is_queue_empty = statistics.fetchq_cnt == 0;
    let fetched = if is_queue_empty {
        statistics.next_offset
    } else {
        -1
    };
    let position = statistics.app_offset.max(fetched);
    if position < 0 || statistics.ls_offset < 0 {
        return None;
    }
    Some((statistics.ls_offset - position).max(0))
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn gauge(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    let gauge = IntGaugeVec::new(Opts::new(name, help), labels).expect("the metric is well-formed");
    registry
        .register(Box::new(gauge.clone()))
        .expect("no metric is registered twice");
    gauge
}

fn counter(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    let counter =
        IntCounterVec::new(Opts::new(name, help), labels).expect("the metric is well-formed");
    registry
        .register(Box::new(counter.clone()))
        .expect("no metric is registered twice");
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(app_offset: i64, next_offset: i64, fetchq_cnt: i64, ls_offset: i64) -> Partition {
        Partition {
            app_offset,
            next_offset,
            fetchq_cnt,
            ls_offset,
            ..Partition::default()
        }
    }

    #[test]
    fn messages_in_the_queue_count_as_lag() {
        assert_eq!(lag(&partition(10, 15, 5, 15)), Some(5));
    }

    #[test]
    fn a_commit_marker_behind_the_last_message_is_no_lag() {
        assert_eq!(lag(&partition(10, 11, 0, 11)), Some(0));
    }

    #[test]
    fn a_partition_of_markers_alone_has_no_lag() {
        assert_eq!(lag(&partition(-1001, 7, 0, 7)), Some(0));
    }

    #[test]
    fn a_position_beyond_an_older_end_is_no_negative_lag() {
        assert_eq!(lag(&partition(12, 12, 0, 10)), Some(0));
    }

    #[test]
    fn nothing_is_said_before_the_first_fetch() {
        assert_eq!(lag(&partition(-1001, 5, 0, -1001)), None);
        assert_eq!(lag(&partition(-1001, -1001, 0, 5)), None);
    }
}
