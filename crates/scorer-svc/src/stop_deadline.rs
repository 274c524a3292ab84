//! How long a stopping worker waits for Kafka.

use std::cell::Cell;
use std::time::{Duration, Instant};

use service_runtime::{Context, Shutdown};

/// Runs from the moment at which its owner first sees the wish to stop.
#[derive(Debug)]
pub(crate) struct StopDeadline {
    shutdown: Shutdown,
    grace: Duration,
    seen: Cell<Option<Instant>>,
}

impl StopDeadline {
    /// Passes half of `shutdown_timeout` after the wish to stop; the other half
    /// is for closing the clients.
    pub(crate) fn new(context: &Context) -> Self {
        Self {
            shutdown: context.shutdown.clone(),
            grace: context.config.service.shutdown_timeout / 2,
            seen: Cell::new(None),
        }
    }

    /// Whether it is too late to wait any longer.
    pub(crate) fn has_passed(&self) -> bool {
        if !self.shutdown.is_requested() {
            return false;
        }
        let seen = self.seen.get().unwrap_or_else(Instant::now);
        self.seen.set(Some(seen));
        seen.elapsed() >= self.grace
    }
}
