//! Spark ML pipelines without Spark: loads a fitted `PipelineModel` as Spark
//! saved it, says what it can't load, and scores batches of transactions with
//! Spark's own numbers.

mod columns;
mod identity;
mod model;
mod score;

pub use columns::handbook_columns;
pub use identity::ModelIdentity;
pub use model::{Model, ModelError, ModelOptions};
pub use score::{Outcome, Scorer, Scores, fraud_probability};
