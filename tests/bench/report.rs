//! Tables for people, JSON for programs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use local_stack::checkout;
use serde_json::{Value, json};

/// A ratio that fraud-stream is held to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// Its name, such as `R1`.
    pub(crate) name: &'static str,
    /// What it compares.
    pub(crate) what: &'static str,
    /// What must be reached.
    pub(crate) must: f64,
    /// What is aimed at.
    pub(crate) want: f64,
    /// Whether more is better.
    pub(crate) more_is_better: bool,
}

impl Target {
    /// Prints what came of it.
    pub(crate) fn print(&self, value: f64) {
        let is_met = if self.more_is_better {
            value >= self.must
        } else {
            value <= self.must
        };
        println!(
            "{:<4}{:<58}{:>10.3}   must {:<9} want {:<9} {}",
            self.name,
            self.what,
            value,
            self.must,
            self.want,
            if is_met { "met" } else { "MISSED" }
        );
    }

    /// The same for programs.
    pub(crate) fn json(&self, value: f64) -> Value {
        json!({"name": self.name, "what": self.what, "value": value, "must": self.must, "want": self.want})
    }
}

/// Prints a line of a table: what it is about, then right-aligned cells.
pub(crate) fn print_row(about: &str, cells: &[String]) {
    let cells: String = cells.iter().map(|cell| format!("{cell:>17}")).collect();
    println!("{about:<26}{cells}");
}

/// Writes `target/bench/<name>.json` and says so.
pub(crate) fn write_json(name: &str, content: &Value) -> Result<()> {
    let folder = checkout().join("target/bench");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let path = folder.join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(content)? + "\n";
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    println!("\nwritten to {}", shown(&path));
    Ok(())
}

fn shown(path: &Path) -> String {
    let path = path.strip_prefix(checkout()).unwrap_or(path);
    path.display().to_string()
}

/// The middle one, or the lower of two in the middle.
///
/// # Panics
/// If there are none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The smallest value that a share of all values doesn't exceed.
///
/// # Panics
/// If there are none.
pub(crate) fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.saturating_sub(1)]
}
