//! JSON to columns.

use super::fields::Fields;
use super::{TransactionBatch, TransactionSchema};
use crate::Rejection;
use crate::field;
use crate::json::Cursor;

/// Parses messages of the topic `transactions`.
///
/// A message with several faults is rejected for the first of these:
/// 1. it is not one JSON object (`invalid_json`), wherever that shows;
/// 2. the first field in the message's order that is wrong or occurs twice;
/// 3. `transaction_id` is missing (`missing_field`);
/// 4. `ts` is missing (`invalid_timestamp`).
///
/// JSON is taken strictly: no byte order mark, no half of a surrogate pair even
/// where it is escaped, at most 128 levels of nesting. Unknown fields must be
/// JSON too. Keys may be escaped.
///
/// One message takes one pass. Memory is allocated only for string features,
/// and for keys and values that are read and written with escapes.
#[derive(Debug)]
pub struct TransactionParser {
    fields: Fields,
}

impl TransactionParser {
    /// A parser for the fields of `schema`.
    pub fn new(schema: &TransactionSchema) -> Self {
        Self {
            fields: Fields::new(schema),
        }
    }

    /// Appends the transaction to `batch`, which is unchanged on a rejection.
    /// `None` is Kafka's null value.
    ///
    /// # Panics
    /// If the batch was made for a schema with fewer features.
    pub fn parse(
        &mut self,
        value: Option<&[u8]>,
        batch: &mut TransactionBatch,
    ) -> Result<(), Rejection> {
        let message = value.ok_or_else(field::tombstone)?;
        let row = batch.len();
        let outcome = self.append(message, batch, row);
        outcome.map_err(|rejection| {
            batch.truncate(row);
            field::unless_malformed(rejection, message)
        })
    }

    /// Appends a row, or a part of one before an error.
    fn append(
        &mut self,
        message: &[u8],
        batch: &mut TransactionBatch,
        row: usize,
    ) -> Result<(), Rejection> {
        let mut cursor = Cursor::new(message)?;
        let mut previous = self.fields.start();
        let mut next_key = cursor.first_key()?;
        while let Some(key) = next_key {
            let value = cursor.value()?;
            if let Some(found) = self.fields.find(previous, &key.text()) {
                self.fields.store(found, &value, batch, row)?;
                previous = found;
            }
            next_key = cursor.next_key()?;
        }
        cursor.finish()?;
        self.fields.complete(batch, row)
    }
}
