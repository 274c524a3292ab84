//! Lines of transactions to lines of results, as on the topics but without
//! Kafka.

use std::sync::Arc;

use fraud_model::{Model, Outcome, Scorer};
use schema::Rejection;
use schema::result;
use schema::transaction::{TransactionBatch, TransactionParser};

const BATCH_ROWS: usize = 1024;

/// Lines that are parsed and scored in one go.
pub(crate) struct Lines {
    parser: TransactionParser,
    scorer: Scorer,
    transactions: TransactionBatch,
    /// What the parsing of each line came to, in order.
    parsed: Vec<Result<(), Rejection>>,
    /// Lines that were scored before those at hand.
    done: u64,
    text: Vec<u8>,
}

/// What became of a line.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    /// Its result, without a newline.
    Result(&'a [u8]),
    /// `handleInvalid = skip` leaves it out.
    Skipped,
    /// It would be a dead letter.
    Rejected(Rejection),
}

impl Lines {
    /// No lines yet.
    pub(crate) fn new(model: &Arc<Model>) -> Self {
        Self {
            parser: TransactionParser::new(model.transaction_schema()),
            scorer: Scorer::new(Arc::clone(model)),
            transactions: TransactionBatch::new(model.transaction_schema()),
            parsed: Vec::new(),
            done: 0,
            text: Vec::new(),
        }
    }

    /// Parses the next line.
    pub(crate) fn push(&mut self, transaction: &[u8]) {
        let parsed = self.parser.parse(Some(transaction), &mut self.transactions);
        self.parsed.push(parsed);
    }

    /// Whether the lines at hand should be scored before another is taken.
    pub(crate) fn is_full(&self) -> bool {
        self.parsed.len() >= BATCH_ROWS
    }

    /// Scores the lines at hand, calls `each` with the number of each line, from
    /// 1, and its answer, and forgets them.
    pub(crate) fn score(
        &mut self,
        mut each: impl FnMut(u64, Answer<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let scores = self.scorer.score(&self.transactions);
        let mut rows = 0..self.transactions.len();
        for parsed in self.parsed.drain(..) {
            self.done += 1;
            let answer = match parsed {
                Err(rejection) => Answer::Rejected(rejection),
                Ok(()) => {
                    let row = rows.next().expect("a parsed line has a row");
                    match &scores.outcomes[row] {
                        Outcome::Skipped => Answer::Skipped,
                        Outcome::Rejected(rejection) => Answer::Rejected(rejection.clone()),
                        Outcome::Scored => {
                            self.text.clear();
                            let scored = scores.result(&self.transactions, row);
                            result::write(&mut self.text, &scored);
                            Answer::Result(&self.text)
                        }
                    }
                }
            };
            each(self.done, answer)?;
        }
        self.transactions.clear();
        Ok(())
    }
}
