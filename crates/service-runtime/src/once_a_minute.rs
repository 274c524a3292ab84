//! What lasts is told once a minute, however often it is met.

use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// When something was last told.
#[derive(Debug, Clone, Copy, Default)]
pub struct OnceAMinute {
    told: Option<Instant>,
}

impl OnceAMinute {
    /// Whether to tell it now; then it isn't for a minute.
    pub fn is_due(&mut self) -> bool {
        self.is_due_at(Instant::now())
    }

    fn is_due_at(&mut self, now: Instant) -> bool {
        let is_due = self
            .told
            .is_none_or(|told| now.duration_since(told) >= MINUTE);
        if is_due {
            self.told = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_due_again_a_minute_later() {
        let mut trouble = OnceAMinute::default();
        let start = Instant::now();
        assert!(trouble.is_due_at(start));
        assert!(!trouble.is_due_at(start + Duration::from_secs(59)));
        assert!(trouble.is_due_at(start + MINUTE));
        assert!(!trouble.is_due_at(start + Duration::from_secs(61)));
    }
}
