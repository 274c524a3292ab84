//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use fraud_model::{DotOrder, Model, ModelOptions};
use schema::RejectionCode;
use service_runtime::{Service, ServiceArgs, error_line};

use crate::config::ScorerConfig;
use crate::replay::{self, Place};
use crate::{describe, model_source, score};

pub(crate) const SERVICE: Service = Service {
    name: "scorer",
    binary: "scorer-svc",
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("../config.default.toml"),
};

const EXAMPLES: &str = "\
Examples:
  Score a stream:
    FRAUD__SCORER__MODEL=models/fraud-classifier FRAUD__KAFKA__BOOTSTRAP_SERVERS=localhost:9092 scorer-svc
  With the model that MLflow's registry calls champion:
    FRAUD__SCORER__MODEL=models:/fraud@champion FRAUD__MLFLOW__TRACKING_URI=http://mlflow:5000 \
      scorer-svc --config fraud.toml
  See the results as Spark's console sink prints them:
    FRAUD__SCORER__OUTPUT=console scorer-svc --config fraud.toml
  Score a file without Kafka:
    scorer-svc score --model models/fraud-classifier transactions.jsonl > results.jsonl
  Compare with what Spark wrote:
    scorer-svc score --model models/fraud-classifier input.jsonl --expect output.jsonl
  Send dead letters back once their cause is mended:
    scorer-svc replay --config fraud.toml --reason invalid_timestamp --dry-run";

const REPLAY_EXAMPLES: &str = "\
Examples:
  See what would be sent:
    scorer-svc replay --config fraud.toml --dry-run
  Send back what a new version of the producer's time format broke this morning:
    scorer-svc replay --config fraud.toml --reason invalid_timestamp --since 2019-11-10T06:00:00Z
  Send back what came to partition 0 of the dead letters from offset 1344 on:
    scorer-svc replay --config fraud.toml --from 0:1344

It reads the dead letters that are there when it starts, each once, and sends them in one
Kafka transaction: if it fails or is stopped, none is sent. Nothing is remembered of a run:
another one sends the same letters again, unless --since or --from leave them out.

Exit codes: 0 all selected letters were sent, 1 some can't be (they are named) or none was,
2 the configuration or an argument is wrong.";

const DESCRIBE_EXAMPLES: &str = "\
Examples:
  scorer-svc describe --model models/fraud-classifier
  scorer-svc describe --model s3://models/fraud
  MLFLOW_TRACKING_URI=http://mlflow:5000 scorer-svc describe --model models:/fraud@champion";

const SCORE_EXAMPLES: &str = "\
Examples:
  scorer-svc score --model models/fraud-classifier transactions.jsonl
  scorer-svc score --model models/fraud-classifier day.parquet > results.jsonl
  head -1000 input.jsonl | scorer-svc score --model models/fraud-classifier
  scorer-svc score --model models/fraud-classifier input.jsonl --expect output.jsonl
  scorer-svc score --config fraud.toml --model models:/fraud/7 transactions.jsonl

Exit codes: 0 all lines were scored or skipped (and agree), 1 a line was rejected or
differs, 2 the model or the input can't be read.";

/// Scores card transactions from a Kafka topic with a Spark ML pipeline
///
/// Without a command it runs until SIGTERM or Ctrl+C.
#[derive(Debug, Parser)]
#[command(name = "scorer-svc", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(flatten)]
    service: ServiceArgs,
    /// Score input.jsonl of this folder at start and refuse to serve unless the results are
    /// those of its output.jsonl, instead of parity/ in the model's folder [scorer.parity]
    #[arg(long, value_name = "DIR")]
    parity: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Score JSON lines or Parquet, without Kafka
    ///
    /// Results go to stdout; rejected transactions to stderr as
    /// "line N: code: message", skipped ones as "line N: skipped".
    #[command(after_help = SCORE_EXAMPLES)]
    Score(ScoreArgs),
    /// Send dead letters back to the topic of the transactions
    ///
    /// Key, value and headers are those of the transaction, and so is the partition.
    /// What is sent goes to stdout as "partition:offset transaction's-partition:offset
    /// reason: message". The value of a truncated letter is fetched from the topic of
    /// the transactions, where it is still there.
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
    /// Show a model's stages, columns, classes and version, or why it can't be loaded
    #[command(after_help = DESCRIBE_EXAMPLES)]
    Describe(ModelArgs),
}

/// Arguments of `score`.
#[derive(Debug, Args)]
pub(crate) struct ScoreArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Transactions, as JSON lines or Parquet; stdin if left out
    pub(crate) file: Option<PathBuf>,
    /// Compare with the result lines of this file instead of printing them
    #[arg(long, value_name = "FILE")]
    pub(crate) expect: Option<PathBuf>,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// Only dead letters with this code, such as invalid_timestamp; may be repeated
    #[arg(long, value_name = "REASON", value_parser = replay::reason)]
    pub(crate) reason: Vec<RejectionCode>,
    /// Only dead letters that were written at this time (RFC 3339) or later
    #[arg(long, value_name = "TIME", value_parser = replay::time)]
    pub(crate) since: Option<i64>,
    /// Only this partition of the dead letters, from this offset on; may be repeated
    #[arg(long, value_name = "PARTITION:OFFSET", conflicts_with = "since")]
    pub(crate) from: Vec<Place>,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which model.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    /// A folder that PipelineModel.save or mlflow.spark wrote, s3://bucket/prefix of one,
    /// or models:/name@alias, models:/name/version, models:/name/Stage
    #[arg(long)]
    model: String,
    /// Name to use instead of the folder's
    #[arg(long, value_name = "NAME")]
    model_name: Option<String>,
    /// Spark's df.schema.json() of the input, instead of the folder's schema.json
    #[arg(long, value_name = "FILE")]
    input_schema: Option<PathBuf>,
    /// How the Spark to compare with adds products: f2j (before Spark 3.2), java8 (3.2 to 3.5 on
    /// JDK 8), java11fma (on JDK 11 or 17), vector4 or vector8 (Spark 4, AVX2 or AVX-512)
    #[arg(long, value_name = "ORDER", default_value_t)]
    dot_order: DotOrder,
    /// Configuration file (TOML), that says how to reach stores and where to keep what they give
    #[arg(long, value_name = "FILE", env = "FRAUD_CONFIG")]
    config: Option<PathBuf>,
}

impl ModelArgs {
    /// Loads the model, fetching it if it isn't on this machine.
    pub(crate) fn load(&self) -> anyhow::Result<Model> {
        let options = ModelOptions {
            name: self.model_name.clone().filter(|name| !name.is_empty()),
            version: None,
            input_schema: self.input_schema.clone(),
            dot_order: self.dot_order,
        };
        let config = self.config.as_deref();
        let config = config.filter(|path| !path.as_os_str().is_empty());
        model_source::load_now(&SERVICE, config, &self.model, &options)
    }
}

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Score(args)) => score::run(&args),
        Some(Command::Replay(args)) => replay::run(args),
        Some(Command::Describe(args)) => describe::run(&args),
        None => service_runtime::run(
            &SERVICE,
            &cli.service,
            |mut config: ScorerConfig, context| {
                if let Some(folder) = cli.parity {
                    config.parity = folder;
                }
                crate::run(config, context)
            },
        ),
    }
}

/// Says why a command can't start, in one line, with its exit code.
pub(crate) fn cannot_start(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {}", error_line(error));
    ExitCode::from(2)
}
