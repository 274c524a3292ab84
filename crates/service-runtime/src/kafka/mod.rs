//! Kafka clients.
//!
//! A [`GroupConsumer`] turns librdkafka's callbacks into values of one loop: the
//! rebalance callback records and returns, and the loop that polls completes an
//! assignment or a revocation when its own work allows.

mod consumer;
mod start;

pub use consumer::{CommittedOffset, GroupConsumer, GroupOptions, Polled};
pub use start::Start;
