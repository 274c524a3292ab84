//! What flows through the demo: simulated transactions, and the model for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use local_stack::checkout;

/// Half a minute on a slow machine; a second on most.
const SIMULATION_TIMEOUT: Duration = Duration::from_secs(120);

/// Customers and terminals in the ratio that the model was trained on: its features
/// count transactions. So few of them have more frauds: 8 %.
const SIMULATION: [&str; 6] = ["--customers", "500", "--terminals", "1000", "--days", "1"];

/// Simulates a day of transactions into `folder`, which is made anew.
pub(crate) fn simulate(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    local_stack::simulate(folder, &SIMULATION, SIMULATION_TIMEOUT)
}

/// The model of the repository.
pub(crate) fn model() -> PathBuf {
    checkout().join("models/fraud-classifier")
}

/// The folder below `target/` for what a command leaves, made anew.
pub(crate) fn output_folder(name: &str) -> Result<PathBuf> {
    let folder = checkout().join("target").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    fs::canonicalize(&folder).with_context(|| format!("finding {}", folder.display()))
}

/// A path as one types it in the checkout.
pub(crate) fn shown(path: &Path) -> String {
    let checkout = fs::canonicalize(checkout()).unwrap_or_default();
    path.strip_prefix(&checkout)
        .unwrap_or(path)
        .display()
        .to_string()
}
