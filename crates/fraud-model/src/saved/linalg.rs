//! Spark's vectors and matrices as struct columns (`VectorUDT`, `MatrixUDT`).

use arrow::array::{BooleanArray, Float64Array, Int8Array, Int32Array};

use super::{MAX_WIDTH, Record};
use crate::ModelError;

/// A vector with all its zeros.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedVector {
    /// One value a slot.
    pub(crate) values: Vec<f64>,
    /// Whether Spark holds it sparse: the order of additions hangs on it.
    pub(crate) sparse: bool,
}

impl SavedVector {
    /// Reads the vector in the column `name` of a single row.
    pub(crate) fn read(row: &Record<'_>, name: &str) -> Result<Self, ModelError> {
        let field = row.record(name)?;
        let values = field.list::<Float64Array>("values")?.doubles(0);
        match field.array::<Int8Array>("type")?.value(0) {
            1 if values.len() <= MAX_WIDTH => Ok(Self {
                values: values.to_vec(),
                sparse: false,
            }),
            0 => {
                let size = size(&field, "size")?;
                let indices = field.list::<Int32Array>("indices")?.integers(0);
                let mut dense = vec![0.0; size];
                if indices.len() != values.len() {
                    return Err(
                        field.error(format!("{name} has more indices than values, or less"))
                    );
                }
                for (index, value) in indices.iter().zip(values) {
                    let slot = usize::try_from(*index)
                        .ok()
                        .and_then(|index| dense.get_mut(index));
                    *slot.ok_or_else(|| {
                        field.error(format!("{name} has an index out of range"))
                    })? = *value;
                }
                Ok(Self {
                    values: dense,
                    sparse: true,
                })
            }
            _ => Err(field.error(format!("{name} is not a vector"))),
        }
    }
}

/// A matrix with all its zeros.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedMatrix {
    /// Rows.
    pub(crate) rows: usize,
    /// Columns.
    pub(crate) columns: usize,
    /// Row after row.
    pub(crate) values: Vec<f64>,
    /// Whether Spark holds it sparse.
    pub(crate) sparse: bool,
    /// Whether Spark holds it row after row, which is part of the order of
    /// additions; else it is column after column.
    pub(crate) by_rows: bool,
}

impl SavedMatrix {
    /// Reads the matrix in the column `name` of a single row.
    pub(crate) fn read(row: &Record<'_>, name: &str) -> Result<Self, ModelError> {
        let field = row.record(name)?;
        let rows = size(&field, "numRows")?;
        let columns = size(&field, "numCols")?;
        if rows.saturating_mul(columns) > MAX_WIDTH {
            return Err(field.error(format!("{name} is larger than any model's")));
        }
        let transposed = field.array::<BooleanArray>("isTransposed")?.value(0);
        let values = field.list::<Float64Array>("values")?.doubles(0);
        let mut matrix = Self {
            rows,
            columns,
            values: vec![0.0; rows * columns],
            sparse: field.array::<Int8Array>("type")?.value(0) == 0,
            by_rows: transposed,
        };
        // Spark's order is column after column, or, transposed, row after row.
        let (outer, inner) = if transposed {
            (rows, columns)
        } else {
            (columns, rows)
        };
        let mut set = |outer: usize, inner: usize, value: f64| {
            let (row, column) = if transposed {
                (outer, inner)
            } else {
                (inner, outer)
            };
            matrix.values[row * columns + column] = value;
        };
        if !matrix.sparse {
            if values.len() != rows * columns {
                return Err(field.error(format!("{name} has {} values", values.len())));
            }
            for (at, value) in values.iter().enumerate() {
                set(at / inner.max(1), at % inner.max(1), *value);
            }
            return Ok(matrix);
        }
        let broken = || field.error(format!("{name} is not a sparse matrix"));
        let pointers = field.list::<Int32Array>("colPtrs")?.integers(0);
        let indices = field.list::<Int32Array>("rowIndices")?.integers(0);
        if pointers.len() != outer + 1 || indices.len() != values.len() {
            return Err(broken());
        }
        for (at, bounds) in pointers.windows(2).enumerate() {
            let start = usize::try_from(bounds[0]).map_err(|_| broken())?;
            let end = usize::try_from(bounds[1]).map_err(|_| broken())?;
            let indices = indices.get(start..end).ok_or_else(broken)?;
            for (index, value) in indices.iter().zip(&values[start..end]) {
                let index = usize::try_from(*index).ok().filter(|index| *index < inner);
                set(at, index.ok_or_else(broken)?, *value);
            }
        }
        Ok(matrix)
    }

    /// The matrix with rows for columns; what is in memory stays in its order.
    pub(crate) fn transpose(&self) -> Self {
        let value = |at| self.values[at % self.rows * self.columns + at / self.rows];
        Self {
            rows: self.columns,
            columns: self.rows,
            values: (0..self.values.len()).map(value).collect(),
            sparse: self.sparse,
            by_rows: !self.by_rows,
        }
    }

    /// The values of a row.
    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }
}

fn size(field: &Record<'_>, name: &str) -> Result<usize, ModelError> {
    usize::try_from(field.array::<Int32Array>(name)?.value(0))
        .ok()
        .filter(|size| *size <= MAX_WIDTH)
        .ok_or_else(|| field.error(format!("{name} is out of range")))
}
