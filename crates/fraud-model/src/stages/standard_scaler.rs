//! `StandardScalerModel`: minus the mean, times one over the deviation.

use super::{Fact, Loaded, Stage};
use crate::columns::{ColumnId, Columns};
use crate::saved::{SavedStage, SavedVector, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct StandardScaler {
    column: ColumnId,
    name: String,
    /// Subtracted first, with `withMean`.
    shift: Option<Vec<f64>>,
    /// Multiplied with, with `withStd`: Spark doesn't divide by the deviation.
    scale: Option<Vec<f64>>,
}

impl StandardScaler {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let name = stage.required_text("inputCol")?;
        let (column, slots) = columns.vector(stage, &name)?;
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let vector = |field: &str| {
            let values = SavedVector::read(&row, field)?.values;
            if values.len() != slots.len() {
                let (wide, found) = (slots.len(), values.len());
                return Err(row.error(format!("{field} has {found} values, but {name} has {wide}")));
            }
            Ok(values)
        };
        let mean = vector("mean")?;
        let std = vector("std")?;
        let shift = stage.boolean_or("withMean", false)?.then_some(mean);
        let scale = stage.boolean_or("withStd", true)?.then(|| {
            let one_over = |std: &f64| if *std == 0.0 { 0.0 } else { 1.0 / std };
            std.iter().map(one_over).collect()
        });
        columns.add_vector(stage, &stage.required_text("outputCol")?, slots)?;
        Ok(Box::new(Self {
            column,
            name,
            shift,
            scale,
        }))
    }
}

impl Stage for StandardScaler {
    /// A sparse vector stays sparse unless the mean is subtracted.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = inputs.vectors(self.column);
        outcomes.reject_null_vectors(vectors, &self.name);
        let scaled = outputs[0].vectors();
        for row in 0..inputs.rows() {
            let sparse = vectors.sparse[row] && self.shift.is_none();
            scaled.sparse[row] = sparse;
            let target = scaled.row_mut(row);
            target.copy_from_slice(vectors.row(row));
            if let Some(shift) = &self.shift {
                for (value, shift) in target.iter_mut().zip(shift) {
                    *value -= shift;
                }
            }
            if let Some(scale) = &self.scale {
                for (value, scale) in target.iter_mut().zip(scale) {
                    // A zero that isn't there isn't multiplied.
                    if !(sparse && *value == 0.0) {
                        *value *= scale;
                    }
                }
            }
        }
    }

    fn facts(&self) -> Vec<Fact> {
        vec![
            ("withMean", self.shift.is_some().to_string()),
            ("withStd", self.scale.is_some().to_string()),
        ]
    }
}
