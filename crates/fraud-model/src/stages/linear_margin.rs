//! The margin that linear classifiers share.

use super::Fact;
use crate::blas::Blas;
use crate::saved::SavedVector;
use crate::table::VectorColumn;

/// The dot product of features and coefficients, and an intercept.
#[derive(Debug)]
pub(super) struct LinearMargin {
    pub(super) blas: Blas,
    pub(super) coefficients: SavedVector,
    pub(super) intercept: f64,
}

impl LinearMargin {
    /// The margin of a row.
    pub(super) fn of(&self, features: &VectorColumn, row: usize) -> f64 {
        let (x, sparse) = (features.row(row), features.sparse[row]);
        self.blas.vector_dot(x, sparse, &self.coefficients) + self.intercept
    }

    pub(super) fn fact(&self) -> Fact {
        ("intercept", self.intercept.to_string())
    }
}
