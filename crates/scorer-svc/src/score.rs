//! `scorer-svc score`: what the service does, without Kafka.

mod input;
mod output;

use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::Arc;

use service_runtime::error_line;

use crate::cli::{ScoreArgs, cannot_start};
use crate::lines::{Answer, Lines};
use input::Input;
use output::{CannotWrite, Output};

/// Scores the file or stdin.
pub(crate) fn run(args: &ScoreArgs) -> ExitCode {
    match score(args) {
        Ok(summary) => summary.exit_code(),
        Err(error) => match error.downcast_ref() {
            Some(CannotWrite(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Some(CannotWrite(_)) => {
                eprintln!("error: {}", error_line(&error));
                ExitCode::FAILURE
            }
            None => cannot_start(&error),
        },
    }
}

/// What came of the lines.
#[derive(Debug, Default)]
struct Summary {
    rejected: u64,
    differs: bool,
}

impl Summary {
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(u8::from(self.rejected > 0 || self.differs))
    }
}

fn score(args: &ScoreArgs) -> anyhow::Result<Summary> {
    let model = Arc::new(args.model.load()?);
    let mut output = Output::new(args.expect.as_deref(), model.parity())?;
    let mut lines = Lines::new(&model);
    let mut summary = Summary::default();
    let input = Input::open(args.file.as_deref())?;
    input.for_each(model.transaction_schema(), |transaction| {
        lines.push(transaction);
        if lines.is_full() {
            score_lines(&mut lines, &mut output, &mut summary)?;
        }
        Ok(!output.differs())
    })?;
    score_lines(&mut lines, &mut output, &mut summary)?;
    summary.differs = output.finish()?;
    Ok(summary)
}

fn score_lines(
    lines: &mut Lines,
    output: &mut Output,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    lines.score(|line, answer| match answer {
        Answer::Result(result) => output.result(result),
        Answer::Skipped => output.note(line, "skipped"),
        Answer::Rejected(rejection) => {
            summary.rejected += 1;
            output.note(line, &rejection.to_string())
        }
    })
}
