//! Arrow columns to JSON, as Spark's `to_json` writes them in a UTC session.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

/// A column that can't be written to the topic `transactions`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// The file lacks the column.
    #[error("no column {column:?}; the file has {available}")]
    Missing {
        /// The name that was asked for.
        column: String,
        /// The names that are there, for the message.
        available: String,
    },
    /// The column's type has no place in the contract.
    #[error("column {column:?} is {actual}, expected {expected}")]
    WrongType {
        /// The column's name.
        column: String,
        /// The Arrow type in the file.
        actual: String,
        /// What would do.
        expected: String,
    },
}

/// Writes rows of Arrow batches as JSON lines of chosen columns.
#[derive(Debug)]
pub struct TransactionWriter {}

impl TransactionWriter {
    /// A writer of `columns`, in that order, from batches of `schema`.
    /// `transaction_id` must be among them and an integer, `ts` a timestamp.
    pub fn new(schema: &Schema, columns: &[String]) -> Result<Self, ColumnError> {
        let _ = (schema, columns);
        unimplemented!()
    }

    /// Appends row `row` of `batch` as one JSON object, without a newline, and
    /// returns its transaction id. Null fields are left out.
    pub fn write(&self, batch: &RecordBatch, row: usize, out: &mut Vec<u8>) -> Option<i64> {
        let _ = (batch, row, out);
        unimplemented!()
    }
}
