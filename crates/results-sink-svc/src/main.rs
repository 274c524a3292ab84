//! The binary: command line in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use results_sink_svc::{Cli, SERVICE};

fn main() -> ExitCode {
    let cli = Cli::parse();
    service_runtime::run(&SERVICE, &cli.service, results_sink_svc::run)
}
