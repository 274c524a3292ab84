//! The columns of a result file.

use arrow::datatypes::SchemaRef;

/// The Arrow schema of result files, in the order of the columns.
pub fn arrow_schema() -> SchemaRef {
    unimplemented!()
}
