//! Which records the topics take.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use service_runtime::kafka::max_message_bytes;
use service_runtime::{Context, OnceAMinute};
use tracing::warn;

use super::failed_delivery::RefusedRecord;

/// A topic's limit may be raised at any time: nothing is held to be too large by what
/// was known longer ago.
const KNOWN_FOR: Duration = Duration::from_secs(10);
/// librdkafka's `batch.size`.
const DEFAULT_BATCH_BYTES: usize = 1_000_000;

/// What the topics take, so that no record is sent that a broker refuses: that costs
/// the whole transaction. It outlives the producers that it serves.
///
/// The topics' `max.message.bytes` say it, where a broker tells them and records aren't
/// compressed: what compression leaves of a record shows only when it is sent. Else the
/// first refusal says it, for the records of that size and larger ones.
pub(super) struct SizeLimits {
    context: Context,
    topics: Vec<String>,
    is_compressed: bool,
    /// A batch of several records isn't larger than this.
    batch_bytes: Cell<usize>,
    told: RefCell<BTreeMap<String, usize>>,
    asked: Cell<Option<Instant>>,
    /// The smallest size that each topic refused, and when.
    refused: RefCell<BTreeMap<String, (usize, Instant)>>,
    warning: RefCell<OnceAMinute>,
}

impl SizeLimits {
    /// Those of `topics`, for producers made of `config`. Touches no network.
    pub(super) fn new(context: &Context, topics: Vec<String>, config: &ClientConfig) -> Self {
        let batch_bytes = config.get("batch.size").and_then(|size| size.parse().ok());
        let compression = ["compression.type", "compression.codec"]
            .into_iter()
            .find_map(|name| config.get(name));
        Self {
            context: context.clone(),
            topics,
            is_compressed: compression.is_some_and(|codec| codec != "none"),
            batch_bytes: Cell::new(batch_bytes.unwrap_or(DEFAULT_BATCH_BYTES)),
            told: RefCell::default(),
            asked: Cell::new(None),
            refused: RefCell::default(),
            warning: RefCell::default(),
        }
    }

    /// Asks the brokers, unless they were asked before.
    pub(super) fn learn(&self) {
        if self.asked.get().is_none() {
            self.ask();
        }
    }

    /// Whether `topic` takes a record whose batch has `bytes`, as far as is known.
    pub(super) fn allow(&self, topic: &str, bytes: usize) -> bool {
        if self.was_refused(topic, bytes) {
            return false;
        }
        if self.is_compressed || !self.exceeds_limit(topic, bytes) {
            return true;
        }
        if !self.asked.get().is_some_and(is_recent) {
            self.ask();
        }
        !self.exceeds_limit(topic, bytes)
    }

    /// The largest batch of several records.
    pub(super) fn batch_bytes(&self) -> usize {
        self.batch_bytes.get()
    }

    /// Learns from the records of all batches that were refused at a time when a batch of
    /// several had at most `batch_bytes`: a larger record was alone. Which of several
    /// smaller ones is too large, or only their batch, isn't known: then the next batches
    /// are smaller.
    pub(super) fn learn_refusals(&self, refused: &[RefusedRecord], batch_bytes: usize) {
        let (alone, others): (Vec<&RefusedRecord>, Vec<_>) = refused
            .iter()
            .partition(|record| record.bytes > batch_bytes);
        alone.iter().for_each(|record| self.learn_refusal(record));
        match others.as_slice() {
            [] => {}
            [record] => self.learn_refusal(record),
            _ => self.shrink_batches(batch_bytes),
        }
    }

    fn learn_refusal(&self, record: &RefusedRecord) {
        let RefusedRecord { topic, bytes } = record;
        if self.warning.borrow_mut().is_due() {
            warn!(
                topic,
                bytes,
                "the broker refuses a record for its size: it becomes a truncated dead letter"
            );
        }
        let mut refused = self.refused.borrow_mut();
        let smallest = match refused.get(topic) {
            Some((smallest, at)) if is_recent(*at) => *smallest.min(bytes),
            _ => *bytes,
        };
        refused.insert(topic.clone(), (smallest, Instant::now()));
    }

    fn shrink_batches(&self, batch_bytes: usize) {
        self.ask();
        if self.batch_bytes.get() >= batch_bytes {
            self.batch_bytes.set((batch_bytes / 4).max(1));
        }
    }

    fn was_refused(&self, topic: &str, bytes: usize) -> bool {
        let refused = self.refused.borrow();
        let refused = refused.get(topic);
        refused.is_some_and(|(smallest, at)| bytes >= *smallest && is_recent(*at))
    }

    fn exceeds_limit(&self, topic: &str, bytes: usize) -> bool {
        let told = self.told.borrow();
        told.get(topic).is_some_and(|limit| bytes > *limit)
    }

    fn ask(&self) {
        let told = max_message_bytes(&self.topics, &self.context);
        self.asked.set(Some(Instant::now()));
        if let Some(smallest) = told.values().min() {
            self.batch_bytes.set(self.batch_bytes.get().min(*smallest));
        }
        *self.told.borrow_mut() = told;
    }
}

fn is_recent(time: Instant) -> bool {
    time.elapsed() < KNOWN_FOR
}
