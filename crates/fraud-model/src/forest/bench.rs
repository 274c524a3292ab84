//! What the benchmarks measure.

use std::path::Path;

use super::{Forest, divide_by_sums, processor};
use crate::ModelError;
use crate::plan::Plan;
use crate::saved::{TreeKind, read_ensemble};

/// The trees of a random forest alone: features in, probabilities out. Public
/// for the benchmarks; use [`Scorer`](crate::Scorer).
#[derive(Debug)]
pub struct ForestBench {
    forest: Forest,
    width: usize,
    classes: usize,
}

impl ForestBench {
    /// The forest in the pipeline in `folder`; where `portable`, scored as on
    /// any processor, whatever this one has.
    pub fn load(folder: &Path, portable: bool) -> Result<Self, ModelError> {
        let plan = Plan::read(folder)?;
        let mut stages = plan.stages.iter().map(|planned| &planned.saved);
        let stage = stages
            .next_back()
            .ok_or_else(|| ModelError::invalid(folder, "has no stages"))?;
        let (width, classes) = (stage.count("numFeatures")?, stage.count("numClasses")?);
        let trees = read_ensemble(stage, width, TreeKind::Classification)?.trees;
        let avx512 = processor::detect().filter(|_| !portable);
        let forest = Forest::with(avx512, &trees, classes, |leaf, votes| {
            let total: f64 = leaf.stats.iter().sum();
            votes.extend(leaf.stats.iter().map(|stats| stats / total));
        });
        Ok(Self {
            forest,
            width,
            classes,
        })
    }

    /// Sets `probabilities`, one a class and row, from as many rows of `features`.
    pub fn score(&self, features: &[f64], probabilities: &mut [f64]) {
        self.forest.votes(features, self.width, probabilities);
        divide_by_sums(probabilities, self.classes);
    }

    /// Values a row of features.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Probabilities a row.
    pub fn classes(&self) -> usize {
        self.classes
    }
}
