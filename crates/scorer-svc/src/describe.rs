//! `scorer-svc describe`

use std::io::{self, Write};
use std::process::ExitCode;

use crate::cli::{ModelArgs, cannot_start};

/// Prints the model for a person to read.
pub(crate) fn run(args: &ModelArgs) -> ExitCode {
    match args.load() {
        Ok(model) => {
            // A reader that has seen enough is no failure.
            let _ = writeln!(io::stdout(), "{}", model.describe());
            ExitCode::SUCCESS
        }
        Err(error) => cannot_start(&error),
    }
}
