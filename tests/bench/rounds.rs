//! Rounds of measurements that take turns on one thread.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::report::median;

/// How often to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RoundsArguments {
    /// Rounds; the median counts
    #[arg(long, default_value_t = 15)]
    pub(crate) rounds: usize,
}

/// One of those that take turns: what it is called, and the work that is timed.
pub(crate) type Contestant<'a> = (&'a str, &'a mut dyn FnMut());

/// Lets all of them work once a round, after one round that doesn't count; the median
/// time of each, in which the processor was ours.
pub(crate) fn take_turns(rounds: usize, contestants: &mut [Contestant<'_>]) -> Vec<Duration> {
    let mut seconds = vec![Vec::with_capacity(rounds); contestants.len()];
    for round in 0..=rounds {
        for ((_, work), seconds) in contestants.iter_mut().zip(&mut seconds) {
            let started = thread_time();
            work();
            if round > 0 {
                seconds.push(thread_time() - started);
            }
        }
    }
    let medians = seconds.into_iter().map(median);
    medians.map(Duration::from_secs_f64).collect()
}

/// Seconds that this thread has run: what else the machine does counts less than on the
/// clock on the wall.
fn thread_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
