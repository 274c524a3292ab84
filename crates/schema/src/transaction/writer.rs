//! Arrow columns to JSON, as Spark's `to_json` writes them in a UTC session.

use std::collections::HashSet;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::cell::{self, Kind};
use super::{Feature, FeatureType};
use crate::field::{LABEL, TIMESTAMP, TRANSACTION_ID};
use crate::json::write_string;

/// A column that can't be written to the topic `transactions`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// The file lacks columns.
    #[error("no column {columns}; the file has {available}")]
    Missing {
        /// All names that were asked for in vain, quoted, for the message.
        columns: String,
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
        expected: &'static str,
    },
    /// A column that every transaction needs was not asked for.
    #[error("the columns to send lack {0:?}, without which the scorer rejects a transaction")]
    NotSent(&'static str),
    /// A column was asked for twice.
    #[error("column {0:?} is to be sent twice, and the scorer rejects a field that occurs twice")]
    Repeated(String),
}

/// Writes rows of Arrow batches as JSON objects of chosen columns, so that
/// [`TransactionParser`](super::TransactionParser) reads them back.
#[derive(Debug)]
pub struct TransactionWriter {
    columns: Vec<OutputColumn>,
    /// Where `transaction_id` stands in a batch.
    id_position: usize,
}

#[derive(Debug)]
struct OutputColumn {
    /// Where the column stands in a batch.
    position: usize,
    /// The member's key with the colon: `"tx_amount":`.
    key: Vec<u8>,
}

impl TransactionWriter {
    /// A writer of `columns`, in that order, from batches of `schema`.
    ///
    /// `transaction_id` must be among them and of an integer type, `ts` a
    /// timestamp, `tx_fraud`, if it is there, of an integer type. A column that
    /// `features` names must hold what such a feature is read from: integers
    /// for an integer, any numbers for a double, text for a string. The others
    /// may be of any type that JSON has a scalar for. Width isn't checked here:
    /// an integer may be of 64 bits, and the scorer rejects what doesn't fit.
    pub fn new(
        schema: &Schema,
        columns: &[String],
        features: &[Feature],
    ) -> Result<Self, ColumnError> {
        for needed in [TRANSACTION_ID, TIMESTAMP] {
            if !columns.iter().any(|name| name == needed) {
                return Err(ColumnError::NotSent(needed));
            }
        }
        let mut sent = HashSet::new();
        if let Some(repeated) = columns.iter().find(|&name| !sent.insert(name)) {
            return Err(ColumnError::Repeated(repeated.clone()));
        }
        check_presence(schema, columns)?;
        let columns = columns
            .iter()
            .map(|name| OutputColumn::new(schema, name, features))
            .collect::<Result<_, _>>()?;
        let id_position = schema.index_of(TRANSACTION_ID).expect("was found above");
        Ok(Self {
            columns,
            id_position,
        })
    }

    /// Appends row `row` of `batch` as one JSON object, without a newline, and
    /// returns its transaction id: `None` where it is null or beyond 64 signed
    /// bits. Null fields are left out.
    ///
    /// # Panics
    /// If the batch hasn't the schema that the writer was made for.
    pub fn write(&self, batch: &RecordBatch, row: usize, out: &mut Vec<u8>) -> Option<i64> {
        out.push(b'{');
        let start = out.len();
        for OutputColumn { position, key } in &self.columns {
            let column = batch.column(*position);
            if cell::is_null(column, row) {
                continue;
            }
            if out.len() > start {
                out.push(b',');
            }
            out.extend_from_slice(key);
            cell::write(out, column, row);
        }
        out.push(b'}');

        let ids = batch.column(self.id_position);
        let id = (!cell::is_null(ids, row)).then(|| cell::integer(ids, row))?;
        i64::try_from(id).ok()
    }
}

fn check_presence(schema: &Schema, columns: &[String]) -> Result<(), ColumnError> {
    let missing = columns.iter().filter(|name| schema.index_of(name).is_err());
    let missing: Vec<String> = missing.map(|name| format!("{name:?}")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let available = schema.fields().iter().map(|field| field.name().as_str());
    Err(ColumnError::Missing {
        columns: missing.join(", "),
        available: available.collect::<Vec<_>>().join(", "),
    })
}

impl OutputColumn {
    fn new(schema: &Schema, name: &str, features: &[Feature]) -> Result<Self, ColumnError> {
        let (position, field) = schema.column_with_name(name).expect("presence is checked");
        let (fits, expected) = accepted(cell::kind(field.data_type()), name, features);
        if !fits {
            return Err(ColumnError::WrongType {
                column: name.to_owned(),
                actual: field.data_type().to_string(),
                expected,
            });
        }
        let mut key = Vec::new();
        write_string(&mut key, name);
        key.push(b':');
        Ok(Self { position, key })
    }
}

/// Whether the scorer takes a column of this kind, and what it takes.
fn accepted(kind: Option<Kind>, name: &str, features: &[Feature]) -> (bool, &'static str) {
    let feature = features.iter().find(|feature| feature.name == name);
    match (name, feature.map(|feature| feature.feature_type)) {
        (TRANSACTION_ID, _) => (kind == Some(Kind::Integer), "an integer"),
        (TIMESTAMP, _) => (kind == Some(Kind::Timestamp), "a timestamp"),
        (LABEL, _) | (_, Some(FeatureType::Integer)) => (
            matches!(kind, Some(Kind::Integer | Kind::Null)),
            "an integer",
        ),
        (_, Some(FeatureType::Double)) => (
            matches!(kind, Some(Kind::Integer | Kind::Real | Kind::Null)),
            "a number",
        ),
        (_, Some(FeatureType::String)) => (matches!(kind, Some(Kind::String | Kind::Null)), "text"),
        (_, None) => (
            kind.is_some(),
            "a number, a boolean, text, a timestamp or a date",
        ),
    }
}
