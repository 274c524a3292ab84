//! A loaded model.

use std::fmt;
use std::path::{Path, PathBuf};

use schema::transaction::TransactionSchema;

use crate::blas::Blas;
use crate::describe::Description;
use crate::input_types::InputTypes;
use crate::model_folder::ModelFolder;
use crate::pipeline::Pipeline;
use crate::{DotOrder, ModelError, ModelIdentity, Parity, ParityRows};

/// What isn't in the model's folder.
#[derive(Debug, Clone, Default)]
pub struct ModelOptions {
    /// Name to use instead of the folder's.
    pub name: Option<String>,
    /// Version to use instead of the beginning of the hash.
    pub version: Option<String>,
    /// Spark's `df.schema.json()` of the input, instead of the folder's `schema.json`
    /// or MLflow's signature.
    pub input_schema: Option<PathBuf>,
    /// How the Spark adds products whose results are wanted.
    pub dot_order: DotOrder,
}

/// A fitted pipeline, ready to score.
#[derive(Debug)]
pub struct Model {
    identity: ModelIdentity,
    folder: PathBuf,
    pub(crate) pipeline: Pipeline,
}

impl Model {
    /// Loads the folder that `PipelineModel.save` wrote, or the folder in which
    /// MLflow's `spark` flavour keeps it, with its `MLmodel`.
    ///
    /// The types of the columns that it reads come from the schema of the
    /// options, else from the folder's `schema.json`, else from MLflow's
    /// signature; else they are those of
    /// [`handbook_columns`](crate::handbook_columns), else double, or string
    /// where the first stage to read it takes strings. In a schema, byte,
    /// short, integer and long are integers of 32 bits, the widest that
    /// transactions carry; float, boolean and others are refused.
    pub fn load(folder: &Path, options: &ModelOptions) -> Result<Self, ModelError> {
        let mut folder = ModelFolder::open(folder)?;
        let types = InputTypes::load(&mut folder, options)?;
        Ok(Self {
            pipeline: Pipeline::load(&folder.pipeline, types, Blas::new(options.dot_order))?,
            identity: ModelIdentity::of_folder(&folder, options)?,
            folder: folder.root,
        })
    }

    /// Name, version and hash.
    pub fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    /// The fields that must be read from a transaction.
    pub fn transaction_schema(&self) -> &TransactionSchema {
        &self.pipeline.schema
    }

    /// Classes that the classifier knows.
    pub fn classes(&self) -> u32 {
        self.pipeline.schema.classes
    }

    /// How near to Spark's the results are.
    pub fn parity(&self) -> Parity {
        self.pipeline.parity()
    }

    /// Transactions and Spark's results in the model's folder, where there are any.
    pub fn parity_rows(&self) -> Option<ParityRows> {
        ParityRows::beside(&self.folder)
    }

    /// Stages, columns and types, classes, trees, name, version and hash, for
    /// a person to read.
    pub fn describe(&self) -> impl fmt::Display + '_ {
        Description {
            identity: &self.identity,
            pipeline: &self.pipeline,
            parity_rows: self.parity_rows(),
        }
    }
}
