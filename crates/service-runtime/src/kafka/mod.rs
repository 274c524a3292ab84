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

mod batch_consumer;
mod consumer;
mod consumer_events;
mod error_text;
mod fetched_message;
mod flush;
mod headers;
mod lookup;
mod member;
mod metrics;
mod polled;
mod producer;
mod quiet;
mod record_size;
mod reporter;
mod session_loss;
mod settings;
mod start;
mod statistics;
mod topic_limits;
mod topic_reader;
mod topic_sender;
mod topics;
mod troubles;

use std::time::Duration;

pub use consumer::GroupConsumer;
pub use fetched_message::{FetchedMessage, NativeMessage};
pub use flush::flush;
pub use headers::{Headers, find_header, header_position, keep_headers, last_header};
pub use polled::{CommittedOffset, GroupOptions, Polled};
pub use producer::{
    Producer, ProducerEvents, acknowledged, create_producer, is_lost, judge, may_use_id,
};
pub use record_size::{HeadersSize, batch_size_alone};
pub use settings::producer_config;
pub use start::Start;
pub use topic_limits::max_message_bytes;
pub use topic_reader::{OffsetRange, TopicReader};
pub use topic_sender::{TopicRecord, TopicSender};
pub use topics::{TopicNeeds, wait_for_topics};

pub(crate) use metrics::KafkaMetrics;
pub(crate) use settings::check_properties;
pub(crate) use troubles::Troubles;

/// The longest that one question to a broker may take; then it is asked again.
const CALL_TIMEOUT: Duration = Duration::from_secs(2);
/// Between two tries of what a broker didn't answer.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
