//! `ElementwiseProduct`: each value times one of its own.

use super::{Fact, Loaded, Stage, VectorInput, listed};
use crate::columns::Columns;
use crate::saved::SavedStage;
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct ElementwiseProduct {
    input: VectorInput,
    factors: Vec<f64>,
}

impl ElementwiseProduct {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let (input, slots) = VectorInput::load(stage, columns, "inputCol")?;
        let factors = stage.vector("scalingVec")?;
        if factors.len() != slots.len() {
            return Err(stage.error(format!(
                "has factors of {} values for vectors of {}",
                factors.len(),
                slots.len()
            )));
        }
        columns.add_vector(stage, &stage.required_text("outputCol")?, slots)?;
        Ok(Box::new(Self { input, factors }))
    }
}

impl Stage for ElementwiseProduct {
    /// A sparse vector stays sparse.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = self.input.read(inputs, outcomes);
        let products = outputs[0].vectors();
        products.sparse.copy_from_slice(&vectors.sparse);
        for row in 0..inputs.rows() {
            let sparse = vectors.sparse[row];
            let pairs = vectors.row(row).iter().zip(&self.factors);
            for (target, (value, factor)) in products.row_mut(row).iter_mut().zip(pairs) {
                let left_out = sparse && *value == 0.0;
                *target = if left_out { 0.0 } else { value * factor };
            }
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let factors: Vec<_> = self.factors.iter().map(f64::to_string).collect();
        vec![("factors", listed(&factors))]
    }
}
