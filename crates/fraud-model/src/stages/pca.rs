//! `PCAModel`: a vector on its principal components.

use super::{Fact, Loaded, Stage, VectorInput};
use crate::blas::Blas;
use crate::columns::{Columns, Slot};
use crate::saved::{SavedMatrix, SavedStage, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct Pca {
    input: VectorInput,
    blas: Blas,
    /// One row a component.
    components: SavedMatrix,
}

impl Pca {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let (input, slots) = VectorInput::load(stage, columns, "inputCol")?;
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let components = SavedMatrix::read(&row, "pc")?.transpose();
        if components.columns != slots.len() {
            return Err(row.error(format!(
                "has components of {} values for vectors of {}",
                components.columns,
                slots.len()
            )));
        }
        let output = stage.required_text("outputCol")?;
        let field = Slot::of(output.as_str().into());
        columns.add_vector(stage, &output, vec![field; components.rows])?;
        Ok(Box::new(Self {
            input,
            blas: columns.blas,
            components,
        }))
    }
}

impl Stage for Pca {
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = self.input.read(inputs, outcomes);
        let projected = outputs[0].vectors();
        projected.values.fill(0.0);
        for row in 0..inputs.rows() {
            let target = projected.row_mut(row);
            self.blas.add_product(
                &self.components,
                vectors.row(row),
                vectors.sparse[row],
                target,
            );
        }
    }

    fn facts(&self) -> Vec<Fact> {
        vec![("components", self.components.rows.to_string())]
    }
}
