//! What librdkafka's statistics tell, and of which time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::statistics::Statistics;

/// How long ago they were taken, at most: they wait in the client's queue while a call
/// blocks its thread. Their own time is in whole seconds.
pub(super) fn age(statistics: &Statistics) -> Duration {
    let taken = Duration::from_secs(u64::try_from(statistics.time).unwrap_or(0));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().saturating_sub(taken)
}

/// Whether the last fetch of every partition was granted: a refused one has no high
/// watermark, and librdkafka reports the first refusal only, and no end of them.
pub(super) fn is_fetching(statistics: &Statistics, topic: &str) -> bool {
    let Some(topic) = statistics.topics.get(topic) else {
        return false;
    };
    let mut fetched = topic
        .partitions
        .values()
        .filter(|partition| partition.fetch_state == "active")
        .peekable();
    fetched.peek().is_some() && fetched.all(|partition| partition.hi_offset >= 0)
}
