//! Where a command is.

use std::time::Instant;

/// Prints steps to stderr with the seconds since the start.
pub(crate) struct Progress {
    start: Instant,
}

impl Progress {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    pub(crate) fn step(&self, text: &str) {
        eprintln!("[{:5.1} s] {text}", self.start.elapsed().as_secs_f64());
    }
}
