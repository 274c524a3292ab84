//! Wires the command line to the simulator or the daemon.

use std::process::ExitCode;

use clap::Parser;
use producer_svc::cli::{Cli, Command};
use producer_svc::{SERVICE, simulate};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match &cli.command {
        Some(Command::Simulate(options)) => simulate::run(options),
        None => service_runtime::run(&SERVICE, &cli.service, producer_svc::run),
    }
}
