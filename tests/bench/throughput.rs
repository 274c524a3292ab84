//! How fast a contender works off a backlog, and what it takes for that.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use local_stack::{Isolation, Topic, TopicReader, create_topics};

use crate::contender::{Contender, Route, Running};
use crate::load::PARTITIONS;
use crate::topic_end::TopicEnd;

/// Between two looks at how far it is.
const PAUSE: Duration = Duration::from_millis(20);
const TIMEOUT: Duration = Duration::from_secs(300);
/// A topic whose messages are still to be read has none for so long only at its end.
const QUIET: Duration = Duration::from_secs(2);

/// What one run showed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Throughput {
    /// Transactions, from the first result to the last one's commit.
    pub(crate) per_second: f64,
    /// CPU time of the contender's process in the same span.
    pub(crate) cpu_seconds_per_million: f64,
    /// Of the process, from its start.
    pub(crate) peak_bytes: u64,
}

/// The state of a run at a moment.
struct Moment {
    time: Instant,
    messages: i64,
    cpu: Duration,
}

/// Lets the contender work off the `count` messages of a topic, and counts the results.
pub(crate) fn measure(contender: Contender, route: &Route, count: i64) -> Result<Throughput> {
    create_topics(&route.broker, &[Topic::new(&route.to, PARTITIONS)])?;
    let end = TopicEnd::new(&route.broker, &route.to)?;
    let mut running = contender.start(route, count)?;
    let first = wait_for(&mut running, &end, |messages, _| Ok(messages > 0))?;
    let last = wait_for(&mut running, &end, |messages, running| {
        Ok(messages >= count && running.is_done(count)?)
    })?;
    let peak_bytes = running.peak_memory()?;
    drop(running);
    check_results(route, count)?;

    let transactions = (count - first.messages) as f64;
    let cpu = last.cpu - first.cpu;
    Ok(Throughput {
        per_second: transactions / (last.time - first.time).as_secs_f64(),
        cpu_seconds_per_million: cpu.as_secs_f64() / transactions * 1e6,
        peak_bytes,
    })
}

fn wait_for(
    running: &mut Running,
    end: &TopicEnd,
    is_there: impl Fn(i64, &mut Running) -> Result<bool>,
) -> Result<Moment> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let messages = end.messages()?;
        if is_there(messages, running)? {
            return Ok(Moment {
                time: Instant::now(),
                messages,
                cpu: running.cpu_time()?,
            });
        }
        running.check()?;
        ensure!(
            Instant::now() < deadline,
            "{messages} messages after {TIMEOUT:?}"
        );
        thread::sleep(PAUSE);
    }
}

/// Each message has its result, and one only, as far as numbers tell.
fn check_results(route: &Route, count: i64) -> Result<()> {
    let reader = TopicReader::new(&route.broker, &route.to, Isolation::ReadCommitted)?;
    let mut results = 0;
    while reader.next(QUIET).is_some() {
        results += 1;
    }
    ensure!(
        results == count,
        "{results} results of {count} transactions on {}",
        route.to
    );
    Ok(())
}
