//! `Normalizer`: a vector over its norm.

use super::{Fact, Loaded, Stage, VectorInput};
use crate::columns::Columns;
use crate::saved::SavedStage;
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct Normalizer {
    input: VectorInput,
    /// Which norm.
    p: f64,
}

impl Normalizer {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let (input, slots) = VectorInput::load(stage, columns, "inputCol")?;
        let p = stage.double_or("p", 2.0)?;
        if p.is_nan() || p < 1.0 {
            return Err(stage.error(format!("p is {p}, expected 1 or more")));
        }
        columns.add_vector(stage, &stage.required_text("outputCol")?, slots)?;
        Ok(Box::new(Self { input, p }))
    }
}

impl Stage for Normalizer {
    /// A vector of the norm 0 stays as it is, and a sparse one sparse.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = self.input.read(inputs, outcomes);
        let normalized = outputs[0].vectors();
        normalized.sparse.copy_from_slice(&vectors.sparse);
        for row in 0..inputs.rows() {
            let norm = norm(vectors.row(row), self.p);
            let divisor = if norm == 0.0 { 1.0 } else { norm };
            let sparse = vectors.sparse[row];
            for (target, value) in normalized.row_mut(row).iter_mut().zip(vectors.row(row)) {
                let left_out = sparse && *value == 0.0;
                *target = if left_out { 0.0 } else { value / divisor };
            }
        }
    }

    fn facts(&self) -> Vec<Fact> {
        vec![("p", self.p.to_string())]
    }
}

/// `Vectors.norm` of Spark's sources, added up from the first value to the last.
fn norm(values: &[f64], p: f64) -> f64 {
    let magnitudes = values.iter().map(|value| value.abs());
    if p == 1.0 {
        magnitudes.fold(0.0, |sum, magnitude| sum + magnitude)
    } else if p == 2.0 {
        magnitudes
            .fold(0.0, |sum, magnitude| sum + magnitude * magnitude)
            .sqrt()
    } else if p == f64::INFINITY {
        // NaN is never greater.
        magnitudes.fold(
            0.0,
            |max, magnitude| if magnitude > max { magnitude } else { max },
        )
    } else {
        magnitudes
            .fold(0.0, |sum, magnitude| sum + magnitude.powf(p))
            .powf(1.0 / p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_are_sums_roots_and_greatest_values() {
        let values = [3.0, 0.0, -4.0];
        assert_eq!(norm(&values, 1.0), 7.0);
        assert_eq!(norm(&values, 2.0), 5.0);
        assert_eq!(norm(&values, f64::INFINITY), 4.0);
        assert_eq!(norm(&[f64::NAN, 2.0], f64::INFINITY), 2.0);
        assert_eq!(norm(&[2.0], 3.0), 2.0);
    }
}
