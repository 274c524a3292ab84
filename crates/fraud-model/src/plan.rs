//! Which stages of a saved pipeline the results depend on.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::ModelError;
use crate::saved::SavedStage;
use crate::stages::{self, Filter};
use crate::turn::{StageTurns, Turn};

/// How deep pipelines may stand in pipelines.
const MAX_NESTING: usize = 16;
/// What results hold of a transaction.
const RESULT_COLUMNS: [&str; 3] = ["transaction_id", "ts", "tx_fraud"];

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

/// A stage, and what the results have to do with it.
#[derive(Debug)]
pub(crate) struct PlannedStage {
    pub(crate) saved: SavedStage,
    /// Whether it makes the prediction.
    pub(crate) predicts: bool,
    /// When Spark comes to it; its columns are in the order of
    /// [`SavedStage::output_columns`].
    pub(crate) turns: StageTurns,
}

impl PlannedStage {
    /// Whether it must be computed: without it some results would be others, or there.
    pub(crate) fn is_computed(&self) -> bool {
        self.turns.filters() || self.turns.first_column() != Turn::NEVER
    }
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
        let stages = assign_turns(folder, saved)?;
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

/// Walks back from the last stage, along the columns that the result and the filters
/// need.
fn assign_turns(folder: &Path, saved: Vec<SavedStage>) -> Result<Vec<PlannedStage>, ModelError> {
    let mut predicts = None;
    for (position, stage) in saved.iter().enumerate() {
        if stage.text("predictionCol")?.is_some() {
            predicts = Some(position);
        }
    }
    let predicts = predicts
        .ok_or_else(|| ModelError::invalid(folder, "has no stage that makes a prediction"))?;
    let mut needed = HashMap::new();
    let mut stages = Vec::new();
    for (position, saved) in saved.into_iter().enumerate().rev() {
        let predicts = position == predicts;
        let turns = turns(&saved, position, predicts, &mut needed)?;
        let stage = PlannedStage {
            saved,
            predicts,
            turns,
        };
        check(&stage)?;
        stages.push(stage);
    }
    stages.reverse();
    Ok(stages)
}

/// When Spark comes to what a stage does, by what is `needed` of the columns after it;
/// leaves there what is needed of those before it.
fn turns(
    stage: &SavedStage,
    position: usize,
    predicts: bool,
    needed: &mut HashMap<String, Turn>,
) -> Result<StageTurns, ModelError> {
    let (inputs, outputs) = (stage.input_columns()?, stage.output_columns()?);
    let filter = Filter::of(stage)?;
    let mut columns = Vec::new();
    for output in &outputs {
        let mut turn = needed.get(output).copied().unwrap_or(Turn::NEVER);
        if predicts {
            turn = turn.min(Turn::RESULT);
        }
        if filter == Filter::ByOutput {
            turn = turn.min(Turn::before_filter(position));
        }
        if turn != Turn::NEVER && stage.is_barrier() {
            turn = Turn::barrier(position);
        }
        columns.push(turn);
    }
    if stage.may_overwrite() {
        // What was there before is needed only where it is read.
        needed.retain(|column, _| !outputs.contains(column));
    }
    let turns = StageTurns {
        filter: match filter {
            Filter::None => Turn::NEVER,
            Filter::ByInputs | Filter::ByOutput => Turn::filter(position),
        },
        columns,
    };
    // One output for each input, or all of all.
    let is_by_pairs = stage.texts("outputCols")?.is_some() && inputs.len() == outputs.len();
    for (pair, input) in inputs.into_iter().enumerate() {
        let mut turn = match is_by_pairs {
            true => turns.columns[pair],
            false => turns.first_column(),
        };
        if filter == Filter::ByInputs {
            turn = turn.min(Turn::before_filter(position));
        }
        if turn != Turn::NEVER {
            let known = needed.entry(input).or_insert(turn);
            *known = turn.min(*known);
        }
    }
    Ok(turns)
}

/// Refuses a stage that can't be left out, nor computed.
fn check(stage: &PlannedStage) -> Result<(), ModelError> {
    let saved = &stage.saved;
    let outputs = saved.output_columns()?;
    if !stages::is_supported(saved) {
        if stage.is_computed() {
            return Err(unsupported(saved, "the results depend on it"));
        }
        if outputs.is_empty() {
            return Err(unsupported(saved, "nothing tells which columns it writes"));
        }
    }
    let of_result = |output: &&String| RESULT_COLUMNS.contains(&output.as_str());
    match outputs.iter().find(of_result) {
        Some(column) if saved.may_overwrite() => Err(saved.error(format!(
            "writes over {column:?}, which results hold as the transaction brought it; \
             let it write another column"
        ))),
        _ => Ok(()),
    }
}

fn unsupported(stage: &SavedStage, reason: &str) -> ModelError {
    ModelError::UnsupportedStage {
        uid: stage.uid.clone(),
        class: stage.class.clone(),
        reason: reason.to_owned(),
        supported: stages::supported(),
    }
}
