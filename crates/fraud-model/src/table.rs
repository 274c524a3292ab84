//! The columns of the rows that are being scored: those of the transactions
//! and, beside them, those that the stages compute.

use schema::transaction::{Column, FeatureColumn, TransactionBatch};
use schema::{Rejection, RejectionCode};

use crate::Outcome;
use crate::columns::{ColumnId, ColumnKind};
use crate::turn::{StageTurns, Turn};

/// A computed column; its memory is kept from block to block.
#[derive(Debug)]
pub(crate) enum ComputedColumn {
    Integer(Column<i32>),
    Double(Column<f64>),
    Vector(VectorColumn),
}

impl ComputedColumn {
    /// An empty column for values of `kind`.
    pub(crate) fn new(kind: &ColumnKind) -> Self {
        match kind {
            ColumnKind::Integer => Self::Integer(Column::default()),
            ColumnKind::Double => Self::Double(Column::default()),
            ColumnKind::String => unreachable!("no stage computes strings"),
            ColumnKind::Vector(slots) => Self::Vector(VectorColumn {
                width: slots.len(),
                ..VectorColumn::default()
            }),
        }
    }

    /// Values a row.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Vector(column) => column.width,
            Self::Integer(_) | Self::Double(_) => 1,
        }
    }

    /// Makes room for `rows` valid rows; what they hold means nothing yet.
    fn resize(&mut self, rows: usize) {
        match self {
            Self::Integer(column) => resize(column, rows),
            Self::Double(column) => resize(column, rows),
            Self::Vector(column) => {
                column.values.resize(rows * column.width, 0.0);
                column.sparse.clear();
                column.sparse.resize(rows, false);
                column.valid.clear();
                column.valid.resize(rows, true);
            }
        }
    }

    /// The column as doubles, where it was added as such.
    pub(crate) fn doubles(&mut self) -> &mut Column<f64> {
        match self {
            Self::Double(column) => column,
            _ => unreachable!("the column was added as doubles"),
        }
    }

    /// The column as vectors, where it was added as such.
    pub(crate) fn vectors(&mut self) -> &mut VectorColumn {
        match self {
            Self::Vector(column) => column,
            _ => unreachable!("the column was added as vectors"),
        }
    }
}

fn resize<T: Clone + Default>(column: &mut Column<T>, rows: usize) {
    column.values.resize(rows, T::default());
    column.valid.clear();
    column.valid.resize(rows, true);
}

/// Vectors of one width, with all their zeros.
///
/// Whether Spark would hold a vector sparse is kept beside it, because the
/// order of additions hangs on it. A sparse vector's entries are taken to be
/// its values other than zero: Spark sometimes keeps a zero as an entry, but
/// adding or multiplying it changes no number.
#[derive(Debug, Default)]
pub(crate) struct VectorColumn {
    /// Values a row.
    pub(crate) width: usize,
    /// Row after row.
    pub(crate) values: Vec<f64>,
    /// Whether Spark holds the row's vector sparse.
    pub(crate) sparse: Vec<bool>,
    /// `false` where the row's vector is null.
    pub(crate) valid: Vec<bool>,
}

impl VectorColumn {
    /// The vector of a row.
    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// The vector of a row, to write.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.width..(row + 1) * self.width]
    }

    /// Sets whether each vector is sparse as `Vector.compressed` does.
    pub(crate) fn compress(&mut self) {
        for (values, sparse) in self.values.chunks_exact(self.width).zip(&mut self.sparse) {
            let entries = values.iter().filter(|value| **value != 0.0).count();
            *sparse = 1.5 * (entries as f64 + 1.0) < self.width as f64;
        }
    }
}

/// The rows of a block as a stage reads them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs<'a> {
    batch: &'a TransactionBatch,
    start: usize,
    rows: usize,
    computed: &'a [ComputedColumn],
}

/// A column as a stage reads it: values and validity, one a row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values<'a> {
    Integer(&'a [i32], &'a [bool]),
    Double(&'a [f64], &'a [bool]),
    String(&'a [String], &'a [bool]),
    Vector(&'a VectorColumn),
}

impl<'a> Inputs<'a> {
    /// Rows in the block.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The values of a column.
    pub(crate) fn column(&self, id: ColumnId) -> Values<'a> {
        let range = self.start..self.start + self.rows;
        match id {
            ColumnId::Input(index) => match &self.batch.features[index] {
                FeatureColumn::Integer(column) => {
                    Values::Integer(&column.values[range.clone()], &column.valid[range])
                }
                FeatureColumn::Double(column) => {
                    Values::Double(&column.values[range.clone()], &column.valid[range])
                }
                FeatureColumn::String(column) => {
                    Values::String(&column.values[range.clone()], &column.valid[range])
                }
            },
            ColumnId::Computed(index) => match &self.computed[index] {
                ComputedColumn::Integer(column) => Values::Integer(&column.values, &column.valid),
                ComputedColumn::Double(column) => Values::Double(&column.values, &column.valid),
                ComputedColumn::Vector(column) => Values::Vector(column),
            },
        }
    }

    /// The vectors of a column that was resolved as one.
    pub(crate) fn vectors(&self, id: ColumnId) -> &'a VectorColumn {
        match self.column(id) {
            Values::Vector(column) => column,
            _ => unreachable!("the column was resolved as vectors"),
        }
    }
}

impl Values<'_> {
    /// The number in `row`, cast to a double; `None` where it is null.
    pub(crate) fn number(&self, row: usize) -> Option<f64> {
        match self {
            Self::Integer(values, valid) => valid[row].then(|| f64::from(values[row])),
            Self::Double(values, valid) => valid[row].then(|| values[row]),
            _ => unreachable!("the column was resolved as numbers"),
        }
    }
}

/// What became of the rows of a block. Where several things happen to a row, that
/// decides which Spark comes to first.
#[derive(Debug)]
pub(crate) struct Outcomes<'a> {
    rows: &'a mut [Outcome],
    /// When Spark came to what decided about each row.
    decided: &'a mut [Turn],
    turns: &'a StageTurns,
    /// When it computes what the stage is at.
    column: Turn,
}

impl Outcomes<'_> {
    /// The stage turns to another of the columns that it writes.
    pub(crate) fn turn_to_column(&mut self, index: usize) {
        self.column = self.turns.columns[index];
    }

    /// Refuses a row; `message` names the field, never a value.
    pub(crate) fn reject(&mut self, row: usize, message: impl FnOnce() -> String) {
        if self.column < self.decided[row] {
            self.decided[row] = self.column;
            let rejection = Rejection::new(RejectionCode::InvalidFeature, message());
            self.rows[row] = Outcome::Rejected(rejection);
        }
    }

    /// Leaves a row out.
    pub(crate) fn skip(&mut self, row: usize) {
        if self.turns.filter < self.decided[row] {
            self.decided[row] = self.turns.filter;
            self.rows[row] = Outcome::Skipped;
        }
    }

    /// Refuses the rows whose vector is null, as stages do that compute with it.
    pub(crate) fn reject_null_vectors(&mut self, vectors: &VectorColumn, name: &str) {
        for (row, valid) in vectors.valid.iter().enumerate() {
            if !valid {
                self.reject(row, || format!("{name} is null"));
            }
        }
    }
}

/// Some rows of a batch with room for what is computed of them.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    /// The transactions.
    pub(crate) batch: &'a TransactionBatch,
    /// The first row of the block in the batch.
    pub(crate) start: usize,
    /// One a row of the block.
    pub(crate) outcomes: &'a mut [Outcome],
    /// When each of them was decided.
    pub(crate) decided: &'a mut [Turn],
    /// In the order of [`ColumnId::Computed`].
    pub(crate) computed: &'a mut [ComputedColumn],
}

impl Block<'_> {
    /// What a stage reads, what it decides, and the columns that it writes,
    /// which follow those it may read.
    pub(crate) fn split<'b>(
        &'b mut self,
        outputs: std::ops::Range<usize>,
        turns: &'b StageTurns,
    ) -> (Inputs<'b>, Outcomes<'b>, &'b mut [ComputedColumn]) {
        let rows = self.outcomes.len();
        let (computed, rest) = self.computed.split_at_mut(outputs.start);
        let written = &mut rest[..outputs.len()];
        for column in &mut *written {
            column.resize(rows);
        }
        let inputs = Inputs {
            batch: self.batch,
            start: self.start,
            rows,
            computed,
        };
        let outcomes = Outcomes {
            rows: self.outcomes,
            decided: self.decided,
            turns,
            column: turns.first_column(),
        };
        (inputs, outcomes, written)
    }
}
