//! Measures fraud-stream beside what it is compared with, by turns in one run, and
//! prints ratios: an absolute figure holds on one machine and one day only.

mod contender;
mod core;
mod kafka;
mod latency;
mod load;
mod messages;
mod report;
mod rounds;
mod scale;
mod sink;
mod spark;
mod spark_job;
mod throughput;
mod topic_end;
mod twin;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Benchmarks of fraud-stream; `make help` lists the ways to run them.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// What `cargo bench` adds
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Topic to topic, over a real Kafka: throughput, CPU, memory, latency
    Kafka(kafka::KafkaArguments),
    /// The Spark job that scorer-svc replaces: throughput, CPU, memory, latency, start
    Spark(spark::SparkArguments),
    /// More workers and partitions
    Scale(scale::ScaleArguments),
    /// Bytes to bytes without Kafka: parsing, scoring, formatting on one core
    Core(rounds::RoundsArguments),
    /// Results to Parquet
    Sink(rounds::RoundsArguments),
    /// Passes messages on: what moving the bytes costs
    #[command(hide = true)]
    Twin(twin::TwinArguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().what {
        What::Kafka(arguments) => kafka::run(&arguments),
        What::Spark(arguments) => spark::run(&arguments),
        What::Scale(arguments) => scale::run(&arguments),
        What::Core(arguments) => core::run(&arguments),
        What::Sink(arguments) => sink::run(&arguments),
        What::Twin(arguments) => twin::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
