//! Sums of products in the order in which Spark adds, because the order is
//! part of the number.

use crate::saved::{SavedMatrix, SavedVector};

/// The dot product of two dense vectors as Spark 3.5 on JDK 17 computes it:
/// `Java11BLAS.ddot` of dev.ludovic.netlib, four sums of fused products, which
/// are added before the last, fewer than four, products.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let (x_fours, x_rest) = x.as_chunks::<4>();
    let (y_fours, y_rest) = y.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (x, y) in x_fours.iter().zip(y_fours) {
        for lane in 0..4 {
            sums[lane] = f64::mul_add(x[lane], y[lane], sums[lane]);
        }
    }
    let mut sum = sums[0] + sums[1] + sums[2] + sums[3];
    for (x, y) in x_rest.iter().zip(y_rest) {
        sum = f64::mul_add(*x, *y, sum);
    }
    sum
}

/// The dot product of two vectors of which each may be sparse (`BLAS.dot`).
pub(crate) fn vector_dot(x: &[f64], x_sparse: bool, y: &SavedVector) -> f64 {
    if x_sparse || y.sparse {
        sparse_dot(x, x_sparse, &y.values, y.sparse)
    } else {
        dot(x, &y.values)
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

/// Adds the product of a matrix and a vector to `y`, as `BLAS.gemv` of Spark
/// 3.5 does, which is `Java11BLAS.dgemv` where both are dense.
pub(crate) fn add_product(matrix: &SavedMatrix, x: &[f64], x_sparse: bool, y: &mut [f64]) {
    match (matrix.sparse, x_sparse, matrix.by_rows) {
        (false, false, false) => add_dense_columns(matrix, x, y),
        (true, _, false) => add_sparse_columns(matrix, x, x_sparse, y),
        (false, false, true) => {
            for (row, y) in y.iter_mut().enumerate() {
                *y += fused_dot(matrix.row(row), x);
            }
        }
        (false, true, _) | (true, _, true) => {
            for (row, y) in y.iter_mut().enumerate() {
                *y += sparse_dot(x, x_sparse, matrix.row(row), matrix.sparse);
            }
        }
    }
}

/// One sum of fused products, from the first to the last.
pub(crate) fn fused_dot(x: &[f64], y: &[f64]) -> f64 {
    let pairs = x.iter().zip(y);
    pairs.fold(0.0, |sum, (x, y)| f64::mul_add(*x, *y, sum))
}

/// Four columns at once, the last of them first, then the rest one by one.
fn add_dense_columns(matrix: &SavedMatrix, x: &[f64], y: &mut [f64]) {
    let fours = x.len() / 4 * 4;
    for (row, y) in y.iter_mut().enumerate() {
        let values = matrix.row(row);
        for start in (0..fours).step_by(4) {
            for column in (start..start + 4).rev() {
                *y = f64::mul_add(x[column], values[column], *y);
            }
        }
        for column in fours..x.len() {
            *y = f64::mul_add(x[column], values[column], *y);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Values whose sum hangs on the order: 1e16 swallows a 1 added to it.
    const X: [f64; 5] = [1e16, 1.0, -1e16, 1.0, 1.0];

    #[test]
    fn dense_products_are_added_in_four_lanes_and_the_rest_after_them() {
        let lanes = ((X[0] + X[1]) + X[2]) + X[3];
        assert_eq!(dot(&X, &[1.0; 5]), lanes + X[4]);
        let eight = [1.0, 1e16, 3.0, 4.0, 5.0, -1e16, 7.0, 8.0];
        assert_eq!(dot(&eight, &[1.0; 8]), 28.0);
    }

    #[test]
    fn dense_products_are_fused_with_their_sum() {
        let third = 1.0 / 3.0;
        let fused = f64::mul_add(third, 3.0, -1.0);
        assert_ne!(fused, third * 3.0 - 1.0);
        assert_eq!(
            dot(&[1.0, 0.0, 0.0, 0.0, third], &[-1.0, 0.0, 0.0, 0.0, 3.0]),
            fused
        );
    }

    #[test]
    fn sparse_products_are_added_one_by_one_without_those_of_left_out_zeros() {
        let sum = X.iter().fold(0.0, |sum, x| sum + x);
        assert_eq!(sparse_dot(&X, true, &[1.0; 5], false), sum);
        let infinite = [f64::INFINITY, 1.0];
        assert_eq!(sparse_dot(&[0.0, 2.0], true, &infinite, false), 2.0);
        assert_eq!(sparse_dot(&infinite, false, &[0.0, 2.0], true), 2.0);
        assert!(sparse_dot(&[0.0, 2.0], false, &infinite, true).is_nan());
    }

    /// Two rows of `X`, and of ones.
    fn matrix(sparse: bool, by_rows: bool) -> SavedMatrix {
        SavedMatrix {
            rows: 2,
            columns: 5,
            values: [X, [1.0; 5]].concat(),
            sparse,
            by_rows,
        }
    }

    #[test]
    fn a_matrix_by_rows_adds_each_rows_sum_to_what_is_there() {
        let mut y = [0.5, 0.5];
        add_product(&matrix(false, true), &[1.0; 5], false, &mut y);
        assert_eq!(y, [X.iter().fold(0.0, |sum, x| sum + x) + 0.5, 5.5]);
    }

    #[test]
    fn a_dense_matrix_by_columns_adds_four_columns_last_to_first() {
        let mut y = [0.5, 0.5];
        add_product(&matrix(false, false), &[1.0; 5], false, &mut y);
        assert_eq!(y[0], ((((0.5 + X[3]) + X[2]) + X[1]) + X[0]) + X[4]);
    }

    #[test]
    fn a_sparse_matrix_by_columns_adds_each_product_to_what_is_there() {
        let mut y = [0.5, 0.5];
        add_product(&matrix(true, false), &[1.0; 5], false, &mut y);
        assert_eq!(y[0], X.iter().fold(0.5, |sum, x| sum + x));
        let mut y = [0.0, 0.0];
        let infinite = [f64::INFINITY, 0.0, 0.0, 0.0, 1.0];
        let mut zero_first = matrix(true, false);
        zero_first.values[5] = 0.0;
        add_product(&zero_first, &infinite, true, &mut y);
        assert_eq!(y, [f64::INFINITY, 1.0]);
    }

    #[test]
    fn a_transposed_matrix_stays_in_its_order_in_memory() {
        let transposed = matrix(false, false).transpose();
        assert_eq!((transposed.rows, transposed.columns), (5, 2));
        assert!(transposed.by_rows);
        assert_eq!(transposed.row(0), [X[0], 1.0]);
    }
}
