//! Products of dense vectors and matrices as the classes of dev.ludovic.netlib
//! 3.0 compute them with the factors 1 that Spark passes. `F2jBLAS` is the
//! reference BLAS in Java; each of the others inherits what it doesn't replace
//! from the one before it.

use super::DotOrder;
use crate::saved::SavedMatrix;

/// `ddot`.
pub(super) fn dot(order: DotOrder, x: &[f64], y: &[f64]) -> f64 {
    match order {
        DotOrder::F2j => in_sequence(x, y, add),
        DotOrder::Java8 => in_lanes::<4>(x, y, add, add),
        DotOrder::Java11fma => in_lanes::<4>(x, y, fuse, fuse),
        DotOrder::Vector4 => in_lanes::<4>(x, y, fuse, add),
        DotOrder::Vector8 => in_lanes::<8>(x, y, fuse, add),
    }
}

/// `dgemv` of a matrix that is held row after row: a sum for each row, and
/// that onto `y`.
pub(super) fn add_rows(order: DotOrder, matrix: &SavedMatrix, x: &[f64], y: &mut [f64]) {
    for (row, y) in y.iter_mut().enumerate() {
        let values = matrix.row(row);
        *y += match order {
            DotOrder::F2j | DotOrder::Java8 => in_sequence(x, values, add),
            DotOrder::Java11fma => in_sequence(x, values, fuse),
            DotOrder::Vector4 | DotOrder::Vector8 => dot(order, x, values),
        };
    }
}

/// `dgemv` of a matrix that is held column after column: the columns onto `y`.
pub(super) fn add_columns(order: DotOrder, matrix: &SavedMatrix, x: &[f64], y: &mut [f64]) {
    // Rows that fill the lanes of a vector are added in them, the rest isn't.
    let fused_rows = match order {
        DotOrder::F2j | DotOrder::Java8 => 0,
        DotOrder::Java11fma => matrix.rows,
        DotOrder::Vector4 => matrix.rows / 4 * 4,
        DotOrder::Vector8 => matrix.rows / 8 * 8,
    };
    for (row, y) in y.iter_mut().enumerate() {
        let values = matrix.row(row);
        *y = match order {
            DotOrder::F2j => add_but_zeros(*y, x, values),
            _ if row < fused_rows => add_fours_fused(*y, x, values),
            _ => add_fours(*y, x, values),
        };
    }
}

/// `dgemm` of weights that are held input by input, less than a million of
/// them, with one column.
pub(super) fn neuron(order: DotOrder, bias: f64, weights: &[f64], x: &[f64]) -> f64 {
    match order {
        DotOrder::F2j => add_but_zeros(bias, x, weights),
        DotOrder::Java8 => in_sequence(x, weights, add) + bias,
        DotOrder::Java11fma | DotOrder::Vector4 | DotOrder::Vector8 => {
            in_sequence(x, weights, fuse) + bias
        }
    }
}

/// Adds a product to a sum, rounding both.
fn add(x: f64, y: f64, sum: f64) -> f64 {
    sum + x * y
}

/// Adds a product to a sum, rounding once.
fn fuse(x: f64, y: f64, sum: f64) -> f64 {
    f64::mul_add(x, y, sum)
}

fn in_sequence(x: &[f64], y: &[f64], add: impl Fn(f64, f64, f64) -> f64) -> f64 {
    x.iter().zip(y).fold(0.0, |sum, (x, y)| add(*x, *y, sum))
}

/// A sum for each of the lanes, which are added before the last products, too
/// few to fill them.
fn in_lanes<const LANES: usize>(
    x: &[f64],
    y: &[f64],
    add: impl Fn(f64, f64, f64) -> f64,
    add_rest: impl Fn(f64, f64, f64) -> f64,
) -> f64 {
    let (x_full, x_rest) = x.as_chunks::<LANES>();
    let (y_full, y_rest) = y.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (x, y) in x_full.iter().zip(y_full) {
        for lane in 0..LANES {
            sums[lane] = add(x[lane], y[lane], sums[lane]);
        }
    }
    let sum = sums.iter().fold(0.0, |sum, lane| sum + lane);
    x_rest
        .iter()
        .zip(y_rest)
        .fold(sum, |sum, (x, y)| add_rest(*x, *y, sum))
}

/// Product by product, without those of a zero in `x`.
fn add_but_zeros(start: f64, x: &[f64], values: &[f64]) -> f64 {
    let pairs = x.iter().zip(values).filter(|(x, _)| **x != 0.0);
    pairs.fold(start, |sum, (x, value)| sum + x * value)
}

/// Four products at once, the last of them first, then the rest one by one.
fn add_fours_fused(mut sum: f64, x: &[f64], values: &[f64]) -> f64 {
    let (x_fours, x_rest) = x.as_chunks::<4>();
    let (fours, rest) = values.as_chunks::<4>();
    for (x, values) in x_fours.iter().zip(fours) {
        for at in (0..4).rev() {
            sum = f64::mul_add(x[at], values[at], sum);
        }
    }
    let pairs = x_rest.iter().zip(rest);
    pairs.fold(sum, |sum, (x, value)| f64::mul_add(*x, *value, sum))
}

/// The sum of four products at once, then the rest one by one.
fn add_fours(mut sum: f64, x: &[f64], values: &[f64]) -> f64 {
    let (x_fours, x_rest) = x.as_chunks::<4>();
    let (fours, rest) = values.as_chunks::<4>();
    for (x, values) in x_fours.iter().zip(fours) {
        sum += x[0] * values[0] + x[1] * values[1] + x[2] * values[2] + x[3] * values[3];
    }
    let pairs = x_rest.iter().zip(rest);
    pairs.fold(sum, |sum, (x, value)| sum + x * value)
}
