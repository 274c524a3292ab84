//! Scores transactions from a topic with a Spark ML pipeline.

use std::process::ExitCode;

fn main() -> ExitCode {
    scorer_svc::cli::main()
}
