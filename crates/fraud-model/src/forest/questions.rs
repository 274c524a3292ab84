//! The distinct questions that a forest asks of a row.

use std::collections::BTreeMap;

use super::categories::CategorySplit;
use crate::saved::{Rule, SavedTree};

/// The questions that a forest asks of one feature.
#[derive(Debug, Default)]
pub(super) struct FeatureQuestions {
    pub(super) feature: usize,
    /// Ascending, each once.
    pub(super) thresholds: Vec<f64>,
    /// The distinct ways to split its categories.
    pub(super) category_splits: Vec<CategorySplit>,
}

/// All questions of a forest, by feature. A feature's are numbered in the
/// order of [`FeatureQuestions`].
#[derive(Debug)]
pub(super) struct Questions {
    pub(super) features: Vec<FeatureQuestions>,
}

impl Questions {
    /// The questions of `trees`; `None` if a threshold is NaN, which has no
    /// place among the others.
    pub(super) fn new(trees: &[SavedTree]) -> Option<Self> {
        let mut features: BTreeMap<usize, FeatureQuestions> = BTreeMap::new();
        let nodes = trees.iter().flat_map(|tree| &tree.nodes);
        for split in nodes.filter_map(|node| node.split.as_ref()) {
            let questions = features.entry(split.feature).or_default();
            questions.feature = split.feature;
            match &split.rule {
                Rule::AtMost(threshold) if threshold.is_nan() => return None,
                // −0.0 is 0.0 to a comparison.
                Rule::AtMost(threshold) => questions.thresholds.push(*threshold + 0.0),
                Rule::Categories { left, categories } => questions
                    .category_splits
                    .push(CategorySplit::new(left, *categories)),
            }
        }
        let mut features: Vec<_> = features.into_values().collect();
        for questions in &mut features {
            questions.thresholds.sort_by(f64::total_cmp);
            questions.thresholds.dedup();
            questions.category_splits.sort();
            questions.category_splits.dedup();
        }
        Some(Self { features })
    }

    /// Where the feature of a split stands among those that are asked for.
    pub(super) fn position(&self, feature: usize) -> usize {
        self.features
            .binary_search_by_key(&feature, |questions| questions.feature)
            .expect("every split's feature was collected")
    }
}

impl FeatureQuestions {
    /// The number of a split's question among the feature's.
    pub(super) fn number(&self, rule: &Rule) -> usize {
        match rule {
            Rule::AtMost(threshold) => self.thresholds.partition_point(|other| other < threshold),
            Rule::Categories { left, categories } => {
                let split = CategorySplit::new(left, *categories);
                let position = self.category_splits.binary_search(&split);
                self.thresholds.len() + position.expect("every split was collected")
            }
        }
    }

    /// A bound of its categories.
    pub(super) fn categories(&self) -> usize {
        let splits = self.category_splits.iter();
        splits.map(CategorySplit::categories).max().unwrap_or(0)
    }
}
