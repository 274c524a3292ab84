//! A member of a consumer group, driven by one loop.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::message::BorrowedMessage;

use super::Start;
use crate::{Context, Failure};

/// Who joins what.
#[derive(Debug, Clone, Copy)]
pub struct GroupOptions<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The consumer group.
    pub group: &'a str,
    /// The static member's id, stable and unique for each replica and worker.
    pub instance_id: &'a str,
}

/// An offset that the group committed, with its metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next offset to read.
    pub offset: i64,
    /// What the committer wrote beside it.
    pub metadata: String,
}

/// What a poll brought.
#[derive(Debug)]
pub enum Polled<'a> {
    /// A message.
    Message(BorrowedMessage<'a>),
    /// The group gave us these partitions: answer with [`GroupConsumer::begin`].
    Assigned(Vec<i32>),
    /// The group takes these partitions back: settle or drop their work, then
    /// answer with [`GroupConsumer::release`].
    Revoked {
        /// All that we had.
        partitions: Vec<i32>,
        /// Another member may own them already: commit nothing.
        lost: bool,
    },
    /// Nothing came in time.
    Nothing,
}

/// A consumer in a group.
pub struct GroupConsumer {}

impl GroupConsumer {
    /// Creates the client and subscribes; waits for nothing.
    pub fn join(options: &GroupOptions<'_>, context: &Context) -> Result<Self, Failure> {
        let _ = (options, context);
        unimplemented!()
    }

    /// Waits for the next event at most `timeout`. Transient trouble is logged
    /// once a minute, told to the health and waited out; fatal trouble is an error.
    /// An offset that retention took moves to the low watermark, with a warning
    /// and `fraud_kafka_skipped_offsets_total`.
    pub fn poll(&mut self, timeout: Duration) -> Result<Polled<'_>, Failure> {
        let _ = timeout;
        unimplemented!()
    }

    /// What the group committed for these partitions; waits for the broker
    /// until shutdown. `None` in the map: nothing committed.
    pub fn committed(
        &mut self,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, Option<CommittedOffset>>, Failure> {
        let _ = partitions;
        unimplemented!()
    }

    /// Where `start` means these partitions to begin; waits for the broker
    /// until shutdown, and says so at INFO.
    pub fn resolve(
        &mut self,
        start: &Start,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, i64>, Failure> {
        let _ = (start, partitions);
        unimplemented!()
    }

    /// Completes an assignment: fetching begins at these offsets.
    pub fn begin(&mut self, positions: &BTreeMap<i32, i64>) -> Result<(), Failure> {
        let _ = positions;
        unimplemented!()
    }

    /// Completes a revocation.
    pub fn release(&mut self) -> Result<(), Failure> {
        unimplemented!()
    }

    /// Goes back (or on) to these offsets; messages that were fetched for
    /// others are dropped.
    pub fn seek(&mut self, positions: &BTreeMap<i32, i64>) -> Result<(), Failure> {
        let _ = positions;
        unimplemented!()
    }

    /// Commits and waits for the answer. `Ok(false)`: a rebalance came between
    /// and nothing was committed.
    pub fn commit(&mut self, offsets: &BTreeMap<i32, CommittedOffset>) -> Result<bool, Failure> {
        let _ = offsets;
        unimplemented!()
    }

    /// Whether each assigned partition's position has reached the end of what
    /// was fetched and the local queue is empty.
    pub fn is_drained(&self) -> bool {
        unimplemented!()
    }

    /// For `send_offsets_to_transaction`; read it anew for every transaction.
    pub fn group_metadata(&self) -> Option<ConsumerGroupMetadata> {
        unimplemented!()
    }

    /// Leaves without waiting for more than `timeout`.
    pub fn close(self, timeout: Duration) {
        let _ = timeout;
        unimplemented!()
    }
}
