//! The stages that can be computed, one file each.
//!
//! To add one: a file with `load` and a [`Stage`], and a line in [`CLASSES`].

mod binarizer;
mod bucketizer;
mod centring_scaler;
mod classifier;
mod elementwise_product;
mod factorization_machine;
mod gradient_boosted_trees;
mod handle_invalid;
mod importances;
mod imputer;
mod interaction;
mod linear_margin;
mod linear_svc;
mod logistic_regression;
mod min_max_scaler;
mod multilayer_perceptron;
mod multinomial_regression;
mod naive_bayes;
mod normalizer;
mod one_hot_encoder;
mod pca;
mod polynomial_expansion;
mod slot_selection;
mod string_indexer;
mod trees;
mod vector_assembler;
mod vector_indexer;
mod vector_input;

use std::fmt;

use crate::columns::Columns;
use crate::forest::Forest;
use crate::saved::SavedStage;
use crate::table::{ComputedColumn, Inputs, Outcomes};
use crate::{ModelError, Parity};

use binarizer::Binarizer;
use bucketizer::Bucketizer;
use centring_scaler::CentringScaler;
pub(crate) use classifier::{Classifier, outputs as classifier_outputs};
use elementwise_product::ElementwiseProduct;
use factorization_machine::FactorizationMachine;
use gradient_boosted_trees::GradientBoostedTrees;
pub(crate) use handle_invalid::Filter;
use handle_invalid::HandleInvalid;
use importances::Importances;
use imputer::Imputer;
use interaction::Interaction;
use linear_margin::LinearMargin;
use linear_svc::LinearSvc;
use logistic_regression::LogisticRegression;
use min_max_scaler::MinMaxScaler;
use multilayer_perceptron::MultilayerPerceptron;
use naive_bayes::NaiveBayes;
use normalizer::Normalizer;
use one_hot_encoder::OneHotEncoder;
use pca::Pca;
use polynomial_expansion::PolynomialExpansion;
use slot_selection::SlotSelection;
use string_indexer::StringIndexer;
use trees::Trees;
use vector_assembler::VectorAssembler;
use vector_indexer::VectorIndexer;
use vector_input::VectorInput;

/// Spark's classes and how each is loaded.
const CLASSES: &[(&str, Loader)] = &[
    ("feature.Binarizer", Binarizer::load),
    ("feature.Bucketizer", Bucketizer::load),
    ("feature.ChiSqSelectorModel", SlotSelection::load_selector),
    ("feature.ElementwiseProduct", ElementwiseProduct::load),
    ("feature.ImputerModel", Imputer::load),
    ("feature.Interaction", Interaction::load),
    ("feature.MaxAbsScalerModel", CentringScaler::load_max_abs),
    ("feature.MinMaxScalerModel", MinMaxScaler::load),
    ("feature.Normalizer", Normalizer::load),
    ("feature.OneHotEncoderModel", OneHotEncoder::load),
    ("feature.PCAModel", Pca::load),
    ("feature.PolynomialExpansion", PolynomialExpansion::load),
    ("feature.RobustScalerModel", CentringScaler::load_robust),
    ("feature.StandardScalerModel", CentringScaler::load_standard),
    ("feature.StringIndexerModel", StringIndexer::load),
    (
        "feature.UnivariateFeatureSelectorModel",
        SlotSelection::load_selector,
    ),
    (
        "feature.VarianceThresholdSelectorModel",
        SlotSelection::load_selector,
    ),
    ("feature.VectorAssembler", VectorAssembler::load),
    ("feature.VectorIndexerModel", VectorIndexer::load),
    ("feature.VectorSlicer", SlotSelection::load_slicer),
    (
        "classification.DecisionTreeClassificationModel",
        Trees::load_tree,
    ),
    (
        "classification.FMClassificationModel",
        FactorizationMachine::load,
    ),
    (
        "classification.GBTClassificationModel",
        GradientBoostedTrees::load,
    ),
    ("classification.LinearSVCModel", LinearSvc::load),
    (
        "classification.LogisticRegressionModel",
        LogisticRegression::load,
    ),
    (
        "classification.MultilayerPerceptronClassificationModel",
        MultilayerPerceptron::load,
    ),
    ("classification.NaiveBayesModel", NaiveBayes::load),
    (
        "classification.RandomForestClassificationModel",
        Trees::load_forest,
    ),
];

/// The package of all of [`CLASSES`].
const PACKAGE: &str = "org.apache.spark.ml.";

/// A parameter, or whatever else describes a stage, and its value.
pub(crate) type Fact = (&'static str, String);

/// What loading a stage comes to.
pub(crate) type Loaded = Result<Box<dyn Stage>, ModelError>;

type Loader = fn(&SavedStage, &mut Columns) -> Loaded;

/// A stage, ready to compute its columns.
pub(crate) trait Stage: fmt::Debug + Send + Sync {
    /// Computes the stage's columns.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    );

    /// What a person wants to know of the stage besides its columns.
    fn facts(&self) -> Vec<Fact>;

    /// How near to Spark's the stage's results are, if it is a classifier.
    fn parity(&self) -> Parity {
        Parity::LastBits
    }

    /// What makes the stage a classifier, if it is one.
    fn classifier(&self) -> Option<&Classifier> {
        None
    }
}

/// Loads a stage, resolves the columns that it reads and adds those that it
/// writes.
pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
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

fn loader(stage: &SavedStage) -> Option<Loader> {
    let sought = stage.class.strip_prefix(PACKAGE)?;
    let found = CLASSES.iter().find(|(class, _)| *class == sought);
    found.map(|(_, load)| *load)
}

fn forest_facts(forest: &Forest, importances: &Importances) -> Vec<Fact> {
    vec![
        ("trees", forest.trees().to_string()),
        ("depth", forest.depth().to_string()),
        ("nodes", forest.nodes().to_string()),
        importances.fact(),
    ]
}

/// Some of the items, and how many there are if those aren't all.
fn listed(items: &[String]) -> String {
    const MOST: usize = 8;
    if items.len() <= MOST {
        return items.join(", ");
    }
    format!("{}, … ({} in all)", items[..MOST].join(", "), items.len())
}

/// A column that a stage with one or many columns reads, and the one that it writes.
struct ColumnPair {
    input: String,
    output: String,
    /// Whether Spark computes it, or leaves rows out by it. If not, the stage must do
    /// as if it weren't there.
    is_loaded: bool,
}

fn column_pairs(stage: &SavedStage, columns: &Columns) -> Result<Vec<ColumnPair>, ModelError> {
    let inputs = stage.input_columns()?;
    let outputs = stage.output_columns()?;
    if inputs.is_empty() || inputs.len() != outputs.len() {
        return Err(stage.error(format!(
            "reads {} columns and writes {}",
            inputs.len(),
            outputs.len()
        )));
    }
    let pairs = inputs.into_iter().zip(outputs).enumerate();
    let pair = |(index, (input, output))| ColumnPair {
        input,
        output,
        is_loaded: columns.turns.is_loaded(index),
    };
    Ok(pairs.map(pair).collect())
}
