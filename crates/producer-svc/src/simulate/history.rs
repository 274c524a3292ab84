//! What happened lately to one customer or at one terminal.

use std::collections::VecDeque;

/// Events of the recent past in order of time, with running totals: a window's
/// count and sum are differences at its two ends, found by bisection.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    events: VecDeque<Event>,
    /// The total of the events that are forgotten.
    total_before: i64,
}

#[derive(Debug, Clone)]
struct Event {
    second: i64,
    /// The sum of all values up to this event's, since the beginning.
    total: i64,
}

/// Count and sum of the events in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct WindowSum {
    pub(super) count: i32,
    pub(super) sum: i64,
}

impl History {
    /// Adds an event, not earlier than any before.
    pub(super) fn push(&mut self, second: i64, value: i64) {
        let total = self.total_of_first(self.events.len()) + value;
        self.events.push_back(Event { second, total });
    }

    /// The events after `after` and not after `through`.
    pub(super) fn window(&self, after: i64, through: i64) -> WindowSum {
        let start = self.events_through(after);
        let end = self.events_through(through);
        WindowSum {
            count: i32::try_from(end - start).expect("a window holds fewer than the ids allow"),
            sum: self.total_of_first(end) - self.total_of_first(start),
        }
    }

    /// Drops the events up to `through`; windows must begin there or later.
    pub(super) fn forget(&mut self, through: i64) {
        let count = self.events_through(through);
        self.total_before = self.total_of_first(count);
        self.events.drain(..count);
    }

    fn events_through(&self, second: i64) -> usize {
        self.events.partition_point(|event| event.second <= second)
    }

    fn total_of_first(&self, count: usize) -> i64 {
        match count.checked_sub(1) {
            Some(last) => self.events[last].total,
            None => self.total_before,
        }
    }
}
