//! `MinMaxScalerModel`: from the range seen while fitting to a given one.

use super::{Fact, Loaded, Stage, VectorInput};
use crate::columns::Columns;
use crate::saved::{SavedStage, SavedVector, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct MinMaxScaler {
    input: VectorInput,
    original_min: Vec<f64>,
    /// Target range over original range; 0 where the original is constant.
    scale: Vec<f64>,
    min: f64,
    max: f64,
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
        let ranges = original_max
            .iter()
            .zip(&original_min)
            .map(|(max, min)| max - min);
        let scale = |range| {
            if range != 0.0 {
                (max - min) / range
            } else {
                0.0
            }
        };
        let scale = ranges.map(scale).collect();
        columns.add_vector(stage, &stage.required_text("outputCol")?, slots)?;
        Ok(Box::new(Self {
            input,
            original_min,
            scale,
            min,
            max,
        }))
    }
}

impl Stage for MinMaxScaler {
    /// By the formula of Spark 3 and 4; 2.4 divided by the range before it
    /// scaled. NaN stays; a constant column becomes the middle of the target range.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = self.input.read(inputs, outcomes);
        let constant = (self.min + self.max) / 2.0;
        let scaled = outputs[0].vectors();
        for row in 0..inputs.rows() {
            let target = scaled.row_mut(row).iter_mut();
            let ranges = self.original_min.iter().zip(&self.scale);
            for ((target, value), (original_min, scale)) in target.zip(vectors.row(row)).zip(ranges)
            {
                *target = if value.is_nan() {
                    *value
                } else if *scale != 0.0 {
                    (value - original_min) * scale + self.min
                } else {
                    constant
                };
            }
        }
        scaled.compress();
    }

    fn facts(&self) -> Vec<Fact> {
        vec![("min", self.min.to_string()), ("max", self.max.to_string())]
    }
}
