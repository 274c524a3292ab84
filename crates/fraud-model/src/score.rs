//! Scores of a batch.

use std::sync::Arc;

use schema::Rejection;
use schema::transaction::TransactionBatch;

use crate::Model;

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
    /// One probability a class; `None` where the classifier has none.
    pub fn probability(&self, row: usize) -> Option<&[f64]> {
        if self.probabilities.is_empty() {
            return None;
        }
        self.probabilities
            .get(row * self.classes..(row + 1) * self.classes)
    }
}

/// Scores batches; holds the memory for it, so each thread has its own.
#[derive(Debug)]
pub struct Scorer {}

impl Scorer {
    /// A scorer of `model`.
    pub fn new(model: Arc<Model>) -> Self {
        let _ = model;
        unimplemented!()
    }

    /// Scores every row of `batch`, whose columns must be those of
    /// [`Model::transaction_schema`].
    pub fn score(&mut self, batch: &TransactionBatch) -> &Scores {
        let _ = batch;
        unimplemented!()
    }
}

/// The probability of fraud: that of the class `positive_class`; `None` where
/// there is no such class.
pub fn fraud_probability(probability: &[f64], positive_class: usize) -> Option<f64> {
    probability.get(positive_class).copied()
}
