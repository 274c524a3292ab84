//! Liveness and readiness, told by the service and read by the admin endpoints.

use std::sync::Arc;

/// Something that a daemon waits for before it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The broker can't be reached, refuses us, or lacks a topic or a right.
    Kafka,
    /// The consumer has no assignment yet.
    Assignment,
    /// The service itself isn't set up yet.
    Starting,
    /// The store of the result files doesn't take them.
    Storage,
    /// The daemon is stopping.
    Stopping,
}

/// Cloned into every part of a daemon that knows something about its health.
#[derive(Debug, Clone, Default)]
pub struct Health {
    _state: Arc<()>,
}

impl Health {
    /// Not ready for `reason`; `text` is shown by `/readyz`.
    pub fn wait_for(&self, reason: Reason, text: impl Into<String>) {
        let _ = (reason, text.into());
        unimplemented!()
    }

    /// `reason` is gone.
    pub fn resolved(&self, reason: Reason) {
        let _ = reason;
        unimplemented!()
    }

    /// The loop called `name` has work at hand; unless [`Self::progress`] is called,
    /// `/livez` fails after 60 s.
    pub fn busy(&self, name: &'static str) {
        let _ = name;
        unimplemented!()
    }

    /// The loop called `name` got on with its work.
    pub fn progress(&self, name: &'static str) {
        let _ = name;
        unimplemented!()
    }

    /// The loop called `name` has nothing to do, or waits for a broker.
    pub fn idle(&self, name: &'static str) {
        let _ = name;
        unimplemented!()
    }
}
