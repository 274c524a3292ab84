//! The loop from topic to topic.
//!
//! One thread owns a worker: its consumer, its producer and all of their state.
//! Work opens with the first message, is scored and sent batch by batch, and is
//! settled once the input is drained or `commit_interval` has passed. Whatever
//! comes between, all of it is undone and read again from the committed offsets.

mod pace;
mod work;

use std::time::{Duration, Instant};

use service_runtime::kafka::{GroupConsumer, Polled, Start};
use service_runtime::{Failure, Health, Shutdown, failpoint};

use crate::delivery::{Delivery, Positions, committed_offsets};
use crate::interruption::Interruption;
use crate::pipeline::Pipeline;
use pace::Pace;
use work::{QUIET_WAIT, Work};

/// What a worker is made of.
pub(crate) struct Parts {
    /// Its name for the health.
    pub(crate) name: &'static str,
    /// Where partitions without a committed offset begin.
    pub(crate) start: Start,
    /// The longest that work stays uncommitted.
    pub(crate) commit_interval: Duration,
    pub(crate) consumer: GroupConsumer,
    pub(crate) delivery: Delivery,
    pub(crate) pipeline: Pipeline,
    pub(crate) health: Health,
    pub(crate) shutdown: Shutdown,
}

/// A consumer with all that its messages go through.
pub(crate) struct Worker {
    parts: Parts,
    assigned: Vec<i32>,
    work: Work,
    pace: Pace,
}

/// Where partitions are read on.
struct Starts {
    /// The next offset of each.
    positions: Positions,
    /// Those of them that nobody has committed before.
    fresh: Positions,
}

impl Worker {
    /// With no partition yet.
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            parts,
            assigned: Vec::new(),
            work: Work::default(),
            pace: Pace::default(),
        }
    }

    /// Runs until the daemon stops; then finishes the work at hand, or leaves it
    /// to the next start. The consumer is still to be closed.
    pub(crate) fn run(mut self) -> Result<GroupConsumer, Failure> {
        while !self.parts.shutdown.is_requested() {
            if let Err(interruption) = self.step() {
                self.recover(interruption)?;
            }
        }
        self.finish()?;
        Ok(self.parts.consumer)
    }

    /// Handles what the consumer brings next.
    fn step(&mut self) -> Result<(), Interruption> {
        match self.parts.consumer.poll(self.work.wait())? {
            Polled::Message(message) => {
                failpoint("scorer_after_poll");
                let (partition, offset) = (message.partition(), message.offset());
                self.parts.pipeline.push(&message);
                if !self.work.is_open() {
                    self.parts.health.busy(self.parts.name);
                }
                self.work.add(partition, offset);
                // The clock costs as much as all of this.
                if self.parts.consumer.has_next() && !self.parts.pipeline.is_full() {
                    return Ok(());
                }
            }
            Polled::Assigned(partitions) => return self.take_over(partitions),
            Polled::Revoked { lost, .. } => return self.give_back(lost),
            Polled::Nothing if !self.work.is_open() => return Ok(()),
            Polled::Nothing => self.nothing_came()?,
        }
        if self.work.is_due(self.parts.commit_interval) || self.work.is_full() {
            return self.settle();
        }
        if self.parts.pipeline.is_full() {
            return self.send();
        }
        Ok(())
    }

    /// Settles the work, or waits for more of it. Little work is worth no waiting: what
    /// can be seen before it is settled is sent, else it is settled.
    fn nothing_came(&mut self) -> Result<(), Interruption> {
        let delivery = &self.parts.delivery;
        let wait = if self.work.is_small() && !delivery.shows_at_once() {
            self.pace.rest()
        } else {
            QUIET_WAIT
        };
        let is_drained = self.work.note_nothing(wait) || self.parts.consumer.is_drained();
        if is_drained || wait.is_zero() {
            return self.settle();
        }
        if self.work.is_small() && self.parts.delivery.shows_at_once() {
            self.send()?;
            self.parts.delivery.producer().hurry();
        }
        Ok(())
    }

    /// Scores and sends the batch at hand.
    fn send(&mut self) -> Result<(), Interruption> {
        if !self.work.is_begun {
            self.parts.delivery.begin()?;
            self.work.is_begun = true;
        }
        self.parts.pipeline.send(self.parts.delivery.producer())?;
        self.parts.health.progress(self.parts.name);
        Ok(())
    }

    /// Scores and sends what is at hand and commits all of the work.
    fn settle(&mut self) -> Result<(), Interruption> {
        if !self.work.is_open() {
            return Ok(());
        }
        self.send()?;
        let sent = Instant::now();
        self.parts.pipeline.print()?;
        let Parts {
            delivery, consumer, ..
        } = &mut self.parts;
        delivery.settle(&self.work.positions, consumer)?;
        self.parts.pipeline.committed(sent.elapsed().as_secs_f64());
        self.pace.committed();
        self.close_work();
        Ok(())
    }

    /// Undoes all of the work.
    fn undo(&mut self) -> Result<(), Interruption> {
        if self.work.is_begun {
            self.parts.delivery.undo()?;
        }
        self.parts.pipeline.undone();
        self.close_work();
        Ok(())
    }

    fn close_work(&mut self) {
        self.work = Work::default();
        self.parts.health.idle(self.parts.name);
    }

    /// Begins with new partitions where the group left them.
    fn take_over(&mut self, partitions: Vec<i32>) -> Result<(), Interruption> {
        let Some(Starts { positions, fresh }) = self.starts(&partitions)? else {
            return Ok(());
        };
        self.parts.consumer.begin(&positions)?;
        self.assigned = partitions;
        if !fresh.is_empty() {
            // The choice is made once: what comes between `latest` and a crash
            // before the first commit must not be passed over.
            self.parts.consumer.commit(&committed_offsets(&fresh))?;
        }
        Ok(())
    }

    /// Gives all partitions back. Another member may own lost ones already.
    fn give_back(&mut self, lost: bool) -> Result<(), Interruption> {
        if !lost && self.parts.delivery.settles_when_revoked() {
            match self.settle() {
                Ok(()) | Err(Interruption::Retry(_) | Interruption::TooLarge) => {}
                Err(interruption) => return Err(interruption),
            }
        }
        self.undo()?;
        self.parts.consumer.release()?;
        self.assigned.clear();
        Ok(())
    }

    /// Undoes the work and goes back to the committed offsets: the one way out of
    /// every interruption.
    fn recover(&mut self, interruption: Interruption) -> Result<(), Failure> {
        let mut interruption = interruption;
        loop {
            let reason = match interruption {
                Interruption::Fatal(failure) => return Err(failure),
                Interruption::Stopping => return Ok(()),
                Interruption::TooLarge => "the broker refuses a record for its size".to_owned(),
                Interruption::Retry(reason) => reason,
            };
            let pause = self.pace.interrupted(&reason);
            if self.parts.shutdown.wait_timeout(pause) {
                return Ok(());
            }
            match self.undo().and_then(|()| self.rewind()) {
                Ok(()) => return Ok(()),
                Err(next) => interruption = next,
            }
        }
    }

    fn rewind(&mut self) -> Result<(), Interruption> {
        if let Some(Starts { positions, .. }) = self.starts(&self.assigned.clone())? {
            self.parts.consumer.seek(&positions)?;
        }
        Ok(())
    }

    /// Where to read on. `None`: the wish to stop or a rebalance came first.
    fn starts(&mut self, partitions: &[i32]) -> Result<Option<Starts>, Failure> {
        let consumer = &mut self.parts.consumer;
        let Some(committed) = consumer.committed(partitions)? else {
            return Ok(None);
        };
        let mut positions = Positions::new();
        let mut unknown = Vec::new();
        for (partition, committed) in committed {
            match committed {
                Some(committed) => {
                    positions.insert(partition, committed.offset);
                }
                None => unknown.push(partition),
            }
        }
        let Some(fresh) = consumer.resolve(&self.parts.start, &unknown)? else {
            return Ok(None);
        };
        positions.extend(&fresh);
        Ok(Some(Starts { positions, fresh }))
    }

    /// Ends the work at hand, one way or the other.
    fn finish(&mut self) -> Result<(), Failure> {
        if self.parts.delivery.producer().check_deadline().is_err() {
            // A call may be under way whose answer would be taken for this one's.
            return Ok(());
        }
        let ended = match self.settle() {
            Err(Interruption::Retry(_) | Interruption::TooLarge) => self.undo(),
            ended => ended,
        };
        match ended {
            Err(Interruption::Fatal(failure)) => Err(failure),
            // The next start reads it again.
            _ => Ok(()),
        }
    }
}
