//! The vectors that a stage reads.

use crate::ModelError;
use crate::columns::{ColumnId, Columns, Slot};
use crate::saved::SavedStage;
use crate::table::{Inputs, Outcomes, VectorColumn};

/// A column of vectors that a stage can't do without.
#[derive(Debug)]
pub(crate) struct VectorInput {
    column: ColumnId,
    pub(crate) name: String,
}

impl VectorInput {
    /// Resolves the column that the parameter `param` names, and its slots.
    pub(crate) fn load(
        stage: &SavedStage,
        columns: &Columns,
        param: &str,
    ) -> Result<(Self, Vec<Slot>), ModelError> {
        let name = stage.required_text(param)?;
        let (column, slots) = columns.vector(stage, &name)?;
        Ok((Self { column, name }, slots))
    }

    /// The vectors; rows without any are refused.
    pub(crate) fn read<'a>(
        &self,
        inputs: &Inputs<'a>,
        outcomes: &mut Outcomes<'_>,
    ) -> &'a VectorColumn {
        let vectors = inputs.vectors(self.column);
        outcomes.reject_null_vectors(vectors, &self.name);
        vectors
    }
}
