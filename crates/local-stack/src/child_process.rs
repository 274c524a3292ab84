//! Child processes that end with us, and what they say.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, kill_process_group, prlimit};

use crate::{process_group, wait_for, watcher};

/// A running program in a process group of its own: Ctrl+C on the terminal reaches
/// us and not it. It is killed, with all that it started, when this value is
/// dropped, and by a watcher when this process ends in any way, `kill -9` included.
#[derive(Debug)]
pub struct ChildProcess {
    name: String,
    child: Child,
    status: Option<ExitStatus>,
    stdout: Output,
    stderr: Output,
    readers: Vec<JoinHandle<()>>,
}

impl ChildProcess {
    /// Starts the program; its input is empty, its output is kept.
    pub fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        watcher::start()?;
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        watcher::group_started(child.id());
        let (stdout, stderr) = (Output::default(), Output::default());
        let readers = vec![
            stdout.read_from(child.stdout.take().expect("stdout was piped")),
            stderr.read_from(child.stderr.take().expect("stderr was piped")),
        ];
        Ok(Self {
            name: name.to_owned(),
            child,
            status: None,
            stdout,
            stderr,
            readers,
        })
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id, which is its group's too.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far to its standard output.
    pub fn stdout(&self) -> &Output {
        &self.stdout
    }

    /// What it printed so far to its standard error.
    pub fn stderr(&self) -> &Output {
        &self.stderr
    }

    /// How it ended, or `None` while it runs.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child.try_wait()?;
            if self.status.is_some() {
                watcher::group_ended(self.child.id());
                // What it started may still hold its output open.
                let _ = kill_process_group(self.pid(), Signal::KILL);
                for reader in self.readers.drain(..) {
                    let _ = reader.join();
                }
            }
        }
        Ok(self.status)
    }

    /// Sends a signal; nothing happens if it has ended.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.exit_status()?.is_none() {
            kill_process(self.pid(), signal)
                .with_context(|| format!("signalling {}", self.name))?;
        }
        Ok(())
    }

    /// Lets no file of its grow beyond so many bytes, as if the disk were full; `None`
    /// lifts that. A program that doesn't ignore SIGXFSZ dies of it.
    pub fn limit_file_size(&mut self, bytes: Option<u64>) -> Result<()> {
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(self.pid()), Resource::Fsize, limit)
            .with_context(|| format!("limiting the files of {}", self.name))?;
        Ok(())
    }

    /// The most memory that it has had so far, in bytes; the sum of that (`VmHWM`) over
    /// it and what it started.
    pub fn peak_memory(&self) -> Result<u64> {
        process_group::peak_memory(self.id())
    }

    /// The CPU time that it has used so far, in all of its threads, and what it started
    /// and still runs.
    pub fn cpu_time(&self) -> Result<Duration> {
        process_group::cpu_time(self.id())
    }

    /// Waits for its end; after `timeout` an error with what it said.
    pub fn wait(&mut self, timeout: Duration) -> Result<ExitStatus> {
        let what = format!("the end of {}", self.name);
        wait_for(&what, timeout, || self.exit_status())
            .with_context(|| format!("{} said:\n{}", self.name, self.stderr))
    }

    /// SIGTERM, and waits for its end.
    pub fn terminate(&mut self, timeout: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.wait(timeout)
    }

    /// `kill -9` for it and what it started, and waits for its end.
    pub fn kill(&mut self) -> Result<()> {
        if self.exit_status()?.is_none() {
            kill_process_group(self.pid(), Signal::KILL)
                .with_context(|| format!("killing {}", self.name))?;
            self.wait(Duration::from_secs(30))?;
        }
        Ok(())
    }

    /// Waits until a line of `output` (its [`stdout`](Self::stdout) or
    /// [`stderr`](Self::stderr)) holds `text` and gives that line; an error if
    /// the process ends before.
    pub fn wait_for_line(
        &mut self,
        output: fn(&Self) -> &Output,
        text: &str,
        timeout: Duration,
    ) -> Result<String> {
        let what = format!("{text:?} from {}", self.name);
        wait_for(&what, timeout, || {
            let ended = self.exit_status()?;
            let found = output(self).find(text);
            match ended {
                Some(status) if found.is_none() => {
                    bail!(
                        "{} ended ({status}) without {text:?}\n{}",
                        self.name,
                        self.stderr
                    )
                }
                _ => Ok(found),
            }
        })
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        // Nothing is left to do about a process that can't be killed.
        let _ = self.kill();
        if thread::panicking() {
            eprintln!("--- {} said:\n{}", self.name, self.stderr);
        }
    }
}

/// The lines that a process has printed; cloned, it is the same output.
#[derive(Debug, Clone, Default)]
pub struct Output {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Output {
    /// The lines from number `first` (counted from 0) to the last so far.
    pub fn lines_from(&self, first: usize) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.get(first..).unwrap_or_default().to_vec()
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines_from(0)
    }

    /// The first line that holds `text`.
    pub fn find(&self, text: &str) -> Option<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().find(|line| line.contains(text)).cloned()
    }

    fn read_from(&self, pipe: impl Read + Send + 'static) -> JoinHandle<()> {
        let output = self.clone();
        thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut line = Vec::new();
            while let Ok(1..) = reader.read_until(b'\n', &mut line) {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
                let mut lines = output.lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push(text.into_owned());
                line.clear();
            }
        })
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in self.lines() {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}
