//! `DecisionTreeClassificationModel` and `RandomForestClassificationModel`.

use super::classifier::{Classifier, outputs};
use super::importances::Importances;
use super::{Fact, Loaded, Stage, forest_facts};
use crate::columns::Columns;
use crate::forest::{Forest, divide_by_sums};
use crate::saved::{
    SavedEnsemble, SavedStage, SavedTree, TreeKind, read_ensemble, read_tree, tree_weights,
};
use crate::table::{ComputedColumn, Inputs, Outcomes};
use crate::{ModelError, Parity};

#[derive(Debug)]
pub(crate) struct Trees {
    classifier: Classifier,
    forest: Forest,
    importances: Importances,
}

impl Trees {
    /// A tree: the raw prediction is the leaf's weight of each class.
    pub(crate) fn load_tree(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let trees = read_tree(stage, stage.count("numFeatures")?)?;
        Self::of_trees(stage, columns, &trees, |stats, _| stats)
    }

    /// A forest: each tree votes with its leaf's share of each class; Spark
    /// ignores the trees' weights, and so a leaf that holds no weight.
    pub(crate) fn load_forest(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let features = stage.count("numFeatures")?;
        let trees = read_ensemble(stage, features, TreeKind::Classification)?;
        tree_weights(stage)?;
        let share = |stats: f64, total: f64| if total == 0.0 { 0.0 } else { stats / total };
        Self::of_trees(stage, columns, &trees, share)
    }

    fn of_trees(
        stage: &SavedStage,
        columns: &mut Columns,
        ensemble: &SavedEnsemble,
        vote: impl Fn(f64, f64) -> f64,
    ) -> Loaded {
        let classes = stage.count("numClasses")?;
        let trees = &ensemble.trees;
        check_stats(trees, classes)
            .map_err(|problem| ModelError::invalid(&stage.table_folder("data"), problem))?;
        let classifier = Classifier::load(stage, columns, stage.count("numFeatures")?, classes)?;
        let forest = Forest::new(trees, classes, |leaf, votes| {
            let total: f64 = leaf.stats.iter().fold(0.0, |sum, stats| sum + stats);
            votes.extend(leaf.stats.iter().map(|stats| vote(*stats, total)));
        });
        Ok(Box::new(Self {
            importances: Importances::of_forest(stage, columns, ensemble)?,
            classifier,
            forest,
        }))
    }
}

impl Stage for Trees {
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        columns: &mut [ComputedColumn],
    ) {
        let features = self.classifier.features(inputs, outcomes);
        let mut outputs = outputs(columns);
        let votes = &mut outputs.raw.values;
        self.forest.votes(&features.values, features.width, votes);
        let probabilities = &mut outputs.probability.values;
        probabilities.copy_from_slice(votes);
        divide_by_sums(probabilities, outputs.raw.width);
        self.classifier.decide(&mut outputs, |_, _| {});
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = forest_facts(&self.forest, &self.importances);
        facts.extend(self.classifier.facts());
        facts
    }

    fn parity(&self) -> Parity {
        Parity::Bytes
    }

    fn classifier(&self) -> Option<&Classifier> {
        Some(&self.classifier)
    }
}

/// Checks that every leaf has a weight for each class, and that there is one
/// tree at least without empty leaves, so that the votes never add up to 0,
/// which has no probabilities.
fn check_stats(trees: &[SavedTree], classes: usize) -> Result<(), String> {
    if classes == 0 {
        return Err("has no classes".to_owned());
    }
    let mut sure_votes = false;
    for (id, tree) in trees.iter().enumerate() {
        let mut empty_leaf = false;
        for (node, leaf) in tree
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.split.is_none())
        {
            if leaf.stats.len() != classes {
                let found = leaf.stats.len();
                return Err(format!(
                    "tree {id}, node {node}: has weights of {found} classes, expected {classes}"
                ));
            }
            if !leaf
                .stats
                .iter()
                .all(|weight| *weight >= 0.0 && weight.is_finite())
            {
                return Err(format!(
                    "tree {id}, node {node}: has a weight below 0 or not finite"
                ));
            }
            empty_leaf |= leaf.stats.iter().all(|weight| *weight == 0.0);
        }
        sure_votes |= !empty_leaf;
    }
    if !sure_votes {
        return Err("every tree has a leaf without any weight".to_owned());
    }
    Ok(())
}
