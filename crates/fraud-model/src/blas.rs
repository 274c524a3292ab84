//! Sums of products in the order in which Spark adds, because the order is
//! part of the number.

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

/// The dot product where at least one vector is sparse: one sum over the
/// products of which neither factor is a zero that a sparse vector leaves out.
pub(crate) fn sparse_dot(x: &[f64], x_sparse: bool, y: &[f64], y_sparse: bool) -> f64 {
    x.iter()
        .zip(y)
        .filter(|(x, y)| !(x_sparse && **x == 0.0 || y_sparse && **y == 0.0))
        .fold(0.0, |sum, (x, y)| sum + x * y)
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
}
