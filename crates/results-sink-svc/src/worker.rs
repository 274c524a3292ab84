//! The loop: one thread owns the consumer and all state.
//!
//! A message goes into the open range of its partition ([`Intake`]). A range that
//! is closed is published and then committed, one at a time (`settle.rs`). While
//! the store or the dead-letter topic fails, nothing is read or committed, but the
//! group is still served.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use service_runtime::kafka::{GroupConsumer, Polled};
use service_runtime::{Context, Failure};
use tracing::{info, warn};

use crate::assignment::{Assignment, AssignmentError};
use crate::intake::Intake;
use crate::metrics::Metrics;
use crate::outage::Outage;
use crate::partition::PartitionWork;
use crate::roll::RollReason;
use crate::settle::Settled;
use crate::store::Store;

/// The longest wait for a message, so that a wish to stop is soon noticed.
const POLL_TIMEOUT: Duration = Duration::from_millis(100);
/// Uploads have their own limit; without need to hurry that is the only one.
const NO_HURRY: Duration = Duration::from_secs(3600);
/// Kept from the time to stop, for closing the clients.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

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
    /// Where to go on after another process's file was adopted.
    pub(crate) seeks: BTreeMap<i32, i64>,
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
            Polled::Message(message) => self.intake.take(&message)?,
            Polled::Assigned(partitions) => self.assignment.request(partitions),
            Polled::Revoked { lost, .. } => self.revoke(lost)?,
            Polled::Nothing => self.intake.flush_console().map_err(Failure::Runtime)?,
        }
        self.assign_if_requested()?;
        self.intake
            .close_old(Instant::now())
            .map_err(Failure::Runtime)?;
        self.settle_closed()
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
        let store = self.store.as_ref();
        match self
            .assignment
            .complete(&mut self.consumer, &mut self.intake, store)
        {
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

    /// Publishes and commits what is closed, and sends again what was refused. Reading
    /// pauses while that fails.
    fn settle_closed(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        let has_work = self.intake.has_sealed() || self.intake.dead_letters.has_refused();
        if !has_work || self.outage.is_waiting(now) {
            return Ok(());
        }
        let was_out = self.outage.is_on();
        let settled = self.settle(now + NO_HURRY)?;
        // Seeking ends a pause, so it comes first.
        let seeks = std::mem::take(&mut self.seeks);
        if !seeks.is_empty() {
            self.consumer.seek(&seeks)?;
        }
        match settled {
            Settled::Waiting => self.consumer.pause(),
            Settled::All if was_out => self.consumer.resume(),
            Settled::All => Ok(()),
        }
    }

    /// Publishes what is open, if that is possible at once, and gives the partitions back.
    fn revoke(&mut self, lost: bool) -> Result<(), Failure> {
        self.assignment.cancel();
        if !lost && !self.outage.is_on() {
            self.intake
                .close_all(RollReason::Revoked)
                .map_err(Failure::Runtime)?;
            let session_timeout = self.context.config.kafka.session_timeout;
            self.settle(Instant::now() + session_timeout)?;
        }
        self.drop_all("the partitions were revoked");
        self.consumer.release()
    }

    /// Publishes and commits what is open and leaves.
    fn stop(mut self) -> Result<(), Failure> {
        self.intake
            .close_all(RollReason::Stop)
            .map_err(Failure::Runtime)?;
        let shutdown_timeout = self.context.config.service.shutdown_timeout;
        let time_left = shutdown_timeout.saturating_sub(CLOSE_TIMEOUT);
        self.settle(Instant::now() + time_left)?;
        self.drop_all("stopping");
        info!("all work is settled");
        self.consumer.close(CLOSE_TIMEOUT);
        Ok(())
    }

    /// Drops all work that isn't committed; whoever owns the partitions next reads
    /// it again. Messages of these partitions are ignored until they are assigned.
    pub(crate) fn drop_all(&mut self, why: &str) {
        let rows: u64 = self
            .intake
            .partitions
            .values()
            .map(PartitionWork::rows)
            .sum();
        self.intake.partitions.clear();
        self.intake.dead_letters.forget();
        self.seeks.clear();
        if rows > 0 {
            warn!(rows, "{why}: rows that aren't committed will be read again");
        }
    }
}
