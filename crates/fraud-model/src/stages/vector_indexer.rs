//! `VectorIndexerModel`: category numbers instead of the values of those
//! features that have few.

use std::sync::Arc;

use arrow::array::{Float64Array, Int32Array, MapArray};

use super::{Fact, HandleInvalid, Loaded, Stage, VectorInput};
use crate::ModelError;
use crate::columns::{Columns, Slot};
use crate::saved::{Record, SavedStage, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct VectorIndexer {
    input: VectorInput,
    /// In the order of their slots.
    categorical: Vec<CategoricalFeature>,
    handle_invalid: HandleInvalid,
}

#[derive(Debug)]
struct CategoricalFeature {
    slot: usize,
    field: Arc<str>,
    /// Values in order, with their category numbers.
    categories: Vec<(f64, f64)>,
}

impl VectorIndexer {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let (input, mut slots) = VectorInput::load(stage, columns, "inputCol")?;
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let features = row.array::<Int32Array>("numFeatures")?.value(0);
        if usize::try_from(features) != Ok(slots.len()) {
            let found = slots.len();
            return Err(row.error(format!(
                "is of {features} features, but {} has {found}",
                input.name
            )));
        }
        let categorical = categorical_features(&row, &slots)?;
        for feature in &categorical {
            slots[feature.slot].categories = Some(feature.categories.len());
        }
        columns.add_vector(stage, &stage.required_text("outputCol")?, slots)?;
        Ok(Box::new(Self {
            input,
            categorical,
            handle_invalid: HandleInvalid::load(stage)?,
        }))
    }
}

impl Stage for VectorIndexer {
    /// A zero that a sparse vector leaves out stays, whether it is a category
    /// or not.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = self.input.read(inputs, outcomes);
        let indexed = outputs[0].vectors();
        indexed.values.copy_from_slice(&vectors.values);
        indexed.sparse.copy_from_slice(&vectors.sparse);
        for row in 0..inputs.rows() {
            let sparse = vectors.sparse[row];
            let values = indexed.row_mut(row);
            for feature in &self.categorical {
                let value = &mut values[feature.slot];
                if sparse && *value == 0.0 {
                    continue;
                }
                *value = feature.category(*value).unwrap_or_else(|| {
                    let message = || format!("{} is a category not seen before", feature.field);
                    self.handle_invalid.excludes(outcomes, row, message);
                    feature.categories.len() as f64
                });
            }
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let categories = |feature: &CategoricalFeature| {
            format!("{} {}", feature.field, feature.categories.len())
        };
        let fields: Vec<_> = self.categorical.iter().map(categories).collect();
        vec![
            ("categories", fields.join(", ")),
            self.handle_invalid.fact(),
        ]
    }
}

impl CategoricalFeature {
    fn category(&self, value: f64) -> Option<f64> {
        // Adding 0.0 makes −0.0 the category of 0.0.
        let sought = value + 0.0;
        let found = self
            .categories
            .binary_search_by(|(value, _)| value.total_cmp(&sought));
        Some(self.categories[found.ok()?].1)
    }
}

/// Reads the column `categoryMaps`, a map from feature to a map from value to
/// category number.
fn categorical_features(
    row: &Record<'_>,
    slots: &[Slot],
) -> Result<Vec<CategoricalFeature>, ModelError> {
    const NAME: &str = "categoryMaps";
    let maps = row.array::<MapArray>(NAME)?;
    let features = row.cast::<Int32Array>(NAME, maps.keys())?;
    let category_maps = row.cast::<MapArray>(NAME, maps.values())?;
    let values = row.cast::<Float64Array>(NAME, category_maps.keys())?;
    let numbers = row.cast::<Int32Array>(NAME, category_maps.values())?;
    let offsets = category_maps.value_offsets();
    let mut categorical = Vec::new();
    for (index, bounds) in offsets.windows(2).take(features.len()).enumerate() {
        let slot = usize::try_from(features.value(index))
            .ok()
            .filter(|slot| *slot < slots.len());
        let slot = slot.ok_or_else(|| {
            row.error(format!(
                "has categories of a feature {}",
                features.value(index)
            ))
        })?;
        let mut categories: Vec<_> = (bounds[0]..bounds[1])
            .map(|at| {
                (
                    values.value(at as usize) + 0.0,
                    f64::from(numbers.value(at as usize)),
                )
            })
            .collect();
        categories.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        categorical.push(CategoricalFeature {
            slot,
            field: slots[slot].field.clone(),
            categories,
        });
    }
    categorical.sort_by_key(|feature| feature.slot);
    Ok(categorical)
}
