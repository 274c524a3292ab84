//! A loaded pipeline.

use std::fmt;
use std::path::{Path, PathBuf};

use schema::transaction::TransactionSchema;

use crate::ModelIdentity;

/// What isn't in the model's folder.
#[derive(Debug, Clone, Default)]
pub struct ModelOptions {
    /// Name to use instead of the folder's.
    pub name: Option<String>,
    /// Spark's `df.schema.json()` of the input, instead of the folder's `schema.json`.
    pub input_schema: Option<PathBuf>,
}

/// Why a model can't be loaded: names the file or the stage and what would do.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {}

/// A fitted pipeline, ready to score.
#[derive(Debug)]
pub struct Model {}

impl Model {
    /// Loads the folder that `PipelineModel.save` wrote.
    pub fn load(folder: &Path, options: &ModelOptions) -> Result<Self, ModelError> {
        let _ = (folder, options);
        unimplemented!()
    }

    /// Name, version and hash.
    pub fn identity(&self) -> &ModelIdentity {
        unimplemented!()
    }

    /// The fields that must be read from a transaction.
    pub fn transaction_schema(&self) -> &TransactionSchema {
        unimplemented!()
    }

    /// Classes that the classifier knows.
    pub fn classes(&self) -> u32 {
        unimplemented!()
    }

    /// Stages, columns and types, classes, trees, name, version and hash, for
    /// a person to read.
    pub fn describe(&self) -> impl fmt::Display + '_ {
        ""
    }
}
