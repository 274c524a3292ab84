//! The wish to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// Set once by SIGTERM, SIGINT or a failure; cloned into every loop.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// For loops that look at it for every message.
    requested: AtomicBool,
    nothing_to_lose: AtomicBool,
    /// For threads that wait.
    lock: Mutex<()>,
    wakeup: Condvar,
    /// For tasks that wait.
    task_wakeup: watch::Sender<bool>,
}

impl Shutdown {
    /// Whether to stop.
    pub fn is_requested(&self) -> bool {
        self.inner.requested.load(Ordering::Acquire)
    }

    /// Asks every part of the daemon to stop.
    pub fn request(&self) {
        let guard = self
            .inner
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.inner.requested.store(true, Ordering::Release);
        drop(guard);
        self.inner.wakeup.notify_all();
        self.inner.task_wakeup.send_replace(true);
    }

    /// Waits for the wish to stop, at most `timeout`; whether it came. For threads.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let guard = self
            .inner
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .inner
            .wakeup
            .wait_timeout_while(guard, timeout, |()| !self.is_requested());
        drop(waited);
        self.is_requested()
    }

    /// Waits for the wish to stop. For tasks.
    pub async fn requested(&self) {
        let mut wakeup = self.inner.task_wakeup.subscribe();
        // The sender lives as long as `self`, so this can't fail.
        let _ = wakeup.wait_for(|requested| *requested).await;
    }

    /// Says that from now on nothing is lost if the process just ends: what isn't
    /// committed is done again by the next start. If a client hangs at the stop, the
    /// watchdog then ends the process with exit code 0.
    pub fn nothing_to_lose(&self) {
        self.inner.nothing_to_lose.store(true, Ordering::Release);
    }

    pub(crate) fn has_nothing_to_lose(&self) -> bool {
        self.inner.nothing_to_lose.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_request_wakes_a_waiting_thread() {
        let shutdown = Shutdown::default();
        let waiter = thread::spawn({
            let shutdown = shutdown.clone();
            move || shutdown.wait_timeout(Duration::from_secs(600))
        });
        shutdown.request();
        assert!(waiter.join().unwrap());
    }

    #[test]
    fn waiting_without_a_request_ends_with_false() {
        let shutdown = Shutdown::default();
        assert!(!shutdown.wait_timeout(Duration::from_millis(1)));
        assert!(!shutdown.is_requested());
    }

    #[tokio::test]
    async fn a_task_that_asks_late_still_learns_of_the_request() {
        let shutdown = Shutdown::default();
        shutdown.request();
        shutdown.requested().await;
        assert!(shutdown.is_requested());
    }
}
