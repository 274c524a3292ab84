//! Offsets after acknowledgements.

use service_runtime::failpoint;
use service_runtime::kafka::GroupConsumer;

use super::{Positions, committed_offsets};
use crate::interruption::Interruption;
use crate::producer::{Producer, ProducerSettings};

/// Commits the positions of work once all of its messages are acknowledged. What
/// is interrupted before is done again, so that its results may come twice.
pub(crate) struct AtLeastOnce {
    settings: ProducerSettings,
    producer: Producer,
}

impl AtLeastOnce {
    /// Waits until a broker answers and has the topics.
    pub(crate) fn start(settings: ProducerSettings) -> Result<Self, Interruption> {
        let producer = settings.create(None)?;
        Ok(Self { settings, producer })
    }

    pub(super) fn producer(&self) -> &Producer {
        &self.producer
    }

    pub(super) fn settle(
        &mut self,
        positions: &Positions,
        consumer: &mut GroupConsumer,
    ) -> Result<(), Interruption> {
        self.producer.wait_acknowledged()?;
        self.producer.acknowledged();
        let offsets = committed_offsets(positions);
        failpoint("scorer_before_commit");
        if consumer.commit(&offsets)? {
            failpoint("scorer_after_commit");
            Ok(())
        } else {
            Err(Interruption::Retry(
                "a rebalance came before the commit".to_owned(),
            ))
        }
    }

    /// What was sent can't be called back; its failures must not count against
    /// the work that follows.
    pub(super) fn undo(&mut self) -> Result<(), Interruption> {
        Interruption::unless_it_passes(self.producer.wait_acknowledged())?;
        self.producer.learn_refusals();
        if self.producer.must_be_renewed() {
            self.producer = self.settings.create(None)?;
        }
        self.settings.wait_for_topics(&self.producer)
    }
}
