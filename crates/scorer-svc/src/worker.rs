//! The loop from topic to topic.
//!
//! One thread owns a worker: its consumer, its producer and all of their state.
//! Work opens with the first message, is scored and sent batch by batch, and is
//! settled once `commit_interval` has passed, or the input is drained and its
//! results can't be read before. That takes several answers of the broker; what
//! comes meanwhile is read ahead, and sent afterwards. Whatever comes between, all
//! of it is undone and read again from the committed offsets.

mod pace;
mod partitions;
mod work;

use std::time::{Duration, Instant};

use service_runtime::kafka::{GroupConsumer, Polled, Start};
use service_runtime::{Failure, Health, Shutdown, failpoint};

use crate::delivery::Delivery;
use crate::interruption::Interruption;
use crate::pipeline::Pipeline;
use pace::Pace;
use work::Work;

/// While work is being settled and no message comes, other events are looked at this often.
const LOOK_AROUND: Duration = Duration::from_millis(5);
/// The wish to stop, while nothing else can be done.
const LONG_LOOK_AROUND: Duration = Duration::from_millis(50);

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
    /// When the last was sent of the work before it, while that is being settled.
    settling: Option<Instant>,
    /// Whether [`Delivery::begin`] was called for what is neither settled nor undone.
    is_begun: bool,
    pace: Pace,
}

impl Worker {
    /// With no partition yet.
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            parts,
            assigned: Vec::new(),
            work: Work::default(),
            settling: None,
            is_begun: false,
            pace: Pace::default(),
        }
    }

    /// Runs until the daemon stops; then finishes the work at hand, or leaves it
    /// to the next start. The consumer is still to be closed.
    pub(crate) fn run(mut self) -> Result<GroupConsumer, Failure> {
        let mut has_recovered = true;
        while has_recovered && !self.parts.shutdown.is_requested() {
            if let Err(interruption) = self.step() {
                has_recovered = self.recover(interruption)?;
            }
        }
        self.finish(has_recovered)?;
        Ok(self.parts.consumer)
    }

    /// Handles what the consumer brings next.
    fn step(&mut self) -> Result<(), Interruption> {
        let has_come = match self.parts.consumer.poll(self.wait())? {
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
                true
            }
            Polled::Assigned(partitions) => return self.take_over(partitions),
            Polled::Revoked { lost, .. } => return self.give_back(lost),
            Polled::Nothing => false,
        };
        let patience = if has_come {
            Duration::ZERO
        } else {
            LOOK_AROUND
        };
        if !self.may_send(patience)? {
            return self.read_ahead();
        }
        if !self.work.is_open() {
            return Ok(());
        }
        let interval = self.pace.commit_interval(self.parts.commit_interval);
        if self.work.is_due(interval) || self.work.is_full() {
            return self.settle();
        }
        if !has_come {
            return self.nothing_came();
        }
        if self.parts.pipeline.is_full() {
            return self.send();
        }
        Ok(())
    }

    /// How long the next message may be waited for.
    fn wait(&self) -> Duration {
        if self.settling.is_some() {
            return Duration::ZERO;
        }
        let rest = self.rest();
        if self.work.is_open() && !rest.is_zero() {
            return rest;
        }
        self.work.wait()
    }

    fn rest(&self) -> Duration {
        if self.parts.delivery.shows_at_once() {
            return Duration::ZERO;
        }
        self.pace.rest()
    }

    /// Whether the work before is settled, which is waited for at most `patience`, and the
    /// broker ready for the next.
    fn may_send(&mut self, patience: Duration) -> Result<bool, Interruption> {
        Ok(self.is_settled(patience)? && self.rest().is_zero())
    }

    /// Makes room for messages that can't be sent yet. Where there is none, nothing is read
    /// until they can.
    fn read_ahead(&mut self) -> Result<(), Interruption> {
        if self.parts.pipeline.make_room() {
            return Ok(());
        }
        self.wait_until_settled()?;
        self.parts.shutdown.wait_timeout(self.rest());
        self.send()
    }

    /// Settles the work, or waits for more of it. Little work is worth no waiting. What can
    /// be read before it is settled is only sent, and settled when it is due.
    fn nothing_came(&mut self) -> Result<(), Interruption> {
        let is_drained = self.work.note_nothing() || self.parts.consumer.is_drained();
        if self.parts.delivery.shows_at_once() {
            return self.send_soon();
        }
        if is_drained || self.work.is_small() {
            return self.settle();
        }
        Ok(())
    }

    /// Sends the batch at hand. More of it would go in company.
    fn send_soon(&mut self) -> Result<(), Interruption> {
        let is_alone = self.parts.pipeline.is_alone();
        self.send()?;
        if is_alone {
            self.parts.delivery.producer().hurry();
        }
        Ok(())
    }

    /// Scores and sends the batch at hand.
    fn send(&mut self) -> Result<(), Interruption> {
        if !self.is_begun {
            self.parts.delivery.begin()?;
            self.is_begun = true;
        }
        self.parts.pipeline.send(self.parts.delivery.producer())?;
        self.parts.health.progress(self.parts.name);
        Ok(())
    }

    /// Scores and sends what is at hand, and begins to settle all of the work.
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
        self.settling = Some(sent);
        self.work = Work::default();
        self.is_settled(Duration::ZERO)?;
        Ok(())
    }

    /// Whether nothing is left that is being settled, which is waited for at most `patience`.
    fn is_settled(&mut self, patience: Duration) -> Result<bool, Interruption> {
        let Some(sent) = self.settling else {
            return Ok(true);
        };
        let Parts {
            delivery, consumer, ..
        } = &mut self.parts;
        let settled = delivery.is_settled(patience, consumer);
        if matches!(settled, Ok(false)) {
            return settled;
        }
        self.settling = None;
        settled?;
        self.is_begun = false;
        self.parts.pipeline.committed(sent.elapsed().as_secs_f64());
        self.pace.committed();
        if self.work.is_open() {
            self.work.open_anew();
            self.parts.health.progress(self.parts.name);
        } else {
            self.parts.health.idle(self.parts.name);
        }
        Ok(true)
    }

    fn wait_until_settled(&mut self) -> Result<(), Interruption> {
        while !self.is_settled(LONG_LOOK_AROUND)? {}
        Ok(())
    }

    /// Settles all work, and waits until it is.
    fn settle_all(&mut self) -> Result<(), Interruption> {
        self.wait_until_settled()?;
        self.settle()?;
        self.wait_until_settled()
    }

    /// Undoes all work, but for what is being settled and can be.
    fn undo(&mut self) -> Result<(), Interruption> {
        Interruption::unless_it_passes(self.wait_until_settled())?;
        if self.is_begun {
            self.parts.delivery.undo()?;
            self.is_begun = false;
        }
        self.parts.pipeline.undone();
        self.work = Work::default();
        self.parts.health.idle(self.parts.name);
        Ok(())
    }

    /// Undoes the work and goes back to the committed offsets: the one way out of
    /// every interruption. `false`: the wish to stop came first, and work is left to undo.
    fn recover(&mut self, interruption: Interruption) -> Result<bool, Failure> {
        let mut interruption = interruption;
        loop {
            let reason = match interruption {
                Interruption::Fatal(failure) => return Err(failure),
                Interruption::Stopping => return Ok(false),
                Interruption::TooLarge => "the broker refuses a record for its size".to_owned(),
                Interruption::Retry(reason) => reason,
            };
            let pause = self.pace.interrupted(&reason);
            if self.parts.shutdown.wait_timeout(pause) {
                return Ok(false);
            }
            match self.undo().and_then(|()| self.rewind()) {
                Ok(()) => return Ok(true),
                Err(next) => interruption = next,
            }
        }
    }

    /// Ends the work at hand, one way or the other. What wasn't recovered from can only be
    /// undone.
    fn finish(&mut self, has_recovered: bool) -> Result<(), Failure> {
        if self.parts.delivery.producer().check_deadline().is_err() {
            // A call may be under way whose answer would be taken for this one's.
            return Ok(());
        }
        let ended = if has_recovered {
            self.settle_all()
        } else {
            self.undo()
        };
        let ended = match ended {
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
