//! Waiting for conditions instead of sleeping.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// The pause between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks `condition` until it gives a value; after `timeout` an error that names
/// `what` was waited for. An error of the condition ends the waiting.
pub fn wait_for<T>(
    what: &str,
    timeout: Duration,
    mut condition: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(value) = condition()? {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            bail!("waited {timeout:?} in vain for {what}");
        }
        thread::sleep(PAUSE);
    }
}

/// As [`wait_for`], for a condition that holds or doesn't.
pub fn wait_until(
    what: &str,
    timeout: Duration,
    mut condition: impl FnMut() -> Result<bool>,
) -> Result<()> {
    wait_for(what, timeout, || Ok(condition()?.then_some(())))
}
