//! The loop: one thread owns the consumer and all state.
//!
//! Messages go into the open range of their partition ([`crate::intake`]). A range
//! that is closed is published and then committed, in this order, one at a time.
//! While the store or the dead-letter topic fails, nothing is read or committed,
//! but the group is still served.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use service_runtime::kafka::{CommittedOffset, GroupConsumer, Polled};
use service_runtime::{Context, Failure, Reason};
use tracing::{debug, info, warn};

use crate::assignment::{Assignment, AssignmentError};
use crate::file_summary::FileSummary;
use crate::intake::Intake;
use crate::metrics::Metrics;
use crate::outage::{Outage, Trouble};
use crate::publish::{PublishError, Published, publish};
use crate::range::SealedRange;
use crate::roll::RollReason;
use crate::store::Store;

/// The longest wait for a message, so that a wish to stop is soon noticed.
const POLL_TIMEOUT: Duration = Duration::from_millis(100);
/// How long a dead letter may take before that counts as an outage.
const DEAD_LETTER_TIMEOUT: Duration = Duration::from_secs(5);
/// Kept from the time to stop, for closing the clients.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// The loop's name for `/livez`.
const LOOP: &str = "sink";

/// The sink's state.
pub(crate) struct Worker {
    pub(crate) context: Context,
    pub(crate) consumer: GroupConsumer,
    pub(crate) intake: Intake,
    pub(crate) assignment: Assignment,
    /// `None` where no files are written.
    pub(crate) store: Option<Store>,
    pub(crate) metrics: Metrics,
    pub(crate) outage: Outage,
}

/// What became of closed ranges.
#[derive(Debug, PartialEq, Eq)]
enum Settled {
    /// All are published and committed, or their partitions are gone.
    All,
    /// Something outside fails; they wait.
    Waiting,
}

impl Worker {
    /// Runs until the wish to stop, or until the reader of standard output is gone.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        while !self.context.shutdown.is_requested() && !self.intake.is_console_closed {
            self.turn()?;
        }
        self.stop()
    }

    fn turn(&mut self) -> Result<(), Failure> {
        match self.consumer.poll(self.patience())? {
            Polled::Message(message) => self.intake.take(&message).map_err(Failure::Runtime)?,
            Polled::Assigned(partitions) => self.assignment.request(partitions),
            Polled::Revoked { lost, .. } => self.revoke(lost)?,
            Polled::Nothing => self.intake.flush_console().map_err(Failure::Runtime)?,
        }
        self.assign_if_requested()?;
        self.intake
            .close_due(Instant::now())
            .map_err(Failure::Runtime)?;
        self.settle()
    }

    /// How long to wait for a message: not at all while printed lines wait for
    /// the end of a burst, and not beyond the age of an open file.
    fn patience(&self) -> Duration {
        if self.intake.has_pending_lines() {
            return Duration::ZERO;
        }
        let until_old = self
            .intake
            .next_deadline()
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        until_old.map_or(POLL_TIMEOUT, |wait| wait.min(POLL_TIMEOUT))
    }

    fn assign_if_requested(&mut self) -> Result<(), Failure> {
        if !self.assignment.is_requested() || self.outage.is_waiting(Instant::now()) {
            return Ok(());
        }
        let completed = self.assignment.complete(
            &mut self.consumer,
            &mut self.intake,
            self.store.as_ref(),
        );
        match completed {
            Ok(()) => {
                self.outage.end(&self.context.health);
                Ok(())
            }
            Err(AssignmentError::Trouble(trouble)) => {
                self.outage.note(&self.context.health, &trouble);
                Ok(())
            }
            Err(AssignmentError::Failure(failure)) => Err(failure),
        }
    }

    /// Publishes and commits what is closed; pauses and resumes reading with outages.
    fn settle(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        if !self.intake.has_sealed() || self.outage.is_waiting(now) {
            return Ok(());
        }
        let was_out = self.outage.is_on();
        let settled = self.settle_by(now + DEAD_LETTER_TIMEOUT)?;
        match (settled, was_out) {
            (Settled::Waiting, false) => self.consumer.pause(),
            (Settled::All, true) => self.consumer.resume(),
            _ => Ok(()),
        }
    }

    /// Publishes and commits closed ranges, oldest first.
    fn settle_by(&mut self, deadline: Instant) -> Result<Settled, Failure> {
        self.context.health.busy(LOOP);
        let settled = self.settle_each(deadline);
        self.context.health.idle(LOOP);
        if matches!(settled, Ok(Settled::All)) {
            self.outage.end(&self.context.health);
        }
        settled
    }

    fn settle_each(&mut self, deadline: Instant) -> Result<Settled, Failure> {
        self.intake.flush_console().map_err(Failure::Runtime)?;
        if self.intake.is_console_closed && self.store.is_none() {
            // What wasn't printed is not committed.
            self.forget_all("the reader of standard output is gone");
            return Ok(Settled::All);
        }
        if !self.intake.dead_letters.settle(deadline)? {
            self.outage.note(
                &self.context.health,
                &Trouble {
                    reason: Reason::Kafka,
                    text: format!(
                        "cannot send dead letters to topic {:?}",
                        self.context.config.topics.results_dead_letter
                    ),
                },
            );
            return Ok(Settled::Waiting);
        }
        let partitions: Vec<i32> = self.intake.partitions.keys().copied().collect();
        for partition in partitions {
            while let Some(range) = self.take_sealed(partition) {
                if self.settle_range(partition, range)? == Settled::Waiting {
                    return Ok(Settled::Waiting);
                }
                self.context.health.progress(LOOP);
            }
        }
        Ok(Settled::All)
    }

    fn take_sealed(&mut self, partition: i32) -> Option<SealedRange> {
        self.intake
            .partitions
            .get_mut(&partition)?
            .sealed
            .pop_front()
    }

    fn settle_range(&mut self, partition: i32, range: SealedRange) -> Result<Settled, Failure> {
        let adopted = match self.publish(&range) {
            Ok(Published::New) => None,
            Ok(Published::Adopted(existing)) => Some(existing),
            Err(PublishError::Store(error)) => {
                let trouble = Trouble {
                    reason: Reason::Storage,
                    text: error.to_string(),
                };
                self.outage.note(&self.context.health, &trouble);
                let work = self.intake.partitions.get_mut(&partition);
                work.expect("the range was taken from this partition")
                    .sealed
                    .push_front(range);
                return Ok(Settled::Waiting);
            }
            Err(conflict) => return Err(Failure::runtime(conflict)),
        };
        self.commit(partition, &range, adopted.as_ref())?;
        Ok(Settled::All)
    }

    /// A range without rows has no file: it is durable as it is.
    fn publish(&self, range: &SealedRange) -> Result<Published, PublishError> {
        match (&self.store, &range.file) {
            (Some(store), Some(file)) => publish(store, file),
            _ => Ok(Published::New),
        }
    }

    /// Commits a range that is durable. Where another file was adopted that ends
    /// elsewhere, reading goes on after that.
    fn commit(
        &mut self,
        partition: i32,
        range: &SealedRange,
        adopted: Option<&FileSummary>,
    ) -> Result<(), Failure> {
        let last_offset = adopted.map_or(range.last_offset, |existing| existing.last_offset);
        let work = self
            .intake
            .partitions
            .get_mut(&partition)
            .expect("the range was taken from this partition");
        let metadata = match &self.store {
            Some(_) => work.settle(range, last_offset).to_string(),
            None => String::new(),
        };
        let offset = CommittedOffset {
            offset: last_offset + 1,
            metadata,
        };
        if !self
            .consumer
            .commit(&BTreeMap::from([(partition, offset)]))?
        {
            self.forget_all("the group rebalanced before the commit");
            return Ok(());
        }
        self.count(partition, range, adopted);
        if last_offset != range.last_offset {
            self.go_on_after(partition, last_offset)?;
        }
        Ok(())
    }

    fn go_on_after(&mut self, partition: i32, last_offset: i64) -> Result<(), Failure> {
        if let Some(work) = self.intake.partitions.get_mut(&partition) {
            work.forget();
        }
        self.consumer
            .seek(&BTreeMap::from([(partition, last_offset + 1)]))
    }

    fn count(&self, partition: i32, range: &SealedRange, adopted: Option<&FileSummary>) {
        let last_offset = adopted.map_or(range.last_offset, |existing| existing.last_offset);
        for (_, code) in range
            .unreadable
            .iter()
            .filter(|(offset, _)| *offset <= last_offset)
        {
            self.metrics.add_dead_letter(*code);
        }
        let Some(file) = &range.file else {
            self.metrics.rows.inc_by(range.rows);
            let (rows, dead_letters) = (range.rows, range.unreadable.len());
            debug!(partition, last_offset, rows, dead_letters, "committed without a file");
            return;
        };
        let now = Utc::now().timestamp_millis();
        let rows = adopted.map_or(range.rows, |existing| existing.rows);
        self.metrics.rows.inc_by(rows);
        self.metrics.files.inc();
        self.metrics.bytes.inc_by(file.bytes());
        self.metrics.last_file_timestamp.set(now as f64 / 1000.0);
        range.arrivals.observe(&self.metrics.latency, now);
        let (name, bytes, why) = (&file.name, file.bytes(), range.why);
        match adopted {
            None => info!(file = %name, rows, bytes, %why, "published"),
            Some(_) => info!(file = %name, rows, last_offset, "adopted a file that was already there"),
        }
    }

    /// Publishes what is open, if there is time, and gives the partitions back.
    fn revoke(&mut self, lost: bool) -> Result<(), Failure> {
        self.assignment.cancel();
        if !lost && !self.outage.is_on() {
            self.intake
                .close_all(RollReason::Revoked)
                .map_err(Failure::Runtime)?;
            let session_timeout = self.context.config.kafka.session_timeout;
            self.settle_by(Instant::now() + session_timeout)?;
        }
        self.forget_all("the partitions were revoked");
        self.intake.partitions.clear();
        self.consumer.release()
    }

    /// Publishes and commits what is open and leaves the group.
    fn stop(mut self) -> Result<(), Failure> {
        self.intake
            .close_all(RollReason::Stop)
            .map_err(Failure::Runtime)?;
        let time_left = self.context.config.service.shutdown_timeout.saturating_sub(CLOSE_TIMEOUT);
        self.settle_by(Instant::now() + time_left)?;
        self.forget_all("stopping");
        info!("stopped");
        self.consumer.close(CLOSE_TIMEOUT);
        Ok(())
    }

    fn forget_all(&mut self, why: &str) {
        let rows: u64 = self
            .intake
            .partitions
            .values_mut()
            .map(crate::partition::PartitionWork::forget)
            .sum();
        if rows > 0 {
            warn!(rows, "{why}: rows that were read and not committed will be read again");
        }
    }
}
