//! Ctrl+C and SIGTERM, so that what was started ends in order.

use std::process;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

/// The wish of the person at the terminal to stop.
pub(crate) struct Interrupt {
    came: Receiver<()>,
}

impl Interrupt {
    /// From now on Ctrl+C or SIGTERM doesn't end this process, but tells it to end;
    /// the second one ends it at once.
    pub(crate) fn catch() -> Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
        let in_runtime = runtime.enter();
        let mut interrupt = signal(SignalKind::interrupt()).context("catching Ctrl+C")?;
        let mut terminate = signal(SignalKind::terminate()).context("catching SIGTERM")?;
        drop(in_runtime);
        let (tell, came) = channel();
        thread::spawn(move || {
            let mut next = || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                });
            };
            next();
            let _ = tell.send(());
            next();
            process::exit(130);
        });
        Ok(Self { came })
    }

    /// An error if the wish has come.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(!self.wait(Duration::ZERO), "interrupted");
        Ok(())
    }

    /// Waits for the wish, at most `time`; whether it came.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        match self.came.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => false,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
        }
    }
}
