//! How soon work is done: after a commit, and again after an interruption.

use std::time::{Duration, Instant};

use service_runtime::OnceAMinute;
use tracing::{debug, warn};

const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A transaction that begins before the broker has written the markers of the last one is
/// told to try again, and librdkafka does that 20 ms later: a moment's rest is shorter.
const REST: Duration = Duration::from_millis(3);
/// The first work after the start is this much shorter: who waits for a scorer waits for
/// its first results.
const FIRST: u32 = 10;

/// Learns from interruptions and commits.
#[derive(Debug, Default)]
pub(super) struct Pace {
    failures: u32,
    warning: OnceAMinute,
    committed: Option<Instant>,
}

impl Pace {
    /// Work was committed.
    pub(super) fn committed(&mut self) {
        self.failures = 0;
        self.committed = Some(Instant::now());
    }

    /// The longest that work stays uncommitted, where that is `interval` in the long run.
    pub(super) fn commit_interval(&self, interval: Duration) -> Duration {
        if self.committed.is_some() {
            interval
        } else {
            interval / FIRST
        }
    }

    /// How long nothing should be sent yet after the last commit.
    pub(super) fn rest(&self) -> Duration {
        self.committed.map_or(Duration::ZERO, |committed| {
            REST.saturating_sub(committed.elapsed())
        })
    }

    /// Work was interrupted for `reason`; how long to pause before it is done again.
    /// What passes by itself, such as a rebalance, is tried again at once.
    pub(super) fn interrupted(&mut self, reason: &str) -> Duration {
        self.failures += 1;
        if self.failures == 1 {
            debug!(reason, "work is undone and read again");
            return Duration::ZERO;
        }
        if self.warning.is_due() {
            warn!("cannot commit, so work is undone and read again: {reason}");
        }
        let doublings = (self.failures - 2).min(16);
        SHORTEST_PAUSE
            .saturating_mul(1 << doublings)
            .min(LONGEST_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_work_is_shorter_until_it_is_committed() {
        let mut pace = Pace::default();
        let interval = Duration::from_millis(100);
        pace.interrupted("test");
        assert_eq!(pace.commit_interval(interval), Duration::from_millis(10));
        pace.committed();
        assert_eq!(pace.commit_interval(interval), interval);
    }

    #[test]
    fn the_first_failure_is_retried_at_once_and_later_ones_ever_more_slowly() {
        let mut pace = Pace::default();
        let pauses: Vec<u128> = (0..9)
            .map(|_| pace.interrupted("test").as_millis())
            .collect();
        assert_eq!(pauses, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        pace.committed();
        assert_eq!(pace.interrupted("test"), Duration::ZERO);
    }
}
