//! From a closed range to a committed one: dead letters acknowledged, file
//! durable, offset committed, counted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use service_runtime::kafka::CommittedOffset;
use service_runtime::{Failure, Reason, failpoint};
use tracing::{debug, info};

use crate::file_summary::FileSummary;
use crate::outage::Trouble;
use crate::partition::PartitionWork;
use crate::publish::{PublishError, Published, publish};
use crate::range::SealedRange;
use crate::worker::Worker;

/// How long a dead letter may take before that counts as an outage.
const DEAD_LETTER_TIMEOUT: Duration = Duration::from_secs(5);
/// The loop's name for `/livez`.
const LOOP: &str = "sink";

/// What became of the closed ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// All are committed, or dropped because the partitions go to others.
    All,
    /// Something outside fails, or the time is up; the rest waits.
    Waiting,
}

impl Worker {
    /// Settles the closed ranges, oldest first; begins with none after `deadline`.
    pub(crate) fn settle(&mut self, deadline: Instant) -> Result<Settled, Failure> {
        // A slow reader of standard output slows us down; that isn't being stuck.
        self.intake.flush_console().map_err(Failure::Runtime)?;
        self.context.health.busy(LOOP);
        let settled = self.settle_each(deadline);
        self.context.health.idle(LOOP);
        if matches!(settled, Ok(Settled::All)) {
            self.outage.end(&self.context.health);
        }
        settled
    }

    fn settle_each(&mut self, deadline: Instant) -> Result<Settled, Failure> {
        if self.intake.is_console_closed && self.store.is_none() {
            // What wasn't printed is not committed; `head` has seen enough.
            self.intake.partitions.clear();
            return Ok(Settled::All);
        }
        let dead_letter_deadline = deadline.min(Instant::now() + DEAD_LETTER_TIMEOUT);
        if !self.intake.dead_letters.settle(dead_letter_deadline)? {
            self.note_trouble(Reason::Kafka, self.dead_letters_stuck());
            return Ok(Settled::Waiting);
        }
        let partitions: Vec<i32> = self.intake.partitions.keys().copied().collect();
        for partition in partitions {
            while let Some(range) = self.take_sealed(partition) {
                if self.settle_range(partition, range, deadline)? == Settled::Waiting {
                    return Ok(Settled::Waiting);
                }
                self.context.health.progress(LOOP);
            }
        }
        Ok(Settled::All)
    }

    fn settle_range(
        &mut self,
        partition: i32,
        range: SealedRange,
        deadline: Instant,
    ) -> Result<Settled, Failure> {
        if Instant::now() >= deadline {
            self.put_back(partition, range);
            return Ok(Settled::Waiting);
        }
        let published = self.publish(&range, deadline);
        failpoint("sink_after_publish");
        match published {
            Ok(Published::New) => self.commit(partition, &range, None)?,
            Ok(Published::Adopted(existing)) => self.commit(partition, &range, Some(&existing))?,
            Err(PublishError::Store(error)) => {
                self.note_trouble(Reason::Storage, error.to_string());
                self.put_back(partition, range);
                return Ok(Settled::Waiting);
            }
            Err(conflict @ PublishError::Conflict { .. }) => {
                return Err(Failure::runtime(conflict));
            }
        }
        Ok(Settled::All)
    }

    /// A range without a file is durable as it is.
    fn publish(&self, range: &SealedRange, deadline: Instant) -> Result<Published, PublishError> {
        match (&self.store, &range.file) {
            (Some(store), Some(file)) => publish(store, file, deadline),
            _ => Ok(Published::New),
        }
    }

    /// Commits a range that is durable. Where a file was adopted that ends
    /// elsewhere, reading goes on after that.
    fn commit(
        &mut self,
        partition: i32,
        range: &SealedRange,
        adopted: Option<&FileSummary>,
    ) -> Result<(), Failure> {
        let last_offset =
            adopted.map_or(range.records.last_offset, |existing| existing.last_offset);
        let has_files = self.store.is_some();
        let work = self.work(partition);
        let metadata = if has_files {
            work.settle(range, last_offset).to_string()
        } else {
            String::new()
        };
        if last_offset != range.records.last_offset {
            work.forget();
            self.seeks.insert(partition, last_offset + 1);
        }
        let offset = CommittedOffset {
            offset: last_offset + 1,
            metadata,
        };
        let offsets = BTreeMap::from([(partition, offset)]);
        let is_committed = self.consumer.commit(&offsets)?;
        failpoint("sink_after_commit");
        if is_committed {
            self.count(partition, range, adopted);
        } else {
            self.drop_all("the group did not take the commit");
        }
        Ok(())
    }

    fn count(&self, partition: i32, range: &SealedRange, adopted: Option<&FileSummary>) {
        let last_offset =
            adopted.map_or(range.records.last_offset, |existing| existing.last_offset);
        let dead_letters = &self.intake.dead_letters;
        for code in dead_letters.committed(partition, &range.records.unreadable, last_offset) {
            self.metrics.add_dead_letter(code);
        }
        let rows = adopted.map_or(range.records.rows, |existing| existing.rows);
        self.metrics.rows.inc_by(rows);
        let Some(file) = &range.file else {
            debug!(partition, last_offset, rows, "committed without a file");
            return;
        };
        let now = Utc::now().timestamp_millis();
        let (name, bytes, why) = (&file.name, file.bytes(), range.why);
        self.metrics.files.inc();
        self.metrics.bytes.inc_by(bytes);
        self.metrics.last_file_timestamp.set(now as f64 / 1000.0);
        range.records.arrivals.observe(&self.metrics.latency, now);
        match adopted {
            None => info!(file = %name, rows, bytes, %why, "published"),
            Some(_) => info!(file = %name, rows, last_offset, "adopted the file that was there"),
        }
    }

    fn note_trouble(&mut self, reason: Reason, text: String) {
        let trouble = Trouble { reason, text };
        self.outage.note(&self.context.health, &trouble);
    }

    fn dead_letters_stuck(&self) -> String {
        let topic = &self.context.config.topics.results_dead_letter;
        format!("dead letters are not acknowledged on topic {topic:?}")
    }

    fn take_sealed(&mut self, partition: i32) -> Option<SealedRange> {
        let work = self.intake.partitions.get_mut(&partition)?;
        work.sealed.pop_front()
    }

    fn put_back(&mut self, partition: i32, range: SealedRange) {
        self.work(partition).sealed.push_front(range);
    }

    fn work(&mut self, partition: i32) -> &mut PartitionWork {
        let work = self.intake.partitions.get_mut(&partition);
        work.expect("the range was taken from this partition")
    }
}
