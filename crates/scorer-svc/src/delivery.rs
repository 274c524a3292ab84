//! How work becomes durable: one small step in two ways.
//!
//! Work is what was sent since [`Delivery::begin`], and the positions in the
//! input that it reaches. [`Delivery::settle`] makes both durable, which
//! [`Delivery::is_settled`] awaits; after an [`Interruption`], [`Delivery::undo`]
//! makes room for doing it again from the committed offsets.

mod at_least_once;
mod exactly_once;
mod transactor;

use std::collections::BTreeMap;
use std::time::Duration;

use service_runtime::kafka::{CommittedOffset, GroupConsumer};

use crate::interruption::Interruption;
use crate::producer::Producer;
pub(crate) use at_least_once::AtLeastOnce;
pub(crate) use exactly_once::ExactlyOnce;

/// The next offset to read of each partition.
pub(crate) type Positions = BTreeMap<i32, i64>;

/// What a failure may cost.
pub(crate) enum Delivery {
    /// Results that are sent again.
    AtLeastOnce(Box<AtLeastOnce>),
    /// Nothing.
    ExactlyOnce(Box<ExactlyOnce>),
}

impl Delivery {
    /// The producer of the work at hand.
    pub(crate) fn producer(&self) -> &Producer {
        match self {
            Self::AtLeastOnce(delivery) => delivery.producer(),
            Self::ExactlyOnce(delivery) => delivery.producer(),
        }
    }

    /// Begins work; nothing may be sent before.
    pub(crate) fn begin(&mut self) -> Result<(), Interruption> {
        match self {
            Self::AtLeastOnce(_) => Ok(()),
            Self::ExactlyOnce(delivery) => delivery.begin(),
        }
    }

    /// Begins to make what was sent durable, and the positions after it. Until it
    /// [is](Self::is_settled), nothing else may be begun.
    pub(crate) fn settle(
        &mut self,
        positions: &Positions,
        consumer: &mut GroupConsumer,
    ) -> Result<(), Interruption> {
        match self {
            Self::AtLeastOnce(delivery) => delivery.settle(positions, consumer),
            Self::ExactlyOnce(delivery) => delivery.settle(positions, consumer),
        }
    }

    /// Whether what was to be settled is so within `wait`.
    pub(crate) fn is_settled(
        &mut self,
        wait: Duration,
        consumer: &GroupConsumer,
    ) -> Result<bool, Interruption> {
        match self {
            Self::AtLeastOnce(_) => Ok(true),
            Self::ExactlyOnce(delivery) => delivery.is_settled(wait, consumer),
        }
    }

    /// Whether work at hand is settled when the group takes its partitions back.
    /// A transaction is aborted: the group waits for its next owner meanwhile.
    pub(crate) fn settles_when_revoked(&self) -> bool {
        matches!(self, Self::AtLeastOnce(_))
    }

    /// Whether what is sent can be read before it is settled.
    pub(crate) fn shows_at_once(&self) -> bool {
        matches!(self, Self::AtLeastOnce(_))
    }

    /// Undoes what can be undone of the work at hand. Nothing may be about to be settled.
    pub(crate) fn undo(&mut self) -> Result<(), Interruption> {
        match self {
            Self::AtLeastOnce(delivery) => delivery.undo(),
            Self::ExactlyOnce(delivery) => delivery.undo(),
        }
    }
}

/// Positions as offsets to commit.
pub(crate) fn committed_offsets(positions: &Positions) -> BTreeMap<i32, CommittedOffset> {
    positions
        .iter()
        .map(|(partition, offset)| {
            let committed = CommittedOffset {
                offset: *offset,
                metadata: String::new(),
            };
            (*partition, committed)
        })
        .collect()
}
