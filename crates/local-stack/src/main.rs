//! `local-stack`: the whole of fraud-stream on this machine.

mod cluster;
mod demo;
mod interrupt;
mod kafka_command;
mod progress;
mod result_files;
mod steady;
mod stream;
mod tally;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::builder::FalseyValueParser;
use clap::{Parser, Subcommand};

/// A real Apache Kafka and fraud-stream on this machine, to try things out.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Do the main job once: send, score, write, and show what came of it
    Demo(Place),
    /// Run everything on a steady stream until Ctrl+C
    Run(Place),
    /// Start Kafka alone and leave it running until Ctrl+C
    Kafka(kafka_command::KafkaArguments),
}

/// Where to run.
#[derive(Debug, clap::Args)]
struct Place {
    /// An existing broker without encryption [default: one is started]. Topics and
    /// groups of its own are made there, and removed at the end
    #[arg(long, value_name = "HOST:PORT", env = "BROKER")]
    broker: Option<String>,
    /// Start one that wants TLS by an authority of its own, and passwords
    /// (SCRAM-SHA-512), and grants each daemon the rights that it needs and no more
    #[arg(long, env = "SECURED", value_parser = FalseyValueParser::new())]
    secured: bool,
}

impl Place {
    fn check(&self) -> Result<()> {
        ensure!(
            !self.secured || self.broker().is_none(),
            "--secured is for a broker that is started, and --broker names one that runs already"
        );
        Ok(())
    }

    /// An empty variable is none.
    fn broker(&self) -> Option<&str> {
        self.broker.as_deref().filter(|broker| !broker.is_empty())
    }
}

const EXAMPLES: &str = "\
Examples:
  local-stack demo
  local-stack run
  local-stack run --secured                 on one with TLS, users and rights
  BROKER=localhost:9092 local-stack demo    on a broker that runs already
  local-stack kafka                         a broker on a free port; prints its address
  local-stack kafka --port 9092 --data /var/tmp/kafka --topic transactions:4 --topic results:4

Kafka is fetched once from Maven Central into .cache/ of the checkout. It needs Java 17
or newer, and Maven for the first time.";

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo(place) => place.check().and_then(|()| demo::run(&place)),
        Command::Run(place) => place.check().and_then(|()| steady::run(&place)),
        Command::Kafka(arguments) => kafka_command::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
