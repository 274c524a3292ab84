//! The golden cases that Spark made.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// A file or folder of `tests/fixtures`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).join(path)
}

/// The lines of a fixture.
pub(crate) fn lines(path: &str) -> Vec<String> {
    let path = fixture(path);
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(str::to_owned).collect()
}

/// The lines of a fixture as JSON.
pub(crate) fn json_lines(path: &str) -> Vec<Value> {
    let lines = lines(path);
    lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("a fixture is JSON"))
        .collect()
}
