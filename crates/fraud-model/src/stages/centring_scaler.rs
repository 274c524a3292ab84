//! `StandardScalerModel`, `RobustScalerModel` and `MaxAbsScalerModel`: minus a
//! centre, times one over a width (`StandardScalerModel.getTransformFunc` in
//! Spark's sources). The `MaxAbsScaler` of Spark 2 divides.

use super::{Fact, Loaded, Stage, VectorInput};
use crate::ModelError;
use crate::columns::Columns;
use crate::saved::{SavedStage, SavedVector, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct CentringScaler {
    input: VectorInput,
    /// Subtracted first.
    centre: Option<Vec<f64>>,
    scale: Option<Scale>,
    /// Features that become 0 whatever they are.
    zeros: Vec<usize>,
}

/// How a value comes to its share of the width of its feature.
#[derive(Debug)]
enum Scale {
    /// Times one over the width, which a division doesn't equal to the last bit.
    Factors(Vec<f64>),
    /// Over the width.
    Divisors(Vec<f64>),
}

impl CentringScaler {
    /// By mean and deviation.
    pub(crate) fn load_standard(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let centring = stage.boolean_or("withMean", false)?.then_some("mean");
        let scaling = stage.boolean_or("withStd", true)?.then_some("std");
        // NaN and infinities too, before Spark 3.0.
        let zeroes = centring.is_some() && stage.is_before([3, 0]);
        let scaler = Self::read(stage, columns, centring, scaling, inverses)?;
        Ok(Box::new(match zeroes {
            true => scaler.with_zeros(),
            false => scaler,
        }))
    }

    /// By median and a range between quantiles.
    pub(crate) fn load_robust(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let centring = stage
            .boolean_or("withCentering", false)?
            .then_some("median");
        let scaling = stage.boolean_or("withScaling", true)?.then_some("range");
        let scaler = Self::read(stage, columns, centring, scaling, inverses)?;
        Ok(Box::new(scaler))
    }

    /// By the greatest absolute value.
    pub(crate) fn load_max_abs(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let scale = |mut widths: Vec<f64>| {
            for width in widths.iter_mut().filter(|width| **width == 0.0) {
                *width = 1.0;
            }
            match stage.is_before([3, 0]) {
                true => Scale::Divisors(widths),
                false => inverses(widths),
            }
        };
        let scaler = Self::read(stage, columns, None, Some("maxAbs"), scale)?;
        Ok(Box::new(scaler))
    }

    /// Reads centre and width from the fields of these names.
    fn read(
        stage: &SavedStage,
        columns: &mut Columns,
        centre: Option<&str>,
        width: Option<&str>,
        scale: impl Fn(Vec<f64>) -> Scale,
    ) -> Result<Self, ModelError> {
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
        Ok(Self {
            input,
            centre,
            scale: widths.map(scale),
            zeros: Vec::new(),
        })
    }

    /// The same, with 0 for features whose width is 0.
    fn with_zeros(mut self) -> Self {
        if let Some(Scale::Factors(factors)) = &self.scale {
            let features = factors.iter().enumerate();
            self.zeros = features
                .filter_map(|(feature, factor)| (*factor == 0.0).then_some(feature))
                .collect();
        }
        self
    }
}

/// A width of 0 makes 0 of every value.
fn inverses(widths: Vec<f64>) -> Scale {
    let inverse = |width| if width == 0.0 { 0.0 } else { 1.0 / width };
    Scale::Factors(widths.into_iter().map(inverse).collect())
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
            // A zero that isn't there isn't scaled.
            let there = |value: &f64| !(sparse && *value == 0.0);
            match &self.scale {
                None => {}
                Some(Scale::Factors(factors)) => {
                    let pairs = target.iter_mut().zip(factors);
                    pairs
                        .filter(|(value, _)| there(value))
                        .for_each(|(value, factor)| *value *= factor);
                }
                Some(Scale::Divisors(divisors)) => {
                    let pairs = target.iter_mut().zip(divisors);
                    pairs
                        .filter(|(value, _)| there(value))
                        .for_each(|(value, divisor)| *value /= divisor);
                }
            }
            for feature in &self.zeros {
                target[*feature] = 0.0;
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
