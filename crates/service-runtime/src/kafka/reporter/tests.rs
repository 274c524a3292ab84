use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::Registry;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::statistics::{Broker, Partition, Topic};

use super::*;
use crate::config::test_kafka_config;

const REFUSED: &str =
    "user \"alice\" may not use topic \"results\": grant it Read and Describe on the topic";

fn reporter(health: &Health) -> Reporter {
    Reporter {
        client: "consumer sink-0".into(),
        who: Who {
            topic: "results".into(),
            group: "sink".into(),
            id: "sink-0".into(),
        },
        metrics: KafkaMetrics::register(&Registry::new()),
        troubles: Troubles::new(health.clone()),
        health: health.clone(),
        kafka: test_kafka_config("broker:9092", "alice"),
        cause: Mutex::default(),
        all_down: AtomicBool::new(false),
        session_loss: Mutex::default(),
        topic_refused: Mutex::default(),
        may_lack_access: AtomicBool::new(true),
    }
}

/// Of this many seconds from now: the broker is up, and grants what is fetched, or not.
fn statistics(seconds: i64, is_granted: bool) -> Statistics {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let partition = Partition {
        fetch_state: "active".into(),
        hi_offset: if is_granted { 7 } else { -1 },
        ..Partition::default()
    };
    let topic = Topic {
        partitions: [(0, partition)].into(),
        ..Topic::default()
    };
    let broker = Broker {
        state: "UP".into(),
        ..Broker::default()
    };
    Statistics {
        time: i64::try_from(now.as_secs()).unwrap() + seconds,
        brokers: [("broker:9092/1".into(), broker)].into(),
        topics: [("results".into(), topic)].into(),
        ..Statistics::default()
    }
}

fn refuse(reporter: &Reporter) {
    let code = RDKafkaErrorCode::TopicAuthorizationFailed;
    reporter.event(&KafkaError::MessageConsumption(code), "");
}

/// librdkafka tells a refusal once: what ends it too soon ends it for good.
#[test]
fn statistics_of_before_a_refusal_do_not_end_it() {
    let health = Health::default();
    let reporter = reporter(&health);
    refuse(&reporter);
    for age in [1, 2] {
        reporter.statistics(&statistics(-age, true));
        assert_eq!(health.not_ready(), [REFUSED], "{age} s old");
    }
}

#[test]
fn statistics_of_after_a_refusal_end_it_once_every_fetch_is_granted() {
    let health = Health::default();
    let reporter = reporter(&health);
    refuse(&reporter);
    reporter.statistics(&statistics(1, false));
    assert_eq!(health.not_ready(), [REFUSED]);
    reporter.statistics(&statistics(1, true));
    assert!(health.not_ready().is_empty(), "{:?}", health.not_ready());
}
