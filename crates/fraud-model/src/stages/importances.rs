//! Feature importances of trees: which features decide, and how much
//! (`TreeEnsembleModel.featureImportances` in Spark's sources).

use std::collections::BTreeMap;

use super::{Fact, listed};
use crate::ModelError;
use crate::columns::{Columns, Slot};
use crate::saved::{SavedEnsemble, SavedStage};

/// Fields and their shares of all that the splits gained, the greatest first.
#[derive(Debug)]
pub(crate) struct Importances(Vec<(Slot, f64)>);

impl Importances {
    /// Each tree counts as much as another.
    pub(crate) fn of_forest(
        stage: &SavedStage,
        columns: &Columns,
        ensemble: &SavedEnsemble,
    ) -> Result<Self, ModelError> {
        let trees = ensemble.gains.iter().map(shares);
        Self::of_gains(stage, columns, trees)
    }

    /// Boosted trees count by what they gained.
    pub(crate) fn of_boosted_trees(
        stage: &SavedStage,
        columns: &Columns,
        ensemble: &SavedEnsemble,
    ) -> Result<Self, ModelError> {
        Self::of_gains(stage, columns, ensemble.gains.iter().cloned())
    }

    fn of_gains(
        stage: &SavedStage,
        columns: &Columns,
        trees: impl Iterator<Item = BTreeMap<usize, f64>>,
    ) -> Result<Self, ModelError> {
        let (_, slots) = columns.vector(stage, &stage.required_text("featuresCol")?)?;
        let mut total = BTreeMap::new();
        for (feature, gain) in trees.flatten() {
            *total.entry(feature).or_default() += gain;
        }
        let share = |(feature, share): (usize, f64)| Some((slots.get(feature)?.clone(), share));
        let mut importances: Vec<_> = shares(&total).into_iter().filter_map(share).collect();
        importances.retain(|(_, share)| *share > 0.0);
        importances.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        Ok(Self(importances))
    }

    pub(crate) fn fact(&self) -> Fact {
        let share = |(slot, share): &(Slot, f64)| {
            let name = slot.name.as_ref().unwrap_or(&slot.field);
            format!("{name} {share:.3}")
        };
        let shares: Vec<_> = self.0.iter().map(share).collect();
        ("importances", listed(&shares))
    }
}

fn shares(values: &BTreeMap<usize, f64>) -> BTreeMap<usize, f64> {
    let sum: f64 = values.values().sum();
    let sum = if sum == 0.0 { 1.0 } else { sum };
    let shares = values
        .iter()
        .map(|(feature, value)| (*feature, value / sum));
    shares.collect()
}
