//! The wish to stop.

use std::time::Duration;

/// Set once by SIGTERM, SIGINT or a failure; cloned into every loop.
#[derive(Debug, Clone)]
pub struct Shutdown {}

impl Shutdown {
    /// Whether to stop.
    pub fn is_requested(&self) -> bool {
        unimplemented!()
    }

    /// Asks every part of the daemon to stop.
    pub fn request(&self) {
        unimplemented!()
    }

    /// Waits for the wish to stop, at most `timeout`; whether it came. For threads.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let _ = timeout;
        unimplemented!()
    }

    /// Waits for the wish to stop. For tasks.
    pub async fn requested(&self) {
        unimplemented!()
    }
}
