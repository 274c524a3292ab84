//! Scores of a batch.

use std::sync::Arc;

use schema::Rejection;
use schema::result::ScoredTransaction;
use schema::transaction::TransactionBatch;

use crate::Model;
use crate::stages::{Classifier, classifier_outputs};
use crate::table::{Block, ComputedColumn};
use crate::turn::Turn;

/// A block of rows goes through all stages while it is in the cache.
const MAX_BLOCK_ROWS: usize = 256;
/// And where vectors are wide, memory bounds it: 4 MiB.
const MAX_BLOCK_VALUES: usize = 1 << 19;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has a prediction.
    Scored,
    /// `handleInvalid = skip` left it out.
    Skipped,
    /// `handleInvalid = error` refuses it.
    Rejected(Rejection),
}

/// Outcomes, probabilities and predictions of a batch, row by row. Values of
/// rows that aren't [`Outcome::Scored`] mean nothing.
#[derive(Debug, Clone, Default)]
pub struct Scores {
    /// One a row.
    pub outcomes: Vec<Outcome>,
    /// The predicted class, one a row.
    pub predictions: Vec<f64>,
    probabilities: Vec<f64>,
    classes: usize,
}

impl Scores {
    fn clear(&mut self) {
        self.outcomes.clear();
        self.predictions.clear();
        self.probabilities.clear();
    }

    /// One probability a class; `None` where the classifier has none.
    pub fn probability(&self, row: usize) -> Option<&[f64]> {
        if self.probabilities.is_empty() {
            return None;
        }
        self.probabilities
            .get(row * self.classes..(row + 1) * self.classes)
    }

    /// A row as the result that it makes, of the batch that was scored.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    #[inline]
    pub fn result(&self, batch: &TransactionBatch, row: usize) -> ScoredTransaction<'_> {
        ScoredTransaction {
            transaction_id: batch.ids[row],
            timestamp: batch.timestamps[row],
            tx_fraud: batch.labels[row],
            probability: self.probability(row),
            prediction: self.predictions[row],
        }
    }
}

/// Scores batches; holds the memory for it, so each thread has its own.
#[derive(Debug)]
pub struct Scorer {
    model: Arc<Model>,
    columns: Vec<ComputedColumn>,
    /// When each row of a block was decided.
    decided: Vec<Turn>,
    block_rows: usize,
    scores: Scores,
}

impl Scorer {
    /// A scorer of `model`.
    pub fn new(model: Arc<Model>) -> Self {
        let columns = model.pipeline.new_columns();
        let width: usize = columns.iter().map(ComputedColumn::width).sum();
        Self {
            block_rows: (MAX_BLOCK_VALUES / width.max(1)).clamp(1, MAX_BLOCK_ROWS),
            columns,
            decided: Vec::new(),
            model,
            scores: Scores::default(),
        }
    }

    /// Scores every row of `batch`.
    ///
    /// # Panics
    ///
    /// If the columns of `batch` aren't those of [`Model::transaction_schema`].
    pub fn score(&mut self, batch: &TransactionBatch) -> &Scores {
        let pipeline = &self.model.pipeline;
        let (classifier, first_column) = pipeline.classifier();
        let scores = &mut self.scores;
        scores.clear();
        scores.outcomes.resize(batch.len(), Outcome::Scored);
        scores.classes = classifier.classes;
        for (block, outcomes) in scores.outcomes.chunks_mut(self.block_rows).enumerate() {
            self.decided.clear();
            self.decided.resize(outcomes.len(), Turn::NEVER);
            pipeline.compute(&mut Block {
                batch,
                start: block * self.block_rows,
                outcomes,
                decided: &mut self.decided,
                computed: &mut self.columns,
            });
            let columns = &mut self.columns[first_column..first_column + Classifier::COLUMNS];
            let results = classifier_outputs(columns);
            scores
                .predictions
                .extend_from_slice(&results.prediction.values);
            if classifier.has_probability() {
                scores
                    .probabilities
                    .extend_from_slice(&results.probability.values);
            }
        }
        scores
    }
}

/// The probability of fraud: that of the class `positive_class`; `None` where
/// there is no such class.
pub fn fraud_probability(probability: &[f64], positive_class: usize) -> Option<f64> {
    probability.get(positive_class).copied()
}
