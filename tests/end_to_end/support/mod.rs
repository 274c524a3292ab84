//! What the tests stand on.

pub(crate) mod bucket;
pub(crate) mod fixtures;
pub(crate) mod model_stores;
pub(crate) mod python;
pub(crate) mod result_rows;
pub(crate) mod secured;
pub(crate) mod stream;

use std::time::Duration;

use anyhow::{Context as _, Result};
use local_stack::{ChildProcess, Daemon, wait_until};

pub(crate) use stream::Stream;

/// How long a test waits for something that must come. Generous: it is the time of a
/// failure, not of a success.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// It is alive and not ready, for a reason that it also logs.
pub(crate) fn assert_waits(daemon: &mut Daemon, reason: &str) -> Result<()> {
    let warned = daemon.wait_for_line(ChildProcess::stderr, reason, PATIENCE);
    warned.with_context(|| daemon.stderr().to_string())?;
    wait_until("the reason in /readyz", PATIENCE, || {
        let answer = daemon.get("/readyz")?;
        Ok(answer.status == 503 && answer.body.contains(reason))
    })?;
    assert_eq!(daemon.get("/livez")?.status, 200);
    Ok(())
}
