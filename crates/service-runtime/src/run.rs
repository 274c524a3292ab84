//! From the command line to the service and back to an exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::{Failure, Health, RuntimeConfig, Section, Shutdown};

/// What makes a daemon itself.
#[derive(Debug)]
pub struct Service {
    /// The section of the configuration and the metrics' infix, such as `scorer`.
    pub name: &'static str,
    /// The binary's version.
    pub version: &'static str,
    /// The commented TOML of every key with its default: the reference.
    pub defaults: &'static str,
}

/// The flags of every daemon.
#[derive(Debug, Clone, clap::Args)]
pub struct ServiceArgs {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "FRAUD_CONFIG")]
    pub config: Option<PathBuf>,
    /// Check the configuration and exit; touches no network
    #[arg(long)]
    pub check_config: bool,
    /// Print the effective configuration, secrets redacted, and exit
    #[arg(long)]
    pub print_config: bool,
}

/// What a running service gets.
#[derive(Debug, Clone)]
pub struct Context {
    /// The sections that every daemon has.
    pub config: RuntimeConfig,
    /// The wish to stop.
    pub shutdown: Shutdown,
    /// Where to tell about liveness and readiness.
    pub health: Health,
    /// Where to register metrics.
    pub registry: prometheus::Registry,
    /// For the few things that are async; the service itself has its own thread.
    pub tokio: tokio::runtime::Handle,
}

/// Loads the configuration, starts logs, admin endpoints, signals and the
/// watchdog, runs `body` on a thread of its own and waits for its end.
pub fn run<S: Section>(
    service: &Service,
    args: &ServiceArgs,
    body: fn(S, Context) -> Result<(), Failure>,
) -> ExitCode {
    let _ = (service, args, body);
    unimplemented!()
}
