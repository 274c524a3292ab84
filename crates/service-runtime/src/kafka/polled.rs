//! What goes into a group consumer and comes out of it.

use super::FetchedMessage;

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
    Message(FetchedMessage<'a>),
    /// The group gave us these partitions, perhaps none: answer with
    /// [`super::GroupConsumer::begin`].
    Assigned(Vec<i32>),
    /// The group takes these partitions back: settle or drop their work, then
    /// answer with [`super::GroupConsumer::release`].
    Revoked {
        /// All that we had.
        partitions: Vec<i32>,
        /// Another member may own them already: commit nothing.
        lost: bool,
    },
    /// Nothing came in time.
    Nothing,
}
