//! `local-stack`: the whole of fraud-stream on this machine.

mod interrupt;
mod kafka_command;

use std::process::ExitCode;

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
    /// Start Kafka alone and leave it running until Ctrl+C
    Kafka(kafka_command::KafkaArguments),
}

const EXAMPLES: &str = "\
Examples:
  local-stack kafka                         a broker on a free port; prints its address
  local-stack kafka --port 9092 --data /var/tmp/kafka --topic transactions:4 --topic results:4

Kafka is fetched once from Maven Central into .cache/ of the checkout. It needs Java 17
or newer, and Maven for the first time.";

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
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
