//! How long a message takes at a steady rate.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use local_stack::{Isolation, Topic, TopicReader, create_topics, delete};
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use serde_json::{Value, json};

use crate::contender::{Contender, Route};
use crate::load::Backlog;
use crate::report::{self, print_row};

/// Until connections are made and caches are warm, nothing counts.
const WARM_UP_SECONDS: u32 = 2;
/// The longest that a result is waited for: Spark takes its time to start.
const PATIENCE: Duration = Duration::from_secs(120);

/// What to measure.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// host:port.
    pub(crate) broker: &'a str,
    /// Where transactions are taken from.
    pub(crate) backlog: &'a Backlog,
    /// Who takes turns; `None`: a topic that is written and read, and nothing between.
    pub(crate) contenders: &'a [Option<Contender>],
    /// Messages a second, one rate after the other.
    pub(crate) rates: &'a [u32],
    /// How often.
    pub(crate) rounds: usize,
    /// How long each rate is measured in a round.
    pub(crate) seconds: u32,
    /// Transactions that each passes on before, as fast as it can.
    pub(crate) warm_up: usize,
}

/// What all rounds of one contender at one rate showed.
#[derive(Debug)]
pub(crate) struct Latency {
    /// Messages a second.
    pub(crate) rate: u32,
    /// `None`: the topic alone.
    pub(crate) contender: Option<Contender>,
    /// One value a message, in no order.
    pub(crate) milliseconds: Vec<f64>,
    /// CPU time of the contender's processes.
    cpu: Duration,
    /// Messages in that time, which are more than those that count.
    messages: u32,
}

impl Latency {
    /// What it is called in tables.
    pub(crate) fn name(&self) -> &'static str {
        self.contender.map_or("topic alone", Contender::name)
    }

    /// Microseconds of CPU time a message.
    pub(crate) fn cpu_microseconds(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / f64::from(self.messages)
    }

    /// In milliseconds.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        report::quantile(self.milliseconds.iter().copied(), share)
    }

    fn print(&self) {
        let cells = [
            format!("{:.2}", self.quantile(0.5)),
            format!("{:.2}", self.quantile(0.99)),
            format!("{:.2}", self.quantile(0.999)),
            format!("{:.0}", self.cpu_microseconds()),
            self.milliseconds.len().to_string(),
        ];
        print_row(&format!("{}/s  {}", self.rate, self.name()), &cells);
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "contender": self.name(),
            "rate": self.rate,
            "messages": self.milliseconds.len(),
            "p50_ms": self.quantile(0.5),
            "p99_ms": self.quantile(0.99),
            "p999_ms": self.quantile(0.999),
            "cpu_us_per_message": self.cpu_microseconds(),
        })
    }
}

/// Measures all contenders at all rates, by turns, and prints a table.
pub(crate) fn measure(plan: &Plan<'_>) -> Result<Vec<Latency>> {
    let sample = sample(plan)?;
    let mut all = Vec::new();
    for &rate in plan.rates {
        for &contender in plan.contenders {
            all.push(Latency {
                rate,
                contender,
                milliseconds: Vec::new(),
                cpu: Duration::ZERO,
                messages: 0,
            });
        }
    }
    for round in 0..plan.rounds {
        for (number, &contender) in plan.contenders.iter().enumerate() {
            let from = format!("sent-{number}-{round}");
            let to = match contender {
                None => from.clone(),
                Some(_) => format!("latency-{number}-{round}"),
            };
            let route = Route {
                broker: plan.broker.to_owned(),
                from,
                to,
                partitions: plan.backlog.partitions,
            };
            let mut its: Vec<_> = all
                .iter_mut()
                .filter(|latency| latency.contender == contender)
                .collect();
            measure_once(plan, &mut its, contender, &route, &sample)?;
            for topic in [&route.from, &route.to] {
                delete(plan.broker, &[topic], &[])?;
            }
        }
    }
    let header = ["p50", "p99", "p99.9", "CPU us/message", "messages"];
    print_row("", &header.map(str::to_owned));
    for latency in &all {
        latency.print();
    }
    println!();
    Ok(all)
}

/// Measures one contender at its rates, one after the other.
fn measure_once(
    plan: &Plan<'_>,
    latencies: &mut [&mut Latency],
    contender: Option<Contender>,
    route: &Route,
    sample: &[Vec<u8>],
) -> Result<()> {
    for topic in [&route.from, &route.to] {
        create_topics(&route.broker, &[Topic::new(topic, route.partitions)])?;
    }
    let mut running = match contender {
        Some(contender) => Some(contender.start(route, 0)?),
        None => None,
    };
    if let Some(running) = &mut running {
        running.wait_until_ready()?;
    }
    let exchange = Exchange::new(route, sample)?;
    let warm_up = exchange.run(0..plan.warm_up, None);
    if let (Err(_), Some(running)) = (&warm_up, &mut running) {
        // That it ended tells more than that nothing came.
        running.check()?;
    }
    warm_up?;
    let cpu = || match &running {
        Some(running) => running.process().cpu_time(),
        None => Ok(Duration::ZERO),
    };
    let mut next = plan.warm_up;
    for latency in latencies {
        let messages = latency.rate * (WARM_UP_SECONDS + plan.seconds);
        let ids = next..next + messages as usize;
        next = ids.end;
        let before = cpu()?;
        let milliseconds = exchange.run(ids, Some(latency.rate))?;
        latency.cpu += cpu()? - before;
        latency.messages += messages;
        let is_warm = (latency.rate * WARM_UP_SECONDS) as usize;
        latency.milliseconds.extend(&milliseconds[is_warm..]);
    }
    Ok(())
}

/// Sends transactions to one end of a route, and receives results at the other.
struct Exchange<'a> {
    from: &'a str,
    sample: &'a [Vec<u8>],
    producer: ThreadedProducer<DefaultProducerContext>,
    results: TopicReader,
    clock: Instant,
}

impl<'a> Exchange<'a> {
    fn new(route: &'a Route, sample: &'a [Vec<u8>]) -> Result<Self> {
        let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
            .set("bootstrap.servers", &route.broker)
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "0")
            // All of a warm-up.
            .set("queue.buffering.max.messages", "1000000")
            .create()?;
        // Before the first message, whose time would be that of connecting.
        producer
            .client()
            .fetch_metadata(Some(&route.from), PATIENCE)?;
        Ok(Self {
            from: &route.from,
            sample,
            producer,
            results: TopicReader::new(&route.broker, &route.to, Isolation::ReadCommitted)?,
            clock: Instant::now(),
        })
    }

    /// Sends the transactions with these ids, so many a second or as fast as it goes, and
    /// waits for their results; how many milliseconds each took.
    fn run(&self, ids: Range<usize>, rate: Option<u32>) -> Result<Vec<f64>> {
        let sent: Vec<_> = ids.clone().map(|_| AtomicU64::new(0)).collect();
        let received = thread::scope(|scope| {
            let sender = scope.spawn(|| self.send(ids.start, rate, &sent));
            let received = self.receive(ids.clone());
            sender.join().expect("the sender doesn't panic")?;
            received
        })?;
        let spans = sent.iter().zip(received);
        Ok(spans
            .map(|(sent, received)| (received - sent.load(Ordering::Acquire)) as f64 / 1e6)
            .collect())
    }

    /// Sends `sent.len()` transactions, each at its time, however long the others take.
    /// `sent` takes the nanoseconds of the clock.
    fn send(&self, first_id: usize, rate: Option<u32>, sent: &[AtomicU64]) -> Result<()> {
        let started = Instant::now();
        for (number, sent) in sent.iter().enumerate() {
            let id = first_id + number;
            let (key, value) = transaction(id, &self.sample[id % self.sample.len()]);
            if let Some(rate) = rate {
                let due = started + Duration::from_secs(1) * number as u32 / rate;
                thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            sent.store(nanoseconds(self.clock), Ordering::Release);
            let record = BaseRecord::to(self.from).key(&key).payload(&value);
            self.producer
                .send(record)
                .map_err(|(error, _)| error)
                .context("sending a transaction")?;
        }
        self.producer
            .flush(PATIENCE)
            .context("sending transactions")
    }

    /// The moment at which each of the results came, by its id.
    fn receive(&self, ids: Range<usize>) -> Result<Vec<u64>> {
        let mut received = vec![0; ids.len()];
        for number in 0..ids.len() {
            let result = self
                .results
                .next(PATIENCE)
                .with_context(|| format!("{number} of {} results came", ids.len()))?;
            let now = nanoseconds(self.clock);
            let key = result.key.as_deref().unwrap_or_default();
            let id: usize = std::str::from_utf8(key)?.parse()?;
            let place = id.checked_sub(ids.start);
            let moment = place.and_then(|place| received.get_mut(place));
            let moment = moment.with_context(|| format!("result {id} came twice"))?;
            ensure!(*moment == 0, "result {id} came twice");
            *moment = now;
        }
        Ok(received)
    }
}

fn nanoseconds(clock: Instant) -> u64 {
    clock.elapsed().as_nanos() as u64
}

/// Some transactions of the topic.
fn sample(plan: &Plan<'_>) -> Result<Vec<Vec<u8>>> {
    let reader = TopicReader::new(plan.broker, &plan.backlog.topic, Isolation::ReadCommitted)?;
    let records = reader.read(1000, PATIENCE)?;
    let values = records.into_iter().map(|record| record.value);
    values
        .collect::<Option<_>>()
        .context("transactions have values")
}

/// Key and value of a transaction with another id, which is its first field.
fn transaction(id: usize, sample: &[u8]) -> (String, Vec<u8>) {
    let rest = sample.iter().position(|&byte| byte == b',').unwrap_or(0);
    let mut value = format!("{{\"transaction_id\":{id}").into_bytes();
    value.extend_from_slice(&sample[rest..]);
    (id.to_string(), value)
}
