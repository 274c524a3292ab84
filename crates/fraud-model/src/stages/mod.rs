//! The stages that can be computed, one file each.
//!
//! To add one: a file with `load`, `apply` and `facts`, a variant of [`Stage`]
//! in each match below, and a line in [`CLASSES`].

mod bucketizer;
mod classifier;
mod gradient_boosted_trees;
mod handle_invalid;
mod imputer;
mod logistic_regression;
mod min_max_scaler;
mod one_hot_encoder;
mod standard_scaler;
mod trees;
mod vector_assembler;
mod vector_indexer;

use crate::ModelError;
use crate::columns::Columns;
use crate::forest::Forest;
use crate::saved::SavedStage;
use crate::table::{ComputedColumn, Inputs, Outcomes};

use bucketizer::Bucketizer;
pub(crate) use classifier::{Classifier, outputs as classifier_outputs};
use gradient_boosted_trees::GradientBoostedTrees;
use handle_invalid::HandleInvalid;
use imputer::Imputer;
use logistic_regression::LogisticRegression;
use min_max_scaler::MinMaxScaler;
use one_hot_encoder::OneHotEncoder;
use standard_scaler::StandardScaler;
use trees::Trees;
use vector_assembler::VectorAssembler;
use vector_indexer::VectorIndexer;

/// Spark's classes and how each is loaded.
const CLASSES: &[(&str, Loader)] = &[
    (
        "org.apache.spark.ml.feature.Bucketizer",
        |stage, columns| Bucketizer::load(stage, columns).map(Stage::Bucketizer),
    ),
    (
        "org.apache.spark.ml.feature.ImputerModel",
        |stage, columns| Imputer::load(stage, columns).map(Stage::Imputer),
    ),
    (
        "org.apache.spark.ml.feature.MinMaxScalerModel",
        |stage, columns| MinMaxScaler::load(stage, columns).map(Stage::MinMaxScaler),
    ),
    (
        "org.apache.spark.ml.feature.OneHotEncoderModel",
        |stage, columns| OneHotEncoder::load(stage, columns).map(Stage::OneHotEncoder),
    ),
    (
        "org.apache.spark.ml.feature.StandardScalerModel",
        |stage, columns| StandardScaler::load(stage, columns).map(Stage::StandardScaler),
    ),
    (
        "org.apache.spark.ml.feature.VectorAssembler",
        |stage, columns| VectorAssembler::load(stage, columns).map(Stage::VectorAssembler),
    ),
    (
        "org.apache.spark.ml.feature.VectorIndexerModel",
        |stage, columns| VectorIndexer::load(stage, columns).map(Stage::VectorIndexer),
    ),
    (
        "org.apache.spark.ml.classification.DecisionTreeClassificationModel",
        |stage, columns| Trees::load_tree(stage, columns).map(Stage::Trees),
    ),
    (
        "org.apache.spark.ml.classification.GBTClassificationModel",
        |stage, columns| {
            GradientBoostedTrees::load(stage, columns).map(Stage::GradientBoostedTrees)
        },
    ),
    (
        "org.apache.spark.ml.classification.LogisticRegressionModel",
        |stage, columns| LogisticRegression::load(stage, columns).map(Stage::LogisticRegression),
    ),
    (
        "org.apache.spark.ml.classification.RandomForestClassificationModel",
        |stage, columns| Trees::load_forest(stage, columns).map(Stage::Trees),
    ),
];

/// A parameter, or whatever else describes a stage, and its value.
pub(crate) type Fact = (&'static str, String);

type Loader = fn(&SavedStage, &mut Columns) -> Result<Stage, ModelError>;

/// A stage, ready to compute its columns.
#[derive(Debug)]
pub(crate) enum Stage {
    Bucketizer(Bucketizer),
    GradientBoostedTrees(GradientBoostedTrees),
    Imputer(Imputer),
    LogisticRegression(LogisticRegression),
    MinMaxScaler(MinMaxScaler),
    OneHotEncoder(OneHotEncoder),
    StandardScaler(StandardScaler),
    Trees(Trees),
    VectorAssembler(VectorAssembler),
    VectorIndexer(VectorIndexer),
}

impl Stage {
    /// Loads the stage, resolves the columns that it reads and adds those that
    /// it writes.
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Result<Self, ModelError> {
        match loader(stage) {
            Some(load) => load(stage, columns),
            None => Err(stage.error("isn't supported")),
        }
    }

    /// Whether stages of this class can be loaded.
    pub(crate) fn is_supported(stage: &SavedStage) -> bool {
        loader(stage).is_some()
    }

    /// The supported classes without their packages, for a message.
    pub(crate) fn supported() -> String {
        let names = CLASSES
            .iter()
            .filter_map(|(class, _)| class.rsplit('.').next());
        names.collect::<Vec<_>>().join(", ")
    }

    /// Computes the stage's columns.
    pub(crate) fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        match self {
            Self::Bucketizer(stage) => stage.apply(inputs, outcomes, outputs),
            Self::GradientBoostedTrees(stage) => stage.apply(inputs, outcomes, outputs),
            Self::Imputer(stage) => stage.apply(inputs, outputs),
            Self::LogisticRegression(stage) => stage.apply(inputs, outcomes, outputs),
            Self::MinMaxScaler(stage) => stage.apply(inputs, outcomes, outputs),
            Self::OneHotEncoder(stage) => stage.apply(inputs, outcomes, outputs),
            Self::StandardScaler(stage) => stage.apply(inputs, outcomes, outputs),
            Self::Trees(stage) => stage.apply(inputs, outcomes, outputs),
            Self::VectorAssembler(stage) => stage.apply(inputs, outcomes, outputs),
            Self::VectorIndexer(stage) => stage.apply(inputs, outcomes, outputs),
        }
    }

    /// What a person wants to know of the stage besides its columns.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        match self {
            Self::Bucketizer(stage) => stage.facts(),
            Self::GradientBoostedTrees(stage) => stage.facts(),
            Self::Imputer(stage) => stage.facts(),
            Self::LogisticRegression(stage) => stage.facts(),
            Self::MinMaxScaler(stage) => stage.facts(),
            Self::OneHotEncoder(stage) => stage.facts(),
            Self::StandardScaler(stage) => stage.facts(),
            Self::Trees(stage) => stage.facts(),
            Self::VectorAssembler(stage) => stage.facts(),
            Self::VectorIndexer(stage) => stage.facts(),
        }
    }

    /// What makes the stage a classifier, if it is one.
    pub(crate) fn classifier(&self) -> Option<&Classifier> {
        match self {
            Self::GradientBoostedTrees(stage) => Some(&stage.classifier),
            Self::LogisticRegression(stage) => Some(&stage.classifier),
            Self::Trees(stage) => Some(&stage.classifier),
            _ => None,
        }
    }
}

fn loader(stage: &SavedStage) -> Option<Loader> {
    let found = CLASSES.iter().find(|(class, _)| *class == stage.class);
    found.map(|(_, load)| *load)
}

fn forest_facts(forest: &Forest) -> Vec<Fact> {
    vec![
        ("trees", forest.trees().to_string()),
        ("depth", forest.depth().to_string()),
        ("nodes", forest.nodes().to_string()),
    ]
}

/// The names of the columns that a stage with one or many columns reads and
/// writes, pair by pair.
fn column_pairs(stage: &SavedStage) -> Result<Vec<(String, String)>, ModelError> {
    let inputs = stage.input_columns()?;
    let outputs = stage.output_columns()?;
    if inputs.is_empty() || inputs.len() != outputs.len() {
        return Err(stage.error(format!(
            "reads {} columns and writes {}",
            inputs.len(),
            outputs.len()
        )));
    }
    Ok(inputs.into_iter().zip(outputs).collect())
}
