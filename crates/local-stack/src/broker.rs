//! One Apache Kafka broker that is its own controller (KRaft).

mod folder;
mod options;
mod properties;

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rand::distr::{Alphanumeric, SampleString};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rustix::process::Signal;

use crate::{Access, ChildProcess, Distribution, Listener, Proxy, Security, free_port, wait_until};
use folder::Folder;
pub use options::BrokerOptions;

/// A loaded machine with two cores takes its time to start a JVM.
const START_TIMEOUT: Duration = Duration::from_secs(120);
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// Another process may take a free port before the broker does.
const START_ATTEMPTS: usize = 3;

/// A broker that runs, unless it was stopped or killed; it ends with this value.
#[derive(Debug)]
pub struct Broker {
    distribution: Distribution,
    listeners: Vec<Listener>,
    security: Option<Arc<Security>>,
    folder: Folder,
    process: Option<ChildProcess>,
}

impl Broker {
    /// Starts a broker of which clients that go by the proxy learn no other way. The
    /// proxy's address is theirs; [`Self::address`] goes past it.
    pub fn start_behind_proxy(mut options: BrokerOptions) -> Result<(Self, Proxy)> {
        let port = free_port();
        let proxy = Proxy::start(([127, 0, 0, 1], port).into())?;
        let listener = match &options.security {
            Some(security) => security.listener("PROXIED"),
            None => Listener::new("PROXIED", "PLAINTEXT"),
        };
        options.listeners.push(Listener {
            port: Some(port),
            advertised: Some(proxy.address().to_string()),
            ..listener
        });
        Ok((Self::start(&options)?, proxy))
    }

    /// Starts a broker and waits until it answers.
    pub fn start(options: &BrokerOptions) -> Result<Self> {
        ensure!(
            options.data.is_none() || options.security.is_none(),
            "the users of a secured broker end with it, and its data can't be kept"
        );
        let distribution = Distribution::fetch(&options.version)?;
        let folder = Folder::new(options.data.as_deref())?;
        let mut broker = Self {
            distribution,
            listeners: Vec::new(),
            security: options.security.clone(),
            folder,
            process: None,
        };
        let fixed_ports = options
            .listeners
            .iter()
            .all(|listener| listener.port.is_some());
        for attempt in 1.. {
            broker.configure(options)?;
            broker.format()?;
            match broker.run() {
                Err(error) if attempt < START_ATTEMPTS && !fixed_ports => {
                    eprintln!("trying again: {error:#}");
                }
                result => return result.map(|()| broker),
            }
        }
        unreachable!("the last attempt returns")
    }

    /// `host:port` of the first listener, for `bootstrap.servers`.
    pub fn address(&self) -> String {
        self.listeners[0].advertised()
    }

    /// The same for the one that may do all.
    pub fn access(&self) -> Access {
        match &self.security {
            Some(security) => security.admin(self.address()),
            None => Access::from(&self.address()),
        }
    }

    /// What it asks of its clients; `None`: nothing.
    pub fn security(&self) -> Option<&Arc<Security>> {
        self.security.as_ref()
    }

    /// What clients are told to connect to at the listener called `name`.
    pub fn listener_address(&self, name: &str) -> Option<String> {
        let listener = self.listeners.iter().find(|listener| listener.name == name);
        listener.map(Listener::advertised)
    }

    /// The jars that it runs from, for Kafka's own tools.
    pub fn distribution(&self) -> &Distribution {
        &self.distribution
    }

    /// Whether its process runs.
    pub fn is_running(&mut self) -> Result<bool> {
        match &mut self.process {
            Some(process) => Ok(process.exit_status()?.is_none()),
            None => Ok(false),
        }
    }

    /// Ends the broker in order.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.terminate(STOP_TIMEOUT)?;
        }
        Ok(())
    }

    /// `kill -9`.
    pub fn kill(&mut self) -> Result<()> {
        match self.process.take() {
            Some(mut process) => process.kill(),
            None => Ok(()),
        }
    }

    /// Sends a signal, such as STOP and CONT, to the running broker.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        let process = self.process.as_mut().context("the broker doesn't run")?;
        process.signal(signal)
    }

    /// Starts a stopped or killed broker on its ports and data, and waits until it
    /// answers.
    pub fn restart(&mut self) -> Result<()> {
        ensure!(!self.is_running()?, "the broker runs");
        self.run()
    }

    fn configure(&mut self, options: &BrokerOptions) -> Result<()> {
        let listeners = options.listeners.iter().cloned();
        self.listeners = listeners.map(Listener::with_port).collect();
        ensure!(!self.listeners.is_empty(), "a broker needs a listener");
        let text = properties::text(
            &self.listeners,
            free_port(),
            &self.folder.data(),
            self.security.as_deref(),
            &options.properties,
        );
        fs::write(self.folder.properties(), text).context("writing server.properties")
    }

    fn format(&self) -> Result<()> {
        if self.folder.data().join("meta.properties").exists() {
            return Ok(());
        }
        let users = self.security.as_deref().map(Security::format_arguments);
        // 16 bytes in base64; the last character has 4 spare bits, which are 0.
        let cluster_id = Alphanumeric.sample_string(&mut rand::rng(), 21) + "A";
        let output = self
            .distribution
            .java(&["-XX:TieredStopAtLevel=1"], "kafka.tools.StorageTool")
            .args(["format", "--cluster-id", &cluster_id, "--config"])
            .arg(self.folder.properties())
            .args(users.unwrap_or_default())
            .stdin(Stdio::null())
            .output()
            .context("running Kafka's StorageTool")?;
        ensure!(
            output.status.success(),
            "Kafka can't format {}: {}{}",
            self.folder.data().display(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let mut command = self
            .distribution
            .java(&["-Xmx1g", "-Xms128m"], "kafka.Kafka");
        command.arg(self.folder.properties());
        let mut process = ChildProcess::spawn("Kafka", &mut command)?;
        let own = Access {
            address: self.listeners[0].address(),
            ..self.access()
        };
        let client: BaseConsumer = own.client().create()?;
        wait_until("Kafka to answer", START_TIMEOUT, || {
            if process.exit_status()?.is_some() {
                bail!("Kafka doesn't start: {}", reason(&process));
            }
            Ok(client
                .fetch_metadata(None, Duration::from_millis(500))
                .is_ok())
        })?;
        self.process = Some(process);
        Ok(())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Before the folder goes. An orderly end would take a second for nothing.
        let _ = self.kill();
    }
}

/// The line of the log that says most about why a broker ended.
fn reason(process: &ChildProcess) -> String {
    let lines = process.stderr().lines();
    let cause = lines.iter().rfind(|line| line.contains("Caused by"));
    let line = cause.or_else(|| lines.iter().find(|line| line.contains("Exception")));
    line.or(lines.last()).cloned().unwrap_or_default()
}
