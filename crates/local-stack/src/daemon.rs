//! The daemons as child processes.

use std::env;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{Access, ChildProcess, HttpResponse, TOPICS, free_port, http_get, wait_until};

/// A program of this workspace, built in the profile of the running one.
pub fn binary(name: &str) -> Result<PathBuf> {
    let here = env::current_exe().context("finding the running program")?;
    // Test binaries lie in `deps` below the others.
    let found = here
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name));
    let found: Vec<_> = found.collect();
    match found.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => bail!("{} isn't built: make build", found[0].display()),
    }
}

/// A daemon to start: its settings, which go by environment variables.
#[derive(Debug, Clone)]
pub struct DaemonCommand {
    name: String,
    binaries: Option<PathBuf>,
    arguments: Vec<OsString>,
    under: Vec<OsString>,
    settings: Vec<(String, OsString)>,
    admin_port: u16,
}

impl DaemonCommand {
    /// The daemon whose binary is `name`, with an admin port of its own and logs as
    /// text.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            binaries: None,
            arguments: Vec::new(),
            under: Vec::new(),
            settings: Vec::new(),
            admin_port: free_port(),
        }
        .set("log.format", "text")
    }

    /// Takes the binary from `folder`, such as that of another version.
    #[must_use]
    pub fn binaries(mut self, folder: impl Into<PathBuf>) -> Self {
        self.binaries = Some(folder.into());
        self
    }

    /// The port of its admin endpoints on 127.0.0.1.
    #[must_use]
    pub fn admin_port(mut self, port: u16) -> Self {
        self.admin_port = port;
        self
    }

    /// Sets a key, such as `scorer.model`.
    #[must_use]
    pub fn set(self, key: &str, value: impl Into<OsString>) -> Self {
        let variable = format!("FRAUD__{}", key.replace('.', "__").to_uppercase());
        self.variable(&variable, value)
    }

    /// Lets the daemon come to a broker as whoever has this access.
    #[must_use]
    pub fn kafka(self, access: &Access) -> Self {
        let command = self.set("kafka.bootstrap_servers", &access.address);
        let Some(login) = &access.login else {
            return command;
        };
        command
            .set("kafka.security_protocol", "sasl_ssl")
            .set("kafka.sasl_mechanism", "SCRAM-SHA-512")
            .set("kafka.username", &login.user)
            .set("kafka.password", &login.password)
            .set("kafka.ca_file", &login.ca_file)
    }

    /// Sets the four topics, each to what `name` makes of its default name.
    #[must_use]
    pub fn topics(self, name: impl Fn(&str) -> String) -> Self {
        TOPICS.iter().fold(self, |command, topic| {
            let key = topic.replace(['.', '-'], "_");
            command.set(&format!("topics.{key}"), name(topic))
        })
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.settings.push((name.to_owned(), value.into()));
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments<T: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Runs the daemon by a program that is given it and its arguments as its last ones,
    /// and becomes it (`exec`).
    #[must_use]
    pub fn under(mut self, program: &[&str]) -> Self {
        self.under = program.iter().map(Into::into).collect();
        self
    }

    /// Starts the daemon; waits for nothing.
    pub fn start(&self) -> Result<Daemon> {
        let mut words = self.under.clone();
        let program = match &self.binaries {
            Some(folder) => folder.join(&self.name),
            None => binary(&self.name)?,
        };
        words.push(program.into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        // What happens to be set around us isn't meant for it.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("FRAUD_") {
                command.env_remove(name);
            }
        }
        let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, self.admin_port));
        command
            .env_remove("RUST_LOG")
            .env("FRAUD__ADMIN__ADDRESS", admin.to_string())
            .envs(self.settings.iter().cloned())
            .args(&self.arguments);
        Ok(Daemon {
            process: ChildProcess::spawn(&self.name, &mut command)?,
            admin,
        })
    }
}

/// A started daemon: a [`ChildProcess`] that has admin endpoints.
#[derive(Debug)]
pub struct Daemon {
    process: ChildProcess,
    admin: SocketAddr,
}

impl Daemon {
    /// Where its admin endpoints are.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Asks an admin endpoint, such as `/readyz`.
    pub fn get(&self, path: &str) -> Result<HttpResponse> {
        http_get(self.admin, path)
    }

    /// The sum of a metric's samples whose text holds all of `labels` (such as
    /// `outcome="scored"`), or `None` if there is none yet.
    pub fn metric(&self, name: &str, labels: &[&str]) -> Result<Option<f64>> {
        let text = self.get("/metrics")?.body;
        let samples = text.lines().filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let (series_name, series_labels) = series.split_once('{').unwrap_or((series, ""));
            let is_wanted =
                series_name == name && labels.iter().all(|label| series_labels.contains(label));
            is_wanted.then(|| value.parse::<f64>().ok())?
        });
        Ok(samples.reduce(|sum, sample| sum + sample))
    }

    /// Waits until `/readyz` answers 200; an error if the daemon ends before.
    pub fn wait_until_ready(&mut self, timeout: Duration) -> Result<()> {
        self.wait_for_readyz(200, timeout)
    }

    /// Waits until `/readyz` answers with this status; an error if the daemon ends
    /// before.
    pub fn wait_for_readyz(&mut self, status: u16, timeout: Duration) -> Result<()> {
        let what = format!("{status} from /readyz of {}", self.process.name());
        wait_until(&what, timeout, || {
            if let Some(status) = self.process.exit_status()? {
                bail!(
                    "{} ended ({status}):\n{}",
                    self.process.name(),
                    self.process.stderr()
                );
            }
            Ok(self
                .get("/readyz")
                .is_ok_and(|answer| answer.status == status))
        })
        .with_context(|| match self.get("/readyz") {
            Ok(answer) => format!("the last answer was {}: {}", answer.status, answer.body),
            Err(error) => format!("{error:#}"),
        })
    }
}

impl Deref for Daemon {
    type Target = ChildProcess;

    fn deref(&self) -> &ChildProcess {
        &self.process
    }
}

impl DerefMut for Daemon {
    fn deref_mut(&mut self) -> &mut ChildProcess {
        &mut self.process
    }
}
