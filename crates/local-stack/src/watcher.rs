//! No child outlives this process.
//!
//! Values that are dropped end their processes. A killed process drops nothing,
//! and neither does a test binary with its statics. So a shell waits beside us at
//! the end of a pipe: when we are gone, it kills the process groups that are left
//! and removes the temporary folders. (Linux could do the first by
//! `PR_SET_PDEATHSIG`, but that fires when the *thread* that started the child
//! ends, as every test's does.)

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result};

static PIPE: OnceLock<Mutex<ChildStdin>> = OnceLock::new();

/// Starts the shell, once; to be called before there is a child to watch.
pub(crate) fn start() -> Result<()> {
    static STARTING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if PIPE.get().is_none() {
        let mut shell = shell()?;
        let pipe = shell.stdin.take().expect("stdin was piped");
        PIPE.get_or_init(|| Mutex::new(pipe));
    }
    Ok(())
}

fn shell() -> Result<Child> {
    Command::new("sh")
        .args(["-c", include_str!("watcher.sh"), "local-stack-watcher"])
        // A group of its own: Ctrl+C on the terminal isn't meant for it.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("starting sh")
}

pub(crate) fn group_started(id: u32) {
    tell(&format!("started {id}\n"));
}

pub(crate) fn group_ended(id: u32) {
    tell(&format!("ended {id}\n"));
}

pub(crate) fn folder_made(path: &Path) {
    tell(&format!("folder {}\n", path.display()));
}

pub(crate) fn folder_removed(path: &Path) {
    tell(&format!("removed {}\n", path.display()));
}

fn tell(line: &str) {
    if let Some(pipe) = PIPE.get() {
        let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
        // A shell that someone killed can't help any more; dropping still does.
        let _ = pipe.write_all(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep")
            .arg("1000")
            .process_group(0)
            .spawn()
            .unwrap()
    }

    #[test]
    fn when_the_pipe_closes_what_is_left_is_killed_and_removed() {
        let (mut left, mut ended) = (sleeper(), sleeper());
        let folders = tempfile::tempdir().unwrap();
        let (gone, kept) = (
            folders.path().join("a folder"),
            folders.path().join("another"),
        );
        fs::create_dir(&gone).unwrap();
        fs::create_dir(&kept).unwrap();

        let mut watcher = shell().unwrap();
        let mut pipe = watcher.stdin.take().unwrap();
        for line in [
            format!("started {}", ended.id()),
            format!("started {}", left.id()),
            format!("ended {}", ended.id()),
            format!("folder {}", kept.display()),
            format!("folder {}", gone.display()),
            format!("removed {}", kept.display()),
        ] {
            writeln!(pipe, "{line}").unwrap();
        }
        drop(pipe);

        assert_eq!(left.wait().unwrap().signal(), Some(9));
        watcher.wait().unwrap();
        assert!(!gone.exists());
        assert!(kept.exists());
        assert_eq!(ended.try_wait().unwrap(), None);
        ended.kill().unwrap();
        ended.wait().unwrap();
    }
}
