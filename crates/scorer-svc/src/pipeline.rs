//! From messages to results and dead letters.

use std::sync::Arc;

use fraud_model::{Model, Outcome, Scorer};
use schema::dead_letter::Stage;
use schema::{Rejection, RejectionCode};
use service_runtime::failpoint;
use service_runtime::kafka::FetchedMessage;

use crate::batch::{Batch, Refused};
use crate::dead_letter::DeadLetters;
use crate::interruption::Interruption;
use crate::metrics::Tally;
use crate::producer::{Producer, Sent};
use crate::results::Results;

/// Enough for the model's inner loops; few enough to stay in the CPU's cache.
const BATCH_MESSAGES: usize = 1000;
/// So many are company enough for each other; fewer would wait for `linger.ms`.
const COMPANY: usize = 100;
/// What is read while nothing may be sent: as much as comes in the time of a commit.
const MOST_MESSAGES: usize = 6_000;
const MOST_BYTES: usize = 8 << 20;

/// What turns messages into scores, and the counts of it.
pub(crate) struct Pipeline {
    batch: Batch,
    /// So many messages are a batch.
    batch_messages: usize,
    scorer: Scorer,
    tally: Tally,
    results: Results,
    dead_letters: DeadLetters,
}

impl Pipeline {
    /// With nothing at hand.
    pub(crate) fn new(
        model: &Arc<Model>,
        tally: Tally,
        results: Results,
        dead_letters: DeadLetters,
    ) -> Self {
        Self {
            batch: Batch::new(model),
            batch_messages: BATCH_MESSAGES,
            scorer: Scorer::new(Arc::clone(model)),
            tally,
            results,
            dead_letters,
        }
    }

    /// Parses a message into the batch at hand.
    pub(crate) fn push(&mut self, message: &FetchedMessage<'_>) {
        self.batch.push(message);
    }

    /// Whether the batch should be sent before another message is taken.
    pub(crate) fn is_full(&self) -> bool {
        self.batch.len() >= self.batch_messages || self.batch.bytes() >= MOST_BYTES
    }

    /// Whether the batch has messages that would wait for company.
    pub(crate) fn is_alone(&self) -> bool {
        (1..COMPANY).contains(&self.batch.len())
    }

    /// Makes room for more messages in a batch that can't be sent yet. `false`: it holds
    /// as many as it may.
    pub(crate) fn make_room(&mut self) -> bool {
        self.batch_messages = (self.batch.len() + BATCH_MESSAGES).min(MOST_MESSAGES);
        !self.is_full()
    }

    /// Scores the batch, sends what came of it, and empties it.
    pub(crate) fn send(&mut self, producer: &Producer) -> Result<(), Interruption> {
        self.send_refused(producer)?;
        self.send_scored(producer)?;
        self.empty_batch();
        Ok(())
    }

    fn send_refused(&mut self, producer: &Producer) -> Result<(), Interruption> {
        for Refused { source, rejection } in self.batch.refused() {
            let raw = self.batch.raw(source);
            let code = self
                .dead_letters
                .send(producer, source, raw, Stage::Parse, rejection)?;
            self.tally.dead_letter(code, source.timestamp);
        }
        Ok(())
    }

    fn send_scored(&mut self, producer: &Producer) -> Result<(), Interruption> {
        let too_large = Rejection::new(
            RejectionCode::TooLarge,
            "the broker refuses its result for its size",
        );
        let transactions = self.batch.transactions();
        let scores = self.scorer.score(transactions);
        for (row, source) in self.batch.sources().iter().enumerate() {
            let rejection = match &scores.outcomes[row] {
                Outcome::Scored => {
                    failpoint("scorer_mid_produce");
                    let scored = scores.result(transactions, row);
                    let traceparent = self.batch.traceparent(source);
                    match self.results.send(producer, &scored, source, traceparent)? {
                        Sent::Queued => {
                            self.tally.scored(&scored, source.timestamp);
                            continue;
                        }
                        Sent::TooLarge => &too_large,
                    }
                }
                Outcome::Skipped => {
                    self.tally.skipped();
                    continue;
                }
                Outcome::Rejected(rejection) => rejection,
            };
            let raw = self.batch.raw(source);
            let code = self
                .dead_letters
                .send(producer, source, raw, Stage::Score, rejection)?;
            self.tally.dead_letter(code, source.timestamp);
        }
        Ok(())
    }

    /// Shows what must be seen before the offsets are committed.
    pub(crate) fn print(&mut self) -> Result<(), Interruption> {
        self.results.print()
    }

    /// What was sent is committed, `seconds` after the last of it was sent.
    pub(crate) fn committed(&mut self, seconds: f64) {
        self.tally.committed(seconds);
    }

    /// What was sent or is at hand will be read again.
    pub(crate) fn undone(&mut self) {
        self.empty_batch();
        self.tally.undone();
        self.results.undone();
    }

    fn empty_batch(&mut self) {
        self.batch.clear();
        self.batch_messages = BATCH_MESSAGES;
    }
}
