//! Kafka clients.
//!
//! A [`GroupConsumer`] turns librdkafka's callbacks into values of one loop: the
//! rebalance callback records and returns, and the loop that polls completes an
//! assignment or a revocation when its own work allows. A [`Producer`] is idempotent and
//! tells each delivery to a callback.
//!
//! What is transient (no broker, wrong password, missing topic or right) is waited out:
//! the daemon stays alive, isn't ready, and one WARN a minute says what to do. What is
//! fatal for a client (fenced) ends the daemon with one line.

mod consumer;
mod consumer_events;
mod error_text;
mod lookup;
mod metrics;
mod producer;
mod reporter;
mod settings;
mod start;
mod topics;
mod troubles;

pub use consumer::{CommittedOffset, GroupConsumer, GroupOptions, Polled};
pub use consumer_events::ConsumerEvents;
pub use producer::{Producer, ProducerEvents, create_producer, judge};
pub use settings::producer_config;
pub use start::Start;
pub use topics::{TopicNeeds, wait_for_topics};

pub(crate) use metrics::KafkaMetrics;
pub(crate) use settings::check_properties;
pub(crate) use troubles::Troubles;
