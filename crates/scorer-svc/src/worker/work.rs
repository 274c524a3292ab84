//! What was read since the last commit.

use std::time::{Duration, Instant};

use crate::delivery::Positions;

/// With nothing at hand, the loop looks at the wish to stop this often.
const IDLE_WAIT: Duration = Duration::from_millis(100);
/// Input that brings nothing for this long is drained, whatever else is known.
const QUIET_WAIT: Duration = Duration::from_millis(5);
/// Work of fewer messages is finished as soon as nothing more is there: whoever is so far
/// behind that transactions should be long has more at hand.
const FEW_MESSAGES: usize = 1000;
/// Seconds of work. Something is kept for each message until the commit.
const MOST_MESSAGES: usize = 200_000;

/// Messages that will be committed together. All partitions are read without a
/// gap, so that their next offsets say it all.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Since its first message, or since the work before it was settled; `None` while there
    /// is no message.
    opened: Option<Instant>,
    messages: usize,
    /// The next offset of each partition.
    pub(super) positions: Positions,
    /// How long to wait for one more, after nothing came at once.
    quiet_wait: Duration,
}

impl Work {
    /// Takes a message in.
    pub(super) fn add(&mut self, partition: i32, offset: i64) {
        self.opened.get_or_insert_with(Instant::now);
        self.messages += 1;
        self.positions.insert(partition, offset + 1);
        self.quiet_wait = Duration::ZERO;
    }

    /// The work before it is settled: only now it can begin.
    pub(super) fn open_anew(&mut self) {
        self.opened = Some(Instant::now());
    }

    /// Whether it has so many messages that it should end: each takes memory.
    pub(super) fn is_full(&self) -> bool {
        self.messages >= MOST_MESSAGES
    }

    /// Whether it is so little that nothing is gained by waiting for more.
    pub(super) fn is_small(&self) -> bool {
        self.messages < FEW_MESSAGES
    }

    /// Whether there is any message.
    pub(super) fn is_open(&self) -> bool {
        self.opened.is_some()
    }

    /// Whether it has been open for `interval`.
    pub(super) fn is_due(&self, interval: Duration) -> bool {
        self.opened
            .is_some_and(|opened| opened.elapsed() >= interval)
    }

    /// How long the next message may be waited for.
    pub(super) fn wait(&self) -> Duration {
        if self.is_open() {
            self.quiet_wait
        } else {
            IDLE_WAIT
        }
    }

    /// No message came within [`Self::wait`], so that the next is waited for. Whether it was
    /// before, and the input is drained.
    pub(super) fn note_nothing(&mut self) -> bool {
        !std::mem::replace(&mut self.quiet_wait, QUIET_WAIT).is_zero()
    }
}
