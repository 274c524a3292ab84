//! `StandardScalerModel`, `RobustScalerModel` and `MaxAbsScalerModel`: minus a
//! centre, times one over a width (`StandardScalerModel.getTransformFunc` in
//! Spark's sources). The `MaxAbsScaler` of Spark 2 divides.

use super::{Fact, Loaded, Stage, VectorInput};
use crate::columns::Columns;
use crate::saved::{SavedStage, SavedVector, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct CentringScaler {
    input: VectorInput,
    /// Subtracted first.
    centre: Option<Vec<f64>>,
    scale: Option<Vec<Scale>>,
}

/// What becomes of a feature's value, the centre subtracted.
#[derive(Debug)]
enum Scale {
    /// Times one over the width, which a division doesn't equal to the last bit.
    Factor(f64),
    /// Over the width.
    Divisor(f64),
    /// 0, of NaN too.
    Zero,
}

impl CentringScaler {
    /// By mean and deviation.
    pub(crate) fn load_standard(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let centring = stage.boolean_or("withMean", false)?.then_some("mean");
        let scaling = stage.boolean_or("withStd", true)?.then_some("std");
        let zeroes = centring.is_some() && stage.is_before([3, 0]);
        let scale = |width: f64| match width == 0.0 && zeroes {
            true => Scale::Zero,
            false => inverse(width),
        };
        Self::load(stage, columns, centring, scaling, scale)
    }

    /// By median and a range between quantiles.
    pub(crate) fn load_robust(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let centring = stage
            .boolean_or("withCentering", false)?
            .then_some("median");
        let scaling = stage.boolean_or("withScaling", true)?.then_some("range");
        Self::load(stage, columns, centring, scaling, inverse)
    }

    /// By the greatest absolute value.
    pub(crate) fn load_max_abs(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let divides = stage.is_before([3, 0]);
        let scale = |width: f64| {
            let width = if width == 0.0 { 1.0 } else { width };
            match divides {
                true => Scale::Divisor(width),
                false => inverse(width),
            }
        };
        Self::load(stage, columns, None, Some("maxAbs"), scale)
    }

    /// Reads centre and width from the fields of these names.
    fn load(
        stage: &SavedStage,
        columns: &mut Columns,
        centre: Option<&str>,
        width: Option<&str>,
        scale: impl Fn(f64) -> Scale,
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
        let centre = centre.map(vector).transpose()?;
        let widths = width.map(vector).transpose()?;
        columns.add_vector(stage, &stage.required_text("outputCol")?, slots)?;
        Ok(Box::new(Self {
            input,
            centre,
            scale: widths.map(|widths| widths.into_iter().map(scale).collect()),
        }))
    }
}

/// A width of 0 makes 0 of every number.
fn inverse(width: f64) -> Scale {
    Scale::Factor(if width == 0.0 { 0.0 } else { 1.0 / width })
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
            for (value, scale) in target.iter_mut().zip(self.scale.iter().flatten()) {
                match scale {
                    // A zero that isn't there isn't scaled.
                    _ if sparse && *value == 0.0 => {}
                    Scale::Factor(factor) => *value *= factor,
                    Scale::Divisor(divisor) => *value /= divisor,
                    Scale::Zero => *value = 0.0,
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
