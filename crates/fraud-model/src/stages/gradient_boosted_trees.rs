//! `GBTClassificationModel`: regression trees that add up to a margin.

use super::classifier::{Classifier, outputs};
use super::importances::Importances;
use super::{Fact, Loaded, Stage, forest_facts};
use crate::blas::Blas;
use crate::columns::{Columns, Slot};
use crate::forest::Forest;
use crate::saved::{SavedStage, TreeKind, read_ensemble, tree_weights};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct GradientBoostedTrees {
    classifier: Classifier,
    blas: Blas,
    forest: Forest,
    weights: Vec<f64>,
    importances: Importances,
}

impl GradientBoostedTrees {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let features = stage.count("numFeatures")?;
        let ensemble = read_ensemble(stage, features, TreeKind::Regression)?;
        let trees = &ensemble.trees;
        let classifier = Classifier::load(stage, columns, features, 2)?;
        // A column that nothing reads, as room for the trees' answers.
        columns.add_vector(stage, "", vec![Slot::of("".into()); trees.len()])?;
        Ok(Box::new(Self {
            importances: Importances::of_boosted_trees(stage, columns, &ensemble)?,
            weights: tree_weights(stage)?,
            classifier,
            blas: columns.blas,
            forest: Forest::new(trees, 1, |leaf, values| values.push(leaf.prediction)),
        }))
    }
}

impl Stage for GradientBoostedTrees {
    /// The probability of class 0 is 1 / (1 + exp(−2 · raw)) of its raw
    /// prediction, and that of class 1 what it leaves: Spark doesn't compute
    /// the latter on its own.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        columns: &mut [ComputedColumn],
    ) {
        let features = self.classifier.features(inputs, outcomes);
        let (columns, answers) = columns.split_at_mut(Classifier::COLUMNS);
        let mut outputs = outputs(columns);
        let answers = answers[0].vectors();
        self.forest
            .answers(&features.values, features.width, &mut answers.values);
        outputs.set_margins(|row| self.blas.dot(answers.row(row), &self.weights));
        self.classifier.decide(&mut outputs, |raw, probability| {
            probability[0] = 1.0 / (1.0 + (-2.0 * raw[0]).exp());
            probability[1] = 1.0 - probability[0];
        });
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = forest_facts(&self.forest, &self.importances);
        facts.extend(self.classifier.facts());
        facts
    }

    fn classifier(&self) -> Option<&Classifier> {
        Some(&self.classifier)
    }
}
