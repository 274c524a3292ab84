//! Which stages of a saved pipeline the prediction depends on.

use std::collections::HashSet;
use std::path::Path;

use crate::ModelError;
use crate::saved::SavedStage;
use crate::stages;

/// How deep pipelines may stand in pipelines.
const MAX_NESTING: usize = 16;

/// The stages of a saved pipeline in order, those of pipelines in it included.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The version of Spark that saved the pipeline.
    pub(crate) spark_version: String,
    /// All stages.
    pub(crate) stages: Vec<PlannedStage>,
    /// The names of the columns that they make, which therefore no transaction has.
    pub(crate) made_columns: HashSet<String>,
}

/// A stage, and whether it must be computed.
#[derive(Debug)]
pub(crate) struct PlannedStage {
    pub(crate) saved: SavedStage,
    /// What the prediction has to do with it.
    pub(crate) role: Role,
}

/// What the prediction has to do with a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It makes the prediction.
    Predicts,
    /// It makes a column that the prediction depends on.
    Prepares,
    /// Nothing.
    Unused,
}

impl Plan {
    /// Reads the metadata of all stages of the pipeline in `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Self, ModelError> {
        let pipeline = SavedStage::open(folder)?;
        if !is_pipeline(&pipeline) {
            return Err(ModelError::invalid(
                folder,
                format!("holds a {}, not a PipelineModel", pipeline.short_class()),
            ));
        }
        let mut saved = Vec::new();
        collect_stages(&pipeline, 0, &mut saved)?;
        let mut made_columns = HashSet::new();
        for stage in saved.iter().filter(|stage| !stage.may_overwrite()) {
            made_columns.extend(stage.output_columns()?);
        }
        let stages = assign_roles(folder, saved)?;
        Ok(Self {
            made_columns,
            spark_version: pipeline.spark_version,
            stages,
        })
    }
}

fn is_pipeline(stage: &SavedStage) -> bool {
    // Python's class stands there where a stage is Python's own.
    matches!(
        stage.class.as_str(),
        "org.apache.spark.ml.PipelineModel" | "pyspark.ml.pipeline.PipelineModel"
    )
}

fn collect_stages(
    pipeline: &SavedStage,
    nesting: usize,
    stages: &mut Vec<SavedStage>,
) -> Result<(), ModelError> {
    if nesting == MAX_NESTING {
        return Err(pipeline.error(format!("stands in {MAX_NESTING} other pipelines")));
    }
    let uids = pipeline.texts("stageUids")?;
    let uids = uids.ok_or_else(|| pipeline.error("its metadata has no stageUids"))?;
    let digits = uids.len().to_string().len();
    for (index, uid) in uids.iter().enumerate() {
        if uid.contains(['/', '\\']) {
            return Err(pipeline.error(format!("has a stage with the uid {uid:?}")));
        }
        let name = format!("{index:0digits$}_{uid}");
        let stage = SavedStage::open(&pipeline.folder.join("stages").join(name))?;
        if stage.uid != *uid {
            return Err(pipeline.error(format!("names a stage {uid}, but found {}", stage.uid)));
        }
        if is_pipeline(&stage) {
            collect_stages(&stage, nesting + 1, stages)?;
        } else {
            stages.push(stage);
        }
    }
    Ok(())
}

/// Walks back from the last stage that predicts, along the columns that are read.
fn assign_roles(folder: &Path, saved: Vec<SavedStage>) -> Result<Vec<PlannedStage>, ModelError> {
    let mut predicts = None;
    for (position, stage) in saved.iter().enumerate() {
        if stage.text("predictionCol")?.is_some() {
            predicts = Some(position);
        }
    }
    let predicts = predicts
        .ok_or_else(|| ModelError::invalid(folder, "has no stage that makes a prediction"))?;
    let mut needed = HashSet::new();
    let mut stages = Vec::new();
    for (position, saved) in saved.into_iter().enumerate().rev() {
        let outputs = saved.output_columns()?;
        if outputs.is_empty() && !stages::is_supported(&saved) {
            return Err(unsupported(saved, "nothing tells which columns it writes"));
        }
        let role = if position == predicts {
            Role::Predicts
        } else if position < predicts && outputs.iter().any(|output| needed.contains(output)) {
            Role::Prepares
        } else {
            Role::Unused
        };
        if role != Role::Unused {
            if !stages::is_supported(&saved) {
                return Err(unsupported(saved, "the prediction depends on it"));
            }
            if saved.may_overwrite() {
                // What was there before is needed only if it is read here.
                needed.retain(|column| !outputs.contains(column));
            }
            needed.extend(saved.input_columns()?);
        }
        stages.push(PlannedStage { saved, role });
    }
    stages.reverse();
    Ok(stages)
}

fn unsupported(stage: SavedStage, reason: &str) -> ModelError {
    ModelError::UnsupportedStage {
        uid: stage.uid,
        class: stage.class,
        reason: reason.to_owned(),
        supported: stages::supported(),
    }
}
