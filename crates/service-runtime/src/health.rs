//! Liveness and readiness, told by the service and read by the admin endpoints.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A loop that has work and makes no progress for this long is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(60);

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
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// By reason and by who waits: two workers wait for an assignment each.
    waiting: BTreeMap<(Reason, String), String>,
    /// Loops that have work, since when they made no progress.
    busy: BTreeMap<&'static str, Instant>,
    failure: Option<String>,
}

impl Health {
    /// Not ready for `reason`; `text` is shown by `/readyz`.
    pub fn wait_for(&self, reason: Reason, text: impl Into<String>) {
        self.client_waits_for(reason, "", text);
    }

    /// `reason` is gone.
    pub fn resolved(&self, reason: Reason) {
        self.client_resolved(reason, "");
    }

    /// The loop called `name` has work at hand; unless [`Self::progress`] is called,
    /// `/livez` fails after 60 s. Waiting for Kafka or storage doesn't count.
    pub fn busy(&self, name: &'static str) {
        self.lock().busy.entry(name).or_insert_with(Instant::now);
    }

    /// The loop called `name` got on with its work.
    pub fn progress(&self, name: &'static str) {
        if let Some(since) = self.lock().busy.get_mut(name) {
            *since = Instant::now();
        }
    }

    /// The loop called `name` has nothing to do, or waits for a broker.
    pub fn idle(&self, name: &'static str) {
        self.lock().busy.remove(name);
    }

    /// As [`Self::wait_for`], for one of several clients.
    pub(crate) fn client_waits_for(&self, reason: Reason, client: &str, text: impl Into<String>) {
        self.lock()
            .waiting
            .insert((reason, client.to_owned()), text.into());
    }

    /// As [`Self::resolved`], for one of several clients.
    pub(crate) fn client_resolved(&self, reason: Reason, client: &str) {
        let mut state = self.lock();
        let removed = state.waiting.remove(&(reason, client.to_owned()));
        if removed.is_some() && !state.waits_for_others() {
            // Whoever waited for it couldn't make progress: the time starts anew.
            let now = Instant::now();
            state.busy.values_mut().for_each(|since| *since = now);
        }
    }

    /// The daemon can't go on and is about to end.
    pub(crate) fn failed(&self, text: impl Into<String>) {
        self.lock().failure.get_or_insert(text.into());
    }

    /// Why the daemon should be restarted, a line each.
    pub(crate) fn not_live(&self) -> Vec<String> {
        self.lock().not_live(Instant::now())
    }

    /// Why the daemon isn't ready, a line each.
    pub(crate) fn not_ready(&self) -> Vec<String> {
        let state = self.lock();
        state
            .failure
            .iter()
            .chain(state.waiting.values())
            .cloned()
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn waits_for_others(&self) -> bool {
        self.waiting
            .keys()
            .any(|(reason, _)| matches!(reason, Reason::Kafka | Reason::Storage))
    }

    fn not_live(&self, now: Instant) -> Vec<String> {
        let stuck = self.busy.iter().filter_map(|(name, since)| {
            let stuck_for = now.saturating_duration_since(*since);
            let is_stuck = stuck_for >= STUCK_AFTER && !self.waits_for_others();
            is_stuck.then(|| {
                format!(
                    "{name} has work and made no progress for {} s",
                    stuck_for.as_secs()
                )
            })
        });
        self.failure.iter().cloned().chain(stuck).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_live_later(health: &Health) -> Vec<String> {
        health.lock().not_live(Instant::now() + STUCK_AFTER)
    }

    #[test]
    fn a_loop_with_work_and_no_progress_is_stuck_after_a_minute() {
        let health = Health::default();
        health.busy("loop");
        assert!(health.not_live().is_empty());
        assert_eq!(
            not_live_later(&health),
            ["loop has work and made no progress for 60 s"]
        );
    }

    #[test]
    fn an_idle_loop_is_never_stuck() {
        let health = Health::default();
        health.busy("loop");
        health.idle("loop");
        health.progress("loop");
        assert!(not_live_later(&health).is_empty());
    }

    #[test]
    fn waiting_for_a_broker_is_not_being_stuck() {
        let health = Health::default();
        health.busy("loop");
        health.wait_for(Reason::Kafka, "no broker");
        assert!(not_live_later(&health).is_empty());
        health.resolved(Reason::Kafka);
        assert!(health.not_live().is_empty());
        assert_eq!(not_live_later(&health).len(), 1);
    }

    #[test]
    fn each_of_two_clients_must_resolve_its_own_wait() {
        let health = Health::default();
        health.client_waits_for(Reason::Assignment, "a", "no assignment");
        health.client_waits_for(Reason::Assignment, "b", "no assignment");
        health.client_resolved(Reason::Assignment, "a");
        assert_eq!(health.not_ready(), ["no assignment"]);
        health.client_resolved(Reason::Assignment, "b");
        assert!(health.not_ready().is_empty());
    }

    #[test]
    fn a_failure_ends_liveness_and_readiness_and_the_first_one_counts() {
        let health = Health::default();
        health.failed("fenced");
        health.failed("later");
        assert_eq!(health.not_live(), ["fenced"]);
        assert_eq!(health.not_ready(), ["fenced"]);
    }
}
