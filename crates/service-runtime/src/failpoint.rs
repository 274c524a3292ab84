//! Places at which a test lets a daemon die.
//!
//! Without the feature `failpoints`, which no release is built with, nothing is left
//! of them. With it, the environment says where and when, in the words of the crate
//! `fail`: `FAILPOINTS="scorer_before_commit=5*off->return"` ends the process the sixth
//! time it comes by, and `…->return(3)` three milliseconds later, in the middle of what
//! follows.

/// A place at which the process ends as `kill -9` would end it, if a test asks for it:
/// nothing is flushed, closed or dropped.
#[cfg(feature = "failpoints")]
pub fn failpoint(name: &str) {
    use std::time::Duration;
    use std::{process, thread};

    fail::fail_point!(name, |delay| {
        if let Some(milliseconds) = delay.and_then(|text| text.parse().ok()) {
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(milliseconds));
                process::abort();
            });
        } else {
            process::abort();
        }
    });
}

/// Nothing: see the feature `failpoints`.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn failpoint(_name: &str) {}

/// Reads `FAILPOINTS`.
#[cfg(feature = "failpoints")]
pub(crate) fn arm() {
    // Whoever drops the scenario disarms it.
    std::mem::forget(fail::FailScenario::setup());
}

/// Nothing: see the feature `failpoints`.
#[cfg(not(feature = "failpoints"))]
pub(crate) fn arm() {}
