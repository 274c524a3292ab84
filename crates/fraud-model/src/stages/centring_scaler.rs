//! `StandardScalerModel`, `RobustScalerModel` and `MaxAbsScalerModel`: minus a
//! centre, times one over a width (`StandardScalerModel.getTransformFunc` in
//! Spark's sources).

use super::{Fact, Loaded, Stage, VectorInput};
use crate::columns::Columns;
use crate::saved::{SavedStage, SavedVector, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct CentringScaler {
    input: VectorInput,
    /// Subtracted first.
    centre: Option<Vec<f64>>,
    /// Multiplied with: Spark doesn't divide by the width.
    scale: Option<Vec<f64>>,
}

impl CentringScaler {
    /// By mean and deviation.
    pub(crate) fn load_standard(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let centring = stage.boolean_or("withMean", false)?.then_some("mean");
        let scaling = stage.boolean_or("withStd", true)?.then_some("std");
        Self::load(stage, columns, centring, scaling, 0.0)
    }

    /// By median and a range between quantiles.
    pub(crate) fn load_robust(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let centring = stage
            .boolean_or("withCentering", false)?
            .then_some("median");
        let scaling = stage.boolean_or("withScaling", true)?.then_some("range");
        Self::load(stage, columns, centring, scaling, 0.0)
    }

    /// By the greatest absolute value.
    pub(crate) fn load_max_abs(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        Self::load(stage, columns, None, Some("maxAbs"), 1.0)
    }

    /// Reads centre and width from the fields of these names; `of_zero` is the
    /// factor where the width is 0.
    fn load(
        stage: &SavedStage,
        columns: &mut Columns,
        centre: Option<&str>,
        width: Option<&str>,
        of_zero: f64,
    ) -> Loaded {
        let (input, slots) = VectorInput::load(stage, columns, "inputCol")?;
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let vector = |field: &str| {
            let values = SavedVector::read(&row, field)?.values;
            if values.len() != slots.len() {
                let (wide, found) = (slots.len(), values.len());
                return Err(row.error(format!(
                    "{field} has {found} values, but {} has {wide}",
                    input.name
                )));
            }
            Ok(values)
        };
        let factor = |width: f64| if width == 0.0 { of_zero } else { 1.0 / width };
        let centre = centre.map(vector).transpose()?;
        let widths = width.map(vector).transpose()?;
        columns.add_vector(stage, &stage.required_text("outputCol")?, slots)?;
        Ok(Box::new(Self {
            input,
            centre,
            scale: widths.map(|widths| widths.into_iter().map(factor).collect()),
        }))
    }
}

impl Stage for CentringScaler {
    /// A sparse vector stays sparse unless the centre is subtracted.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = self.input.read(inputs, outcomes);
        let scaled = outputs[0].vectors();
        for row in 0..inputs.rows() {
            let sparse = vectors.sparse[row] && self.centre.is_none();
            scaled.sparse[row] = sparse;
            let target = scaled.row_mut(row);
            target.copy_from_slice(vectors.row(row));
            if let Some(centre) = &self.centre {
                for (value, centre) in target.iter_mut().zip(centre) {
                    *value -= centre;
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
            ("centred", self.centre.is_some().to_string()),
            ("scaled", self.scale.is_some().to_string()),
        ]
    }
}
