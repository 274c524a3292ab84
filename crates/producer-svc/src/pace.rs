//! When the next transaction is due.

use std::time::Duration;

/// The longest delay that is made up for; what is later shifts the schedule, so
/// that no burst follows a pause.
const MOST_CATCHING_UP: Duration = Duration::from_secs(1);

/// An even schedule. It reads no clock: times are given, counted from any start.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    due: Duration,
}

impl Pace {
    /// A schedule that begins at time 0.
    pub(crate) fn every(interval: Duration) -> Self {
        Self {
            interval,
            due: Duration::ZERO,
        }
    }

    /// How long to wait at `now` until the next transaction is due.
    pub(crate) fn wait(&self, now: Duration) -> Duration {
        self.due.saturating_sub(now)
    }

    /// The transaction that was due went at `now`.
    pub(crate) fn sent(&mut self, now: Duration) {
        let earliest = now.saturating_sub(MOST_CATCHING_UP);
        self.due = self.due.max(earliest) + self.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_are_spaced_evenly() {
        let times = times_of(Pace::every(Duration::from_millis(20)), 101, |_| {
            Duration::ZERO
        });
        for (number, time) in (0..).zip(&times) {
            assert_eq!(*time, Duration::from_millis(20) * number);
        }
    }

    #[test]
    fn the_rate_holds_although_each_wait_takes_longer_than_asked() {
        for rate in [50.0, 400.0] {
            let interval = Duration::from_secs_f64(1.0 / rate);
            let times = times_of(Pace::every(interval), 10_001, |_| {
                Duration::from_micros(600)
            });
            let measured = 10_000.0 / (times[10_000] - times[0]).as_secs_f64();
            assert!(
                (measured / rate - 1.0).abs() < 0.001,
                "{measured} instead of {rate}"
            );
        }
    }

    #[test]
    fn a_pause_is_followed_by_the_rate_and_not_by_a_burst() {
        let pause = Duration::from_secs(30);
        let times = times_of(Pace::every(Duration::from_millis(10)), 300, |number| {
            if number == 100 { pause } else { Duration::ZERO }
        });
        let resumed = times[100];
        let within_a_second = times[100..]
            .iter()
            .filter(|time| **time < resumed + Duration::from_secs(1))
            .count();
        // 100 a second, and the second that is made up for.
        assert!((100..=201).contains(&within_a_second), "{within_a_second}");
    }

    /// When transactions go if waiting for number n takes `overslept(n)` longer than asked.
    fn times_of(
        mut pace: Pace,
        count: usize,
        overslept: impl Fn(usize) -> Duration,
    ) -> Vec<Duration> {
        let mut now = Duration::ZERO;
        let mut times = Vec::new();
        for number in 0..count {
            let wait = pace.wait(now);
            if !wait.is_zero() {
                now += wait + overslept(number);
            }
            times.push(now);
            pace.sent(now);
        }
        times
    }
}
