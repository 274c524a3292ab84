//! Sums of products in the order in which Spark adds, because the order is
//! part of the number.
//!
//! Where both factors are dense, Spark calls a library (dev.ludovic.netlib,
//! before Spark 3.2 com.github.fommil.netlib) that adds in another order on
//! each generation of JDK and processor: a [`DotOrder`]. Where one is sparse,
//! Spark has a plain loop of its own.

mod dense;
mod order;
#[cfg(test)]
mod tests;

pub use order::{DotOrder, UnknownDotOrder};

use crate::saved::{SavedMatrix, SavedVector};

/// Spark's `BLAS`, adding dense products in one of the orders.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blas {
    order: DotOrder,
}

impl Blas {
    /// That adds in `order`.
    pub(crate) fn new(order: DotOrder) -> Self {
        Self { order }
    }

    /// The order that it adds in.
    pub(crate) fn order(self) -> DotOrder {
        self.order
    }

    /// The dot product of two dense vectors (`ddot`).
    pub(crate) fn dot(self, x: &[f64], y: &[f64]) -> f64 {
        dense::dot(self.order, x, y)
    }

    /// The dot product of two vectors of which each may be sparse (`BLAS.dot`).
    pub(crate) fn vector_dot(self, x: &[f64], x_sparse: bool, y: &SavedVector) -> f64 {
        if x_sparse || y.sparse {
            sparse_dot(x, x_sparse, &y.values, y.sparse)
        } else {
            self.dot(x, &y.values)
        }
    }

    /// Adds the product of a matrix and a vector to `y` (`BLAS.gemv`).
    pub(crate) fn add_product(
        self,
        matrix: &SavedMatrix,
        x: &[f64],
        x_sparse: bool,
        y: &mut [f64],
    ) {
        match (matrix.sparse, x_sparse, matrix.by_rows) {
            (false, false, false) => dense::add_columns(self.order, matrix, x, y),
            (false, false, true) => dense::add_rows(self.order, matrix, x, y),
            (true, _, false) => add_sparse_columns(matrix, x, x_sparse, y),
            (false, true, _) | (true, _, true) => {
                for (row, y) in y.iter_mut().enumerate() {
                    *y += sparse_dot(x, x_sparse, matrix.row(row), matrix.sparse);
                }
            }
        }
    }

    /// A neuron's bias and the products of its weights with the layer before
    /// it (`dgemm` with one column).
    pub(crate) fn neuron(self, bias: f64, weights: &[f64], x: &[f64]) -> f64 {
        dense::neuron(self.order, bias, weights, x)
    }
}

/// The dot product where at least one vector is sparse: one sum over the
/// products of which neither factor is a zero that a sparse vector leaves out.
fn sparse_dot(x: &[f64], x_sparse: bool, y: &[f64], y_sparse: bool) -> f64 {
    x.iter()
        .zip(y)
        .filter(|(x, y)| !(x_sparse && **x == 0.0 || y_sparse && **y == 0.0))
        .fold(0.0, |sum, (x, y)| sum + x * y)
}

/// Column by column onto `y`, without zeros that aren't there.
fn add_sparse_columns(matrix: &SavedMatrix, x: &[f64], x_sparse: bool, y: &mut [f64]) {
    for (row, y) in y.iter_mut().enumerate() {
        for (value, x) in matrix.row(row).iter().zip(x) {
            if *value != 0.0 && !(x_sparse && *x == 0.0) {
                *y += value * x;
            }
        }
    }
}
