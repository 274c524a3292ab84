//! `Binarizer`: 1 above a threshold, else 0.

use schema::transaction::FeatureType;

use super::{Fact, Loaded, Stage, column_pairs};
use crate::columns::{ColumnId, ColumnKind, Columns};
use crate::saved::SavedStage;
use crate::table::{ComputedColumn, Inputs, Outcomes, Values, VectorColumn};

#[derive(Debug)]
pub(crate) struct Binarizer {
    columns: Vec<BinarizedColumn>,
    /// Whether a null number stays null: Spark 4 takes it for one not above the
    /// threshold.
    keeps_null: bool,
}

#[derive(Debug)]
struct BinarizedColumn {
    column: ColumnId,
    name: String,
    threshold: f64,
}

impl Binarizer {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let pairs = column_pairs(stage, columns)?;
        let thresholds = match stage.doubles("thresholds")? {
            Some(thresholds) => thresholds,
            None => vec![stage.double_or("threshold", 0.0)?; pairs.len()],
        };
        if thresholds.len() != pairs.len() {
            let (found, read) = (thresholds.len(), pairs.len());
            return Err(stage.error(format!("has {found} thresholds, but reads {read} columns")));
        }
        let mut binarized = Vec::new();
        for (pair, threshold) in pairs.into_iter().zip(thresholds) {
            if !pair.is_loaded {
                continue;
            }
            let (input, output) = (pair.input, pair.output);
            let (column, kind) = columns.read(stage, &input, FeatureType::Double)?;
            match kind {
                ColumnKind::Vector(slots) => columns.add_vector(stage, &output, slots)?,
                ColumnKind::Integer | ColumnKind::Double => {
                    columns.add_number(stage, &output, ColumnKind::Double, column)?;
                }
                ColumnKind::String => {
                    return Err(stage.error(format!("reads {input:?}, a string, as a number")));
                }
            }
            binarized.push(BinarizedColumn {
                column,
                name: input,
                threshold,
            });
        }
        Ok(Box::new(Self {
            columns: binarized,
            keeps_null: stage.is_before([4, 0]),
        }))
    }
}

impl Stage for Binarizer {
    /// NaN is not above the threshold.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        for (at, (binarized, output)) in self.columns.iter().zip(outputs).enumerate() {
            outcomes.turn_to_column(at);
            let column = inputs.column(binarized.column);
            if let Values::Vector(vectors) = column {
                outcomes.reject_null_vectors(vectors, &binarized.name);
                binarize_vectors(vectors, binarized.threshold, output.vectors());
                continue;
            }
            let numbers = output.doubles();
            for row in 0..inputs.rows() {
                let value = column.number(row);
                let above = value.is_some_and(|value| value > binarized.threshold);
                numbers.values[row] = f64::from(u8::from(above));
                numbers.valid[row] = value.is_some() || !self.keeps_null;
            }
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let threshold =
            |column: &BinarizedColumn| format!("{} {:?}", column.name, column.threshold);
        let thresholds: Vec<_> = self.columns.iter().map(threshold).collect();
        vec![("thresholds", thresholds.join(", "))]
    }
}

/// Below 0 Spark asks which values are not above the threshold, so that NaN in
/// a vector becomes 1.
fn binarize_vectors(vectors: &VectorColumn, threshold: f64, binarized: &mut VectorColumn) {
    for (target, value) in binarized.values.iter_mut().zip(&vectors.values) {
        let above = *value > threshold || threshold < 0.0 && value.is_nan();
        *target = f64::from(u8::from(above));
    }
    binarized.compress();
}
