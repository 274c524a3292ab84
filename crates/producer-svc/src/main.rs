//! Wires the command line to the simulator or the daemon.

use std::process::ExitCode;

use clap::Parser;
use producer_svc::cli::{Cli, Command};
use producer_svc::simulate;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match &cli.command {
        Some(Command::Simulate(options)) => simulate::run(options),
        None => ExitCode::from(2),
    }
}
