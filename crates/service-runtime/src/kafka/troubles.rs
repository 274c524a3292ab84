//! Transient trouble with the brokers: told to the health at once and to the log once a
//! minute, however many clients of the process meet it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::{info, warn};

use crate::{Health, Reason};

const REPEAT_AFTER: Duration = Duration::from_secs(60);

/// What ends a trouble differs by its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// No connection to any broker: unreachable, refused, wrong password.
    Connection,
    /// A topic is missing, or we may not use it or the group.
    Access,
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
    /// When each text was last logged.
    warned: BTreeMap<String, Instant>,
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
        if state.present.is_empty() {
            state.warned.clear();
            info!("Kafka serves us again");
        }
    }

    /// All trouble of `client` is over, as it is closed.
    pub(crate) fn forget(&self, client: &str) {
        self.lock().present.retain(|(name, _), _| name != client);
        self.health.client_resolved(Reason::Kafka, client);
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
        let now = Instant::now();
        let is_due = self
            .warned
            .get(text)
            .is_none_or(|last| now.duration_since(*last) >= REPEAT_AFTER);
        if is_due {
            self.warned.insert(text.to_owned(), now);
            warn!("{text}");
        }
    }
}
