//! Runs the binary.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The golden cases, made by Spark.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

/// A model of the golden cases.
pub(crate) fn model(name: &str) -> PathBuf {
    fixtures().join("models").join(name)
}

/// The binary with nothing of the environment's configuration.
pub(crate) fn scorer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scorer-svc"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// Scores these lines with a model of the golden cases.
pub(crate) fn score_lines(model_name: &str, lines: &str) -> Output {
    let mut child = scorer()
        .arg("score")
        .arg("--model")
        .arg(model(model_name))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// What was written, as text.
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
