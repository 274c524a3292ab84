//! A pipeline, ready to compute: the stages that the results depend on.

use std::ops::Range;
use std::path::Path;

use schema::transaction::TransactionSchema;

use crate::blas::Blas;
use crate::columns::Columns;
use crate::input_types::InputTypes;
use crate::plan::Plan;
use crate::saved::SavedStage;
use crate::stages::{self, Classifier, Stage};
use crate::table::{Block, ComputedColumn};
use crate::turn::StageTurns;
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

/// A saved stage, and what it computes if the results depend on it.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) saved: SavedStage,
    pub(crate) computes: Option<ComputingStage>,
}

/// A stage, the columns that it writes, and when Spark would come to them.
#[derive(Debug)]
pub(crate) struct ComputingStage {
    pub(crate) stage: Box<dyn Stage>,
    pub(crate) writes: Range<usize>,
    pub(crate) turns: StageTurns,
}

impl Pipeline {
    /// Loads the pipeline in `folder`.
    pub(crate) fn load(folder: &Path, types: InputTypes, blas: Blas) -> Result<Self, ModelError> {
        let plan = Plan::read(folder)?;
        let mut columns = Columns::new(types, blas, plan.made_columns);
        let mut steps = Vec::new();
        let mut predicts = None;
        for planned in plan.stages {
            let computes = if planned.is_computed() {
                let start = columns.computed.len();
                columns.turns = planned.turns.clone();
                let stage = stages::load(&planned.saved, &mut columns)?;
                if planned.predicts {
                    let classes = stage.classifier().map(|classifier| classifier.classes);
                    predicts = classes.map(|classes| (steps.len(), classes));
                }
                Some(ComputingStage {
                    stage,
                    writes: start..columns.computed.len(),
                    turns: planned.turns.of_loaded_columns(),
                })
            } else {
                None
            };
            steps.push(Step {
                saved: planned.saved,
                computes,
            });
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
            let (inputs, mut outcomes, outputs) =
                block.split(computes.writes.clone(), &computes.turns);
            computes.stage.apply(&inputs, &mut outcomes, outputs);
        }
    }
}
