//! `scorer-svc score`: what the service does, without Kafka.

mod expectation;
mod input;
mod output;

use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::Arc;

use fraud_model::{Model, Outcome, Scorer};
use schema::Rejection;
use schema::result::{self, ScoredTransaction};
use schema::transaction::{TransactionBatch, TransactionParser};

use crate::cli::{ScoreArgs, cannot_start};
use crate::model_source;
use input::Input;
use output::{CannotWrite, Output};

const BATCH_ROWS: usize = 1024;

/// Scores the file or stdin.
pub(crate) fn run(args: &ScoreArgs) -> ExitCode {
    match score(args) {
        Ok(summary) => summary.exit_code(),
        Err(error) => match error.downcast_ref() {
            Some(CannotWrite(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Some(CannotWrite(_)) => {
                eprintln!("error: {error:#}");
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
    let model = Arc::new(model_source::load(
        &args.model.model,
        &args.model.options(),
    )?);
    let mut output = Output::new(args.expect.as_deref())?;
    let mut lines = Lines::new(&model);
    let mut summary = Summary::default();
    let input = Input::open(args.file.as_deref())?;
    let mut line = 0;
    input.for_each(model.transaction_schema(), |transaction| {
        line += 1;
        lines.push(line, transaction);
        if lines.len() == BATCH_ROWS {
            lines.score(&mut output, &mut summary)?;
        }
        Ok(!output.differs())
    })?;
    lines.score(&mut output, &mut summary)?;
    summary.differs = output.finish()?;
    Ok(summary)
}

/// Lines that are parsed and scored in one go.
struct Lines {
    parser: TransactionParser,
    scorer: Scorer,
    transactions: TransactionBatch,
    /// Every line with what its parsing came to, in order.
    parsed: Vec<(u64, Result<(), Rejection>)>,
    text: Vec<u8>,
}

impl Lines {
    fn new(model: &Arc<Model>) -> Self {
        Self {
            parser: TransactionParser::new(model.transaction_schema()),
            scorer: Scorer::new(Arc::clone(model)),
            transactions: TransactionBatch::new(model.transaction_schema()),
            parsed: Vec::new(),
            text: Vec::new(),
        }
    }

    fn len(&self) -> usize {
        self.parsed.len()
    }

    fn push(&mut self, line: u64, transaction: &[u8]) {
        let parsed = self.parser.parse(Some(transaction), &mut self.transactions);
        self.parsed.push((line, parsed));
    }

    /// Scores the lines at hand and forgets them.
    fn score(&mut self, output: &mut Output, summary: &mut Summary) -> anyhow::Result<()> {
        let scores = self.scorer.score(&self.transactions);
        let mut rows = 0..self.transactions.len();
        for (line, parsed) in self.parsed.drain(..) {
            let refused = match parsed {
                Err(rejection) => rejection,
                Ok(()) => {
                    let row = rows.next().expect("a parsed line has a row");
                    match &scores.outcomes[row] {
                        Outcome::Scored => {
                            self.text.clear();
                            result::write(
                                &mut self.text,
                                &ScoredTransaction {
                                    transaction_id: self.transactions.ids[row],
                                    timestamp: self.transactions.timestamps[row],
                                    tx_fraud: self.transactions.labels[row],
                                    probability: scores.probability(row),
                                    prediction: scores.predictions[row],
                                },
                            );
                            output.result(&self.text)?;
                            continue;
                        }
                        Outcome::Skipped => {
                            output.note(line, "skipped")?;
                            continue;
                        }
                        Outcome::Rejected(rejection) => rejection.clone(),
                    }
                }
            };
            summary.rejected += 1;
            output.note(line, &refused.to_string())?;
        }
        self.transactions.clear();
        Ok(())
    }
}
