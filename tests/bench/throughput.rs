//! How fast a contender works off a backlog, and what it takes for that.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use local_stack::{Isolation, Topic, TopicReader, create_topics, delete};
use serde_json::{Value, json};

use crate::contender::{Contender, Route, Running};
use crate::load::Backlog;
use crate::report::{median, print_row};
use crate::topic_end::TopicEnd;

/// Between two looks at how far it is.
const PAUSE: Duration = Duration::from_millis(20);
const TIMEOUT: Duration = Duration::from_secs(300);
/// A topic whose messages are still to be read has none for so long only at its end.
const QUIET: Duration = Duration::from_secs(2);
/// Long enough to connect.
const CONNECTING: Duration = Duration::from_millis(500);

/// Who works off which backlog.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    /// What it is called in the table.
    pub(crate) name: String,
    /// Who.
    pub(crate) contender: Contender,
    /// Which.
    pub(crate) backlog: &'a Backlog,
}

/// What one run showed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Throughput {
    /// From the start of the process to the first committed result.
    pub(crate) first_result: Duration,
    /// Transactions, from the first result that counts to the last one's commit.
    pub(crate) per_second: f64,
    /// CPU time of the contender's processes in the same span.
    pub(crate) cpu_seconds_per_million: f64,
    /// Of the processes, from their start.
    pub(crate) peak_bytes: u64,
    /// The same for the same results in any order.
    pub(crate) digest: u64,
}

impl Throughput {
    /// The medians, each for itself.
    pub(crate) fn median(runs: &[Self]) -> Self {
        let of = |field: fn(&Self) -> f64| median(runs.iter().map(field));
        let first_result = of(|run| run.first_result.as_secs_f64());
        Self {
            first_result: Duration::from_secs_f64(first_result),
            per_second: of(|run| run.per_second),
            cpu_seconds_per_million: of(|run| run.cpu_seconds_per_million),
            peak_bytes: of(|run| run.peak_bytes as f64) as u64,
            digest: runs[0].digest,
        }
    }

    /// For programs.
    pub(crate) fn json(&self, name: &str) -> Value {
        json!({
            "contender": name,
            "transactions_per_second": self.per_second,
            "cpu_seconds_per_million": self.cpu_seconds_per_million,
            "peak_bytes": self.peak_bytes,
            "first_result_seconds": self.first_result.as_secs_f64(),
        })
    }

    fn print(&self, about: &str) {
        let cells = [
            format!("{:.0}", self.per_second),
            format!("{:.2}", self.cpu_seconds_per_million),
            format!("{}", self.peak_bytes >> 20),
            format!("{:.2}", self.first_result.as_secs_f64()),
        ];
        print_row(about, &cells);
    }
}

/// Lets all of them work off their backlogs once a round, and prints a table. Of the
/// results of each run, the first `warm_up` don't count. The throughputs are by run, then
/// by round.
pub(crate) fn take_turns(
    broker: &str,
    runs: &[Run<'_>],
    rounds: usize,
    warm_up: i64,
) -> Result<Vec<Vec<Throughput>>> {
    let header = [
        "transactions/s",
        "CPU s/million",
        "peak MiB",
        "first result s",
    ];
    print_row("", &header.map(str::to_owned));
    let mut all = vec![Vec::new(); runs.len()];
    for round in 1..=rounds {
        for (number, (run, throughputs)) in runs.iter().zip(&mut all).enumerate() {
            let route = Route {
                broker: broker.to_owned(),
                from: run.backlog.topic.clone(),
                to: format!("results-{number}-{round}"),
                partitions: run.backlog.partitions,
            };
            let throughput = measure(run.contender, &route, run.backlog.count, warm_up)
                .with_context(|| format!("measuring {}", run.name))?;
            delete(&route.broker, &[&route.to], &[])?;
            throughput.print(&format!("{round}  {}", run.name));
            throughputs.push(throughput);
        }
    }
    for (run, throughputs) in runs.iter().zip(&all) {
        Throughput::median(throughputs).print(&format!("median  {}", run.name));
    }
    println!();
    Ok(all)
}

/// The state of a run at a moment.
struct Moment {
    time: Instant,
    messages: i64,
    cpu: Duration,
}

/// Lets the contender work off the `count` messages of a topic, and counts the results.
fn measure(contender: Contender, route: &Route, count: i64, warm_up: i64) -> Result<Throughput> {
    create_topics(&route.broker, &[Topic::new(&route.to, route.partitions)])?;
    let end = TopicEnd::new(&route.broker, &route.to, route.partitions)?;
    let reader = TopicReader::new(&route.broker, &route.to, Isolation::ReadCommitted)?;
    ensure!(reader.next(CONNECTING).is_none(), "a new topic is empty");

    let started = Instant::now();
    let mut running = contender.start(route, count)?;
    let first_result = wait_for_result(&mut running, &reader)?.duration_since(started);
    drop(reader);
    let first = wait_for(&mut running, &end, |messages, _| Ok(messages > warm_up))?;
    let last = wait_for(&mut running, &end, |messages, running| {
        Ok(messages >= count && running.is_done(count)?)
    })?;
    let peak_bytes = running.process().peak_memory()?;
    drop(running);

    let transactions = (count - first.messages) as f64;
    ensure!(transactions > 0.0, "too few transactions to measure");
    let cpu = last.cpu - first.cpu;
    Ok(Throughput {
        first_result,
        per_second: transactions / (last.time - first.time).as_secs_f64(),
        cpu_seconds_per_million: cpu.as_secs_f64() / transactions * 1e6,
        peak_bytes,
        digest: check_results(route, count)?,
    })
}

fn wait_for_result(running: &mut Running, reader: &TopicReader) -> Result<Instant> {
    let deadline = Instant::now() + TIMEOUT;
    while reader.next(PAUSE).is_none() {
        running.check()?;
        ensure!(Instant::now() < deadline, "no result after {TIMEOUT:?}");
    }
    Ok(Instant::now())
}

fn wait_for(
    running: &mut Running,
    end: &TopicEnd,
    is_there: impl Fn(i64, &Running) -> Result<bool>,
) -> Result<Moment> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let messages = end.messages()?;
        if is_there(messages, running)? {
            return Ok(Moment {
                time: Instant::now(),
                messages,
                cpu: running.process().cpu_time()?,
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

/// Each message has its result, and one only, as far as numbers tell; their digest.
fn check_results(route: &Route, count: i64) -> Result<u64> {
    let reader = TopicReader::new(&route.broker, &route.to, Isolation::ReadCommitted)?;
    let (mut results, mut digest) = (0, 0_u64);
    while let Some(result) = reader.next(QUIET) {
        let mut hasher = DefaultHasher::new();
        (result.key, result.value).hash(&mut hasher);
        digest = digest.wrapping_add(hasher.finish());
        results += 1;
    }
    ensure!(
        results == count,
        "{results} results of {count} transactions on {}",
        route.to
    );
    Ok(digest)
}
