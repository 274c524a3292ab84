//! The command line.

use clap::Parser;
use service_runtime::ServiceArgs;

/// Writes results to Parquet files, exactly once, and prints them
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub struct Cli {
    /// The flags of every daemon.
    #[command(flatten)]
    pub service: ServiceArgs,
}

const EXAMPLES: &str = "\
Examples:
  Print results as they come:
    FRAUD__KAFKA__BOOTSTRAP_SERVERS=localhost:9092 FRAUD__SINK__CONSOLE=true results-sink-svc

  Write Parquet files into a folder:
    FRAUD__KAFKA__BOOTSTRAP_SERVERS=localhost:9092 FRAUD__SINK__PARQUET=/data/results results-sink-svc

  Use a configuration file, after checking it:
    results-sink-svc --config sink.toml --check-config
    results-sink-svc --config sink.toml

  See every key with its meaning and its value:
    results-sink-svc --config sink.toml --print-config";
