//! Transient trouble with the brokers: told to the health at once and to the log once a
//! minute, however many clients of the process meet it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::{info, warn};

use crate::{Health, OnceAMinute, Reason};

/// What ends a trouble differs by its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// No connection to any broker: unreachable, refused, wrong password.
    Connection,
    /// The brokers show no such topic to who asks before sending to it.
    Topic,
    /// A topic is missing, or we may not use the group or transactional id.
    Access,
    /// We may not use a topic.
    TopicAccess,
}

/// The present troubles of all clients of the process.
#[derive(Debug, Clone)]
pub(crate) struct Troubles {
    health: Health,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// By client and kind.
    present: BTreeMap<(String, Kind), String>,
    /// When each text was last logged. Kept after the trouble, as one that comes and
    /// goes is one trouble.
    warned: BTreeMap<String, OnceAMinute>,
    /// The log has a warning that nothing has lifted yet.
    is_told: bool,
}

impl Troubles {
    pub(crate) fn new(health: Health) -> Self {
        Self {
            health,
            state: Arc::default(),
        }
    }

    /// `client` has this trouble; `text` says what to do about it.
    pub(crate) fn report(&self, client: &str, kind: Kind, text: &str) {
        let mut state = self.lock();
        state
            .present
            .insert((client.to_owned(), kind), text.to_owned());
        self.health
            .client_waits_for(Reason::Kafka, client, state.text_of(client));
        state.warn_about(text);
    }

    /// `client` no longer has trouble of this kind.
    pub(crate) fn resolve(&self, client: &str, kind: Kind) {
        let mut state = self.lock();
        if state.present.remove(&(client.to_owned(), kind)).is_none() {
            return;
        }
        if state.has_any(client) {
            self.health
                .client_waits_for(Reason::Kafka, client, state.text_of(client));
            return;
        }
        self.health.client_resolved(Reason::Kafka, client);
        if state.present.is_empty() && std::mem::take(&mut state.is_told) {
            info!("Kafka serves us again");
        }
    }

    /// Repeats in the log what lasts longer than a minute.
    pub(crate) fn repeat(&self) {
        let mut state = self.lock();
        let texts: Vec<String> = state.present.values().cloned().collect();
        for text in texts {
            state.warn_about(&text);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_any(&self, client: &str) -> bool {
        self.present.keys().any(|(name, _)| name == client)
    }

    fn text_of(&self, client: &str) -> String {
        let texts: Vec<&str> = self
            .present
            .iter()
            .filter(|((name, _), _)| name == client)
            .map(|(_, text)| text.as_str())
            .collect();
        texts.join("; ")
    }

    fn warn_about(&mut self, text: &str) {
        if self.is_due(text) {
            self.is_told = true;
            warn!("{text}");
        }
    }

    fn is_due(&mut self, text: &str) -> bool {
        self.warned.entry(text.to_owned()).or_default().is_due()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_ready_again_once_all_its_troubles_are_over() {
        let health = Health::default();
        let troubles = Troubles::new(health.clone());
        troubles.report("a", Kind::Connection, "no broker");
        troubles.report("a", Kind::Access, "no topic");
        assert_eq!(health.not_ready(), ["no broker; no topic"]);
        troubles.resolve("a", Kind::Connection);
        assert_eq!(health.not_ready(), ["no topic"]);
        troubles.resolve("a", Kind::Access);
        assert!(health.not_ready().is_empty());
    }

    #[test]
    fn what_lasts_is_logged_once_and_another_trouble_beside_it() {
        let mut state = State::default();
        assert!(state.is_due("no broker"));
        assert!(!state.is_due("no broker"));
        assert!(state.is_due("wrong password"));
        assert!(!state.is_due("no broker"));
    }
}
