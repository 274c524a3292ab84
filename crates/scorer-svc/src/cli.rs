//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use fraud_model::{Model, ModelOptions};
use service_runtime::{Service, ServiceArgs};

use crate::{describe, model_source, score};

const SERVICE: Service = Service {
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
    scorer-svc score --model models/fraud-classifier input.jsonl --expect output.jsonl";

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
    /// Configuration file (TOML), that says how to reach stores and where to keep what they give
    #[arg(long, value_name = "FILE", env = "FRAUD_CONFIG")]
    config: Option<PathBuf>,
}

impl ModelArgs {
    /// Loads the model, fetching it if it isn't on this machine.
    pub(crate) fn load(&self) -> anyhow::Result<Model> {
        let options = ModelOptions {
            name: self.model_name.clone(),
            version: None,
            input_schema: self.input_schema.clone(),
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
        Some(Command::Describe(args)) => describe::run(&args),
        None => service_runtime::run(&SERVICE, &cli.service, crate::run),
    }
}

/// Says why a command can't start, in one line, with its exit code.
pub(crate) fn cannot_start(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(2)
}
