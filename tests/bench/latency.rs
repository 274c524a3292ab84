//! How long a message takes at a steady rate.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use local_stack::{Isolation, Topic, TopicReader, create_topics, delete};
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use serde_json::{Value, json};

use crate::contender::{Contender, Route};
use crate::load::{PARTITIONS, TRANSACTIONS};
use crate::report;

/// Messages a second.
const RATES: [u32; 2] = [200, 1000];
/// `None`: a topic that is written and read, and nothing between.
const CONTENDERS: [Option<Contender>; 3] = [
    None,
    Some(Contender::AtLeastOnce),
    Some(Contender::ExactlyOnce),
];
/// Until connections are made and caches are warm, nothing counts.
const WARM_UP_SECONDS: u32 = 2;
/// The longest that a result is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all rounds of one contender at one rate showed.
#[derive(Debug)]
pub(crate) struct Latency {
    /// Messages a second.
    pub(crate) rate: u32,
    /// `None`: the topic alone.
    pub(crate) contender: Option<Contender>,
    /// One value a message, in no order.
    pub(crate) milliseconds: Vec<f64>,
}

impl Latency {
    /// What it is called in tables.
    pub(crate) fn name(&self) -> &'static str {
        self.contender.map_or("topic alone", Contender::name)
    }

    /// In milliseconds.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        report::quantile(self.milliseconds.iter().copied(), share)
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
        })
    }
}

/// Measures all contenders at all rates, by turns.
pub(crate) fn measure(broker: &str, rounds: usize, seconds: u32) -> Result<Vec<Latency>> {
    let sample = sample(broker)?;
    let mut all = Vec::new();
    for rate in RATES {
        for contender in CONTENDERS {
            all.push(Latency {
                rate,
                contender,
                milliseconds: Vec::new(),
            });
        }
    }
    for round in 0..rounds {
        for latency in &mut all {
            let name = latency.contender.map_or("alone", Contender::key);
            let from = format!("sent-{name}-{}-{round}", latency.rate);
            let to = match latency.contender {
                None => from.clone(),
                Some(_) => format!("latency-{name}-{}-{round}", latency.rate),
            };
            let route = Route {
                broker: broker.to_owned(),
                from,
                to,
            };
            let milliseconds = measure_once(latency, &route, &sample, seconds)?;
            latency.milliseconds.extend(milliseconds);
            for topic in [&route.from, &route.to] {
                delete(broker, &[topic], &[])?;
            }
        }
    }
    Ok(all)
}

fn measure_once(
    latency: &Latency,
    route: &Route,
    sample: &[Vec<u8>],
    seconds: u32,
) -> Result<Vec<f64>> {
    for topic in [&route.from, &route.to] {
        create_topics(&route.broker, &[Topic::new(topic, PARTITIONS)])?;
    }
    let count = (latency.rate * (WARM_UP_SECONDS + seconds)) as usize;
    let mut running = match latency.contender {
        Some(contender) => Some(contender.start(route, count as i64)?),
        None => None,
    };
    if let Some(running) = &mut running {
        running.wait_until_ready()?;
    }
    let results = TopicReader::new(&route.broker, &route.to, Isolation::ReadCommitted)?;

    let clock = Instant::now();
    let sent: Vec<_> = (0..count).map(|_| AtomicU64::new(0)).collect();
    let received = thread::scope(|scope| {
        let sender = scope.spawn(|| send(route, sample, latency.rate, clock, &sent));
        let received = receive(&results, clock, count);
        sender.join().expect("the sender doesn't panic")?;
        received
    })?;
    let is_warm = (latency.rate * WARM_UP_SECONDS) as usize;
    let spans = sent.iter().zip(received).skip(is_warm);
    Ok(spans
        .map(|(sent, received)| (received - sent.load(Ordering::Acquire)) as f64 / 1e6)
        .collect())
}

/// Sends `sent.len()` transactions, each at its time, however long the others take. Their
/// ids count from 0. `sent` takes the nanoseconds of `clock`.
fn send(
    route: &Route,
    sample: &[Vec<u8>],
    rate: u32,
    clock: Instant,
    sent: &[AtomicU64],
) -> Result<()> {
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", &route.broker)
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random")
        .set("linger.ms", "0")
        .create()?;
    // Before the first message, whose time would be that of connecting.
    producer
        .client()
        .fetch_metadata(Some(&route.from), PATIENCE)?;
    let started = Instant::now();
    for (id, sent) in sent.iter().enumerate() {
        let (key, value) = transaction(id, &sample[id % sample.len()]);
        let due = started + Duration::from_secs(1) * id as u32 / rate;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        sent.store(nanoseconds(clock), Ordering::Release);
        let record = BaseRecord::to(&route.from).key(&key).payload(&value);
        producer
            .send(record)
            .map_err(|(error, _)| error)
            .context("sending a transaction")?;
    }
    producer.flush(PATIENCE).context("sending transactions")
}

/// The moment at which each of the results came, by its id.
fn receive(results: &TopicReader, clock: Instant, count: usize) -> Result<Vec<u64>> {
    let mut received = vec![0; count];
    for number in 0..count {
        let result = results
            .next(PATIENCE)
            .with_context(|| format!("{number} of {count} results came"))?;
        let now = nanoseconds(clock);
        let key = result.key.as_deref().unwrap_or_default();
        let id: usize = std::str::from_utf8(key)?.parse()?;
        ensure!(received[id] == 0, "result {id} came twice");
        received[id] = now;
    }
    Ok(received)
}

fn nanoseconds(clock: Instant) -> u64 {
    clock.elapsed().as_nanos() as u64
}

/// Some transactions of the topic.
fn sample(broker: &str) -> Result<Vec<Vec<u8>>> {
    let reader = TopicReader::new(broker, TRANSACTIONS, Isolation::ReadCommitted)?;
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
