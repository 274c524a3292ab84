//! Something outside doesn't work; waiting may help.

use std::time::{Duration, Instant};

use service_runtime::{Health, OnceAMinute, Reason};
use tracing::{info, warn};

/// Between two tries.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// Whether, and for what, the sink waits.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    current: Option<Current>,
}

#[derive(Debug)]
struct Current {
    reason: Reason,
    warning: OnceAMinute,
    next_try: Instant,
}

/// What doesn't work, for a person.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) reason: Reason,
    pub(crate) text: String,
}

impl Outage {
    /// Whether it is too early to try again.
    pub(crate) fn is_waiting(&self, now: Instant) -> bool {
        self.current
            .as_ref()
            .is_some_and(|current| now < current.next_try)
    }

    /// Whether there is an outage.
    pub(crate) fn is_on(&self) -> bool {
        self.current.is_some()
    }

    /// Notes a try that failed: not ready, and a warning a minute.
    pub(crate) fn note(&mut self, health: &Health, trouble: &Trouble) {
        let mut warning = match &self.current {
            Some(current) if current.reason == trouble.reason => current.warning,
            _ => OnceAMinute::default(),
        };
        if warning.is_due() {
            warn!("{}; nothing is committed, trying again", trouble.text);
        }
        self.resolve_other(health, trouble.reason);
        health.wait_for(trouble.reason, trouble.text.clone());
        self.current = Some(Current {
            reason: trouble.reason,
            warning,
            next_try: Instant::now() + RETRY_INTERVAL,
        });
    }

    /// Notes that it works again.
    pub(crate) fn end(&mut self, health: &Health) {
        if let Some(current) = self.current.take() {
            info!("the trouble is over: going on");
            health.resolved(current.reason);
        }
    }

    fn resolve_other(&self, health: &Health, reason: Reason) {
        if let Some(current) = &self.current
            && current.reason != reason
        {
            health.resolved(current.reason);
        }
    }
}
