//! A pipeline, ready to compute: the stages that the prediction depends on.

use std::ops::Range;
use std::path::Path;

use schema::transaction::TransactionSchema;

use crate::blas::Blas;
use crate::columns::Columns;
use crate::input_types::InputTypes;
use crate::plan::{Plan, Role};
use crate::saved::SavedStage;
use crate::stages::{self, Classifier, Stage};
use crate::table::{Block, ComputedColumn};
use crate::{ModelError, Parity};

/// A loaded pipeline.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// The version of Spark that saved it.
    pub(crate) spark_version: String,
    /// All stages, in order.
    pub(crate) steps: Vec<Step>,
    /// The columns that the stages read and write.
    pub(crate) columns: Columns,
    /// What transactions must hold.
    pub(crate) schema: TransactionSchema,
    /// The step that predicts.
    predicts: usize,
}

/// A saved stage, and what it computes if the prediction depends on it.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) saved: SavedStage,
    pub(crate) computes: Option<ComputingStage>,
}

/// A stage and the columns that it writes.
#[derive(Debug)]
pub(crate) struct ComputingStage {
    pub(crate) stage: Box<dyn Stage>,
    pub(crate) writes: Range<usize>,
}

impl Pipeline {
    /// Loads the pipeline in `folder`.
    pub(crate) fn load(folder: &Path, types: InputTypes, blas: Blas) -> Result<Self, ModelError> {
        let plan = Plan::read(folder)?;
        let mut columns = Columns::new(types, blas, plan.made_columns);
        let mut steps = Vec::new();
        let mut predicts = None;
        for planned in plan.stages {
            let saved = planned.saved;
            let computes = if planned.role == Role::Unused {
                None
            } else {
                let start = columns.computed.len();
                let stage = stages::load(&saved, &mut columns)?;
                if planned.role == Role::Predicts {
                    let classes = stage.classifier().map(|classifier| classifier.classes);
                    predicts = classes.map(|classes| (steps.len(), classes));
                }
                let writes = start..columns.computed.len();
                Some(ComputingStage { stage, writes })
            };
            steps.push(Step { saved, computes });
        }
        let (predicts, classes) =
            predicts.ok_or_else(|| ModelError::invalid(folder, "has no classifier"))?;
        let features = columns
            .inputs
            .iter()
            .map(|input| input.feature.clone())
            .collect();
        let classes = u32::try_from(classes)
            .map_err(|_| ModelError::invalid(folder, format!("has {classes} classes")))?;
        Ok(Self {
            spark_version: plan.spark_version,
            steps,
            columns,
            schema: TransactionSchema { features, classes },
            predicts,
        })
    }

    /// The classifier that predicts, and where its columns begin.
    pub(crate) fn classifier(&self) -> (&Classifier, usize) {
        let computes = self.steps[self.predicts].computes.as_ref();
        computes
            .and_then(|computes| Some((computes.stage.classifier()?, computes.writes.start)))
            .expect("the step that predicts was loaded as a classifier")
    }

    /// How near to Spark's the results are.
    pub(crate) fn parity(&self) -> Parity {
        let computes = self.steps[self.predicts].computes.as_ref();
        let computes = computes.expect("the step that predicts is computed");
        computes.stage.parity()
    }

    /// Empty columns for all that is computed.
    pub(crate) fn new_columns(&self) -> Vec<ComputedColumn> {
        let computed = self.columns.computed.iter();
        computed
            .map(|column| ComputedColumn::new(&column.kind))
            .collect()
    }

    /// Computes all columns of a block.
    pub(crate) fn compute(&self, block: &mut Block<'_>) {
        for computes in self.steps.iter().filter_map(|step| step.computes.as_ref()) {
            let (inputs, mut outcomes, outputs) = block.split(computes.writes.clone());
            computes.stage.apply(&inputs, &mut outcomes, outputs);
        }
    }
}
