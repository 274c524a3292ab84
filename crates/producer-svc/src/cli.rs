//! The command line.

use clap::{Parser, Subcommand};
use service_runtime::ServiceArgs;

use crate::simulate::SimulateOptions;

/// Sends the transactions of a Parquet data set to Kafka
///
/// Without a command: runs the daemon as section producer of its configuration says.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Cli {
    /// The daemon's flags.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// What to do instead of running the daemon.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of running the daemon.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make up a Parquet data set of card transactions with known frauds
    ///
    /// Customers pay at terminals near them, each with habits of their own; the
    /// definitions are those of the Fraud Detection Handbook. Frauds come in three
    /// scenarios: amounts above 220; two terminals a day that are compromised for 28
    /// days, in which all their transactions are frauds; three customers a day whose
    /// card leaks for 14 days, in which a third of their transactions are frauds of
    /// five times the amount. These numbers are the Handbook's whatever the
    /// population's size, so a small one has a larger share of frauds: 0.9 % by
    /// default, about 8 % with a tenth of the customers and terminals.
    Simulate(SimulateOptions),
}

const EXAMPLES: &str = "\
Examples:
  # Make a data set and send one of its days, 50 transactions a second
  producer-svc simulate --out data
  FRAUD__KAFKA__BOOTSTRAP_SERVERS=localhost:9092 FRAUD__PRODUCER__RATE=50 \\
  FRAUD__PRODUCER__SOURCE=data/year=2019/month=11/day=10 producer-svc

  # Ten transactions at random, shown as they are sent
  FRAUD__PRODUCER__SAMPLE=10 FRAUD__PRODUCER__PRINT=true producer-svc --config producer.toml

  # Every key, with the value that file and environment give it
  producer-svc --config producer.toml --print-config";
