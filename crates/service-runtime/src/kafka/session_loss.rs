//! Whether a member may have fenced itself.

use std::time::{Duration, Instant};

/// What became of a member's session.
///
/// A static member whose session timed out joins under a new id, which fences the old one.
/// A request of the old one, or a first try to join whose answer was lost, may still be on
/// its way, on another connection, and be taken after that. So the member looks fenced by
/// another process for a while even when the group has given it partitions again.
#[derive(Debug, Default)]
pub(super) struct SessionLoss {
    is_lost: bool,
    /// When the group took the member in again.
    ended: Option<Instant>,
}

impl SessionLoss {
    /// The coordinator wasn't heard for the whole session.
    pub(super) fn begin(&mut self) {
        self.is_lost = true;
    }

    /// The group gave the member an assignment.
    pub(super) fn end(&mut self, now: Instant) {
        if std::mem::take(&mut self.is_lost) {
            self.ended = Some(now);
        }
    }

    /// Whether being fenced may be the member's own doing; `session` is its timeout.
    pub(super) fn explains_fencing(&self, now: Instant, session: Duration) -> bool {
        let is_recent = |ended| now.duration_since(ended) < session;
        self.is_lost || self.ended.is_some_and(is_recent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: Duration = Duration::from_secs(10);

    #[test]
    fn a_member_that_was_never_lost_is_fenced_by_others() {
        let start = Instant::now();
        let mut loss = SessionLoss::default();
        assert!(!loss.explains_fencing(start, SESSION));
        loss.end(start);
        assert!(!loss.explains_fencing(start, SESSION));
    }

    #[test]
    fn a_lost_member_may_fence_itself_until_a_session_after_it_is_back() {
        let start = Instant::now();
        let mut loss = SessionLoss::default();
        loss.begin();
        assert!(loss.explains_fencing(start + 10 * SESSION, SESSION));
        loss.end(start);
        // An assignment anew doesn't prolong it.
        loss.end(start + SESSION / 2);
        assert!(loss.explains_fencing(start + SESSION * 9 / 10, SESSION));
        assert!(!loss.explains_fencing(start + SESSION, SESSION));
    }
}
