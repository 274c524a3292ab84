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
