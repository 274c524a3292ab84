//! Waiting for what a producer has under way.

#![expect(
    unsafe_code,
    reason = "rdkafka's flush asks librdkafka for no time, over and over"
)]

use std::time::Duration;

use rdkafka::bindings::rd_kafka_flush;
use rdkafka::producer::Producer as _;

use super::Producer;

/// Sends what waits for company, and waits until nothing is under way any more, at most
/// `timeout`. `rdkafka`'s own returns up to 100 ms later than that.
pub fn flush(producer: &Producer, timeout: Duration) {
    let timeout = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the client lives. The error says that something is still under way.
    unsafe { rd_kafka_flush(producer.client().native_ptr(), timeout) };
}
