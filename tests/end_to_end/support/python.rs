//! Python with the packages that users read results with and keep models in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context, Result, ensure};

const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// Made once, and again when the requirements change.
static PYTHON: LazyLock<PathBuf> =
    LazyLock::new(|| make_environment().expect("a Python environment"));

/// The Python that has the packages.
pub(crate) fn python() -> &'static Path {
    &PYTHON
}

/// A command that runs a script, given by its path in `tests/`.
pub(crate) fn script(path: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut command = Command::new(python());
    command.arg(script);
    command
}

/// Runs a command that must succeed, and gives what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("running {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}:\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

fn make_environment() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let python = folder.join("bin/python");
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == REQUIREMENTS) {
        return Ok(python);
    }
    output(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )
    .context("tests need python3 with venv: apt-get install python3-venv")?;
    output(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/end_to_end/python/requirements.txt"
            )),
    )
    .context("tests need packages from PyPI, once")?;
    fs::write(&installed, REQUIREMENTS)?;
    Ok(python)
}
