//! `MinMaxScalerModel`: from the range seen while fitting to a given one.

use super::{Fact, Loaded, Stage, VectorInput};
use crate::columns::Columns;
use crate::saved::{SavedStage, SavedVector, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct MinMaxScaler {
    input: VectorInput,
    original_min: Vec<f64>,
    scale: Vec<Scale>,
    min: f64,
    max: f64,
    /// Whether vectors are kept as they take least room, as since Spark 3.0.
    compresses: bool,
}

/// How a feature's value comes into the target range.
#[derive(Debug)]
enum Scale {
    /// The middle, where the feature had one value or the target range has.
    Middle(f64),
    /// Times the target range over the original.
    Factor(f64),
    /// Over the original range, and then times the target range: before Spark 3.0.
    Divisor(f64),
}

impl MinMaxScaler {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let (input, slots) = VectorInput::load(stage, columns, "inputCol")?;
        let min = stage.double_or("min", 0.0)?;
        let max = stage.double_or("max", 1.0)?;
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let original_min = SavedVector::read(&row, "originalMin")?.values;
        let original_max = SavedVector::read(&row, "originalMax")?.values;
        if original_min.len() != slots.len() || original_max.len() != slots.len() {
            return Err(row.error(format!(
                "holds ranges of {} and {} values, but {} has {}",
                original_min.len(),
                original_max.len(),
                input.name,
                slots.len()
            )));
        }
        let of_spark_2 = stage.is_before([3, 0]);
        let middle = match of_spark_2 {
            true => 0.5 * (max - min) + min,
            false => (min + max) / 2.0,
        };
        let scale = |range: f64| {
            let factor = (max - min) / range;
            if range == 0.0 || (factor == 0.0 && !of_spark_2) {
                Scale::Middle(middle)
            } else if of_spark_2 {
                Scale::Divisor(range)
            } else {
                Scale::Factor(factor)
            }
        };
        let ranges = original_max.iter().zip(&original_min);
        let scale = ranges.map(|(max, min)| scale(max - min)).collect();
        columns.add_vector(stage, &stage.required_text("outputCol")?, slots)?;
        Ok(Box::new(Self {
            input,
            original_min,
            scale,
            min,
            max,
            compresses: !of_spark_2,
        }))
    }
}

impl Stage for MinMaxScaler {
    /// NaN stays; a constant column becomes the middle of the target range.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = self.input.read(inputs, outcomes);
        let scaled = outputs[0].vectors();
        for row in 0..inputs.rows() {
            let target = scaled.row_mut(row).iter_mut();
            let ranges = self.original_min.iter().zip(&self.scale);
            for ((target, value), (original_min, scale)) in target.zip(vectors.row(row)).zip(ranges)
            {
                let above_min = value - original_min;
                *target = match scale {
                    _ if value.is_nan() => *value,
                    Scale::Middle(middle) => *middle,
                    Scale::Factor(factor) => above_min * factor + self.min,
                    Scale::Divisor(range) => above_min / range * (self.max - self.min) + self.min,
                };
            }
        }
        if self.compresses {
            scaled.compress();
        }
    }

    fn facts(&self) -> Vec<Fact> {
        vec![("min", self.min.to_string()), ("max", self.max.to_string())]
    }
}
