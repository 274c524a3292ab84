//! `PolynomialExpansion`: all products of up to so many of a vector's values.

use super::{Fact, Loaded, Stage, VectorInput};
use crate::ModelError;
use crate::columns::{Columns, Slot};
use crate::saved::{MAX_WIDTH, SavedStage};
use crate::table::{ComputedColumn, Inputs, Outcomes};

/// Each value is a level of a recursion.
const MAX_FEATURES: usize = 2048;

#[derive(Debug)]
pub(crate) struct PolynomialExpansion {
    input: VectorInput,
    degree: usize,
    /// How many products of up to `d` of `n` values there are, at `[n][d]`,
    /// the product of none included.
    counts: Vec<Vec<usize>>,
}

impl PolynomialExpansion {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let (input, slots) = VectorInput::load(stage, columns, "inputCol")?;
        let degree = stage.integer_or("degree", 2)?;
        let degree = usize::try_from(degree)
            .ok()
            .filter(|degree| (1..=MAX_WIDTH).contains(degree));
        let degree = degree.ok_or_else(|| stage.error("has a degree out of range"))?;
        let counts = counts(stage, slots.len(), degree)?;
        let output = stage.required_text("outputCol")?;
        let width = counts[slots.len()][degree] - 1;
        columns.add_vector(
            stage,
            &output,
            vec![Slot::of(output.as_str().into()); width],
        )?;
        Ok(Box::new(Self {
            input,
            degree,
            counts,
        }))
    }

    /// Sets the products of up to `degree` of the first `features` values,
    /// times `product`, into the places from `place` on; the product of none,
    /// the first of all, has the place `None`.
    fn expand(
        &self,
        (values, sparse): (&[f64], bool),
        features: usize,
        degree: usize,
        product: f64,
        place: usize,
        target: &mut [f64],
    ) {
        if product == 0.0 {
            return;
        }
        let Some(last) = features.checked_sub(1).filter(|_| degree > 0) else {
            if place > 0 {
                target[place - 1] = product;
            }
            return;
        };
        let mut product = product;
        let mut place = place;
        for power in 0..=degree {
            self.expand(
                (values, sparse),
                last,
                degree - power,
                product,
                place,
                target,
            );
            place += self.counts[last][degree - power];
            // A zero that isn't there isn't multiplied.
            if sparse && values[last] == 0.0 {
                return;
            }
            product *= values[last];
        }
    }
}

/// Binomial coefficients: `[n][d] = [n − 1][d] + [n][d − 1]`.
fn counts(
    stage: &SavedStage,
    features: usize,
    degree: usize,
) -> Result<Vec<Vec<usize>>, ModelError> {
    let too_many = || {
        stage.error(format!(
            "expands {features} values to degree {degree}, which are too many"
        ))
    };
    if features > MAX_FEATURES {
        return Err(too_many());
    }
    let mut counts = vec![vec![1; degree + 1]];
    for before in 0..features {
        let mut row = vec![1];
        for smaller in 0..degree {
            let count = row[smaller] + counts[before][smaller + 1];
            if count > MAX_WIDTH {
                return Err(too_many());
            }
            row.push(count);
        }
        counts.push(row);
    }
    Ok(counts)
}

impl Stage for PolynomialExpansion {
    /// A sparse vector stays sparse.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = self.input.read(inputs, outcomes);
        let expanded = outputs[0].vectors();
        expanded.values.fill(0.0);
        expanded.sparse.copy_from_slice(&vectors.sparse);
        for row in 0..inputs.rows() {
            let from = (vectors.row(row), vectors.sparse[row]);
            let target = expanded.row_mut(row);
            self.expand(from, vectors.width, self.degree, 1.0, 0, target);
        }
    }

    fn facts(&self) -> Vec<Fact> {
        vec![("degree", self.degree.to_string())]
    }
}
