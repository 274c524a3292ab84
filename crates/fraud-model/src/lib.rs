//! Spark ML pipelines without Spark: loads a fitted `PipelineModel` as Spark
//! saved it, says what it can't load, and scores batches of transactions with
//! Spark's own numbers.
//!
//! On the way from a folder to a score: `model_folder` finds the pipeline in it,
//! `saved` reads files, `plan` finds the
//! stages that the results depend on, `stages` holds one file for each
//! kind of stage, `forest` is the engine for trees, `table` holds the columns
//! of the rows being scored, and `score` is where a batch comes in. `parity`
//! says which results count as Spark's.

mod blas;
mod columns;
mod describe;
mod error;
mod forest;
mod identity;
mod input_types;
mod model;
mod model_folder;
mod parity;
mod pipeline;
mod plan;
mod saved;
mod score;
mod stages;
mod table;
mod turn;

pub use blas::{DotOrder, UnknownDotOrder};
pub use columns::handbook_columns;
pub use error::ModelError;
#[doc(hidden)]
pub use forest::ForestBench;
pub use identity::ModelIdentity;
pub use model::{Model, ModelOptions};
pub use parity::{Agreement, Comparison, Difference, Parity, ParityRows};
pub use score::{Outcome, Scorer, Scores, fraud_probability};
