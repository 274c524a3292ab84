//! Transactions that nobody made.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{ChildProcess, binary};

/// Lets `producer-svc simulate` write a data set into `folder`, within `timeout`; the
/// other options are its own.
pub fn simulate<O: AsRef<OsStr>>(folder: &Path, options: &[O], timeout: Duration) -> Result<()> {
    let mut command = Command::new(binary("producer-svc")?);
    command
        .arg("simulate")
        .args(options)
        .arg("--out")
        .arg(folder);
    let mut simulation = ChildProcess::spawn("producer-svc simulate", &mut command)?;
    let status = simulation.wait(timeout)?;
    ensure!(
        status.success(),
        "producer-svc simulate ended with {status}: {}",
        simulation.stderr()
    );
    Ok(())
}
