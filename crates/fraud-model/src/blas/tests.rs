//! Sums of products beside those of the JVM's own classes, which
//! `models/make-dot-orders` lets add.

use super::{Blas, DotOrder, sparse_dot};
use crate::saved::SavedMatrix;

/// A case a line, then its results in each order.
const CASES: &str = include_str!("../../tests/dot-orders.txt");

const ORDERS: [DotOrder; 5] = [
    DotOrder::F2j,
    DotOrder::Java8,
    DotOrder::Java11fma,
    DotOrder::Vector4,
    DotOrder::Vector8,
];

#[test]
fn every_order_adds_as_its_class_in_the_jvm() {
    assert_eq!(CASES.lines().count(), 99);
    for line in CASES.lines() {
        let (case, expected) = Case::parse(line);
        for (order, expected) in ORDERS.into_iter().zip(expected) {
            let results: Vec<_> = case
                .results(Blas::new(order))
                .into_iter()
                .map(hex)
                .collect();
            assert_eq!(results.join(","), expected, "{order}: {line}");
        }
    }
}

/// A call of the library, as `DotOrders.java` prints it.
struct Case<'a> {
    call: &'a str,
    matrix: SavedMatrix,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl<'a> Case<'a> {
    fn parse(line: &'a str) -> (Self, Vec<&'a str>) {
        let mut words = line.split(' ');
        let mut next = || words.next().expect("a word");
        let call = next();
        let mut count = || next().parse::<usize>().expect("a count");
        let (rows, columns) = (count(), count());
        let mut numbers = || numbers(next());
        let (values, x, y) = (numbers(), numbers(), numbers());
        let by_rows = matches!(call, "dot" | "rows");
        // The library's matrices are column after column, ours row after row.
        let at = |at: usize| {
            if by_rows {
                at
            } else {
                at % columns * rows + at / columns
            }
        };
        let matrix = SavedMatrix {
            rows,
            columns,
            values: (0..values.len()).map(|index| values[at(index)]).collect(),
            sparse: false,
            by_rows,
        };
        (Self { call, matrix, x, y }, words.collect())
    }

    fn results(&self, blas: Blas) -> Vec<f64> {
        let Self { matrix, x, y, .. } = self;
        match self.call {
            "dot" => vec![blas.dot(&matrix.values, x)],
            "neurons" => (0..matrix.rows)
                .map(|row| blas.neuron(y[row], matrix.row(row), x))
                .collect(),
            _ => {
                let mut results = y.clone();
                blas.add_product(matrix, x, false, &mut results);
                results
            }
        }
    }
}

fn numbers(text: &str) -> Vec<f64> {
    let numbers = text.split(',').filter(|number| *number != "-");
    numbers
        .map(|number| number.parse().expect("a number"))
        .collect()
}

fn hex(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    format!("{:x}", value.to_bits())
}

/// Values whose sum hangs on the order: 1e16 swallows a 1 added to it.
const X: [f64; 5] = [1e16, 1.0, -1e16, 1.0, 1.0];

#[test]
fn sparse_products_are_added_one_by_one_without_those_of_left_out_zeros() {
    let sum = X.iter().fold(0.0, |sum, x| sum + x);
    assert_eq!(sparse_dot(&X, true, &[1.0; 5], false), sum);
    let infinite = [f64::INFINITY, 1.0];
    assert_eq!(sparse_dot(&[0.0, 2.0], true, &infinite, false), 2.0);
    assert_eq!(sparse_dot(&infinite, false, &[0.0, 2.0], true), 2.0);
    assert!(sparse_dot(&[0.0, 2.0], false, &infinite, true).is_nan());
}

#[test]
fn a_sparse_matrix_by_columns_adds_each_product_to_what_is_there() {
    let blas = Blas::new(DotOrder::default());
    let mut y = [0.5, 0.5];
    blas.add_product(&sparse_by_columns(), &[1.0; 5], false, &mut y);
    assert_eq!(y[0], X.iter().fold(0.5, |sum, x| sum + x));
    let mut y = [0.0, 0.0];
    let infinite = [f64::INFINITY, 0.0, 0.0, 0.0, 1.0];
    let mut zero_first = sparse_by_columns();
    zero_first.values[5] = 0.0;
    blas.add_product(&zero_first, &infinite, true, &mut y);
    assert_eq!(y, [f64::INFINITY, 1.0]);
}

#[test]
fn a_transposed_matrix_stays_in_its_order_in_memory() {
    let transposed = sparse_by_columns().transpose();
    assert_eq!((transposed.rows, transposed.columns), (5, 2));
    assert!(transposed.by_rows);
    assert_eq!(transposed.row(0), [X[0], 1.0]);
}

/// Two rows, of `X` and of ones.
fn sparse_by_columns() -> SavedMatrix {
    SavedMatrix {
        rows: 2,
        columns: 5,
        values: [X, [1.0; 5]].concat(),
        sparse: true,
        by_rows: false,
    }
}
