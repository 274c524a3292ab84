//! JSON to columns.

use super::fields::{FieldIndex, Fields};
use super::order::{Order, Place};
use super::{TransactionBatch, TransactionSchema};
use crate::Rejection;
use crate::field;
use crate::json::{Cursor, Malformed};

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
/// One message takes one pass, in which keys are compared with the last message's, and
/// only understood where they differ. Memory is allocated only for string features,
/// and for keys and values that are read and written with escapes.
#[derive(Debug)]
pub struct TransactionParser {
    fields: Fields,
    order: Order,
}

impl TransactionParser {
    /// A parser for the fields of `schema`.
    pub fn new(schema: &TransactionSchema) -> Self {
        let fields = Fields::new(schema);
        Self {
            order: Order::new(fields.count()),
            fields,
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
        let mut place = self.order.start();
        while let Some(field) = self.next_field(&mut place, &mut cursor)? {
            self.fields.read(field, &mut cursor, batch, row)?;
            place = self.order.behind(field);
        }
        cursor.finish()?;
        self.fields.complete(batch, row)
    }

    /// Goes on from `place` to the value of the next known field; `None` behind the last.
    #[inline(always)]
    fn next_field(
        &mut self,
        place: &mut Place,
        cursor: &mut Cursor<'_>,
    ) -> Result<Option<FieldIndex>, Malformed> {
        match self.order.follow(*place, cursor) {
            Some(field) => Ok(Some(field)),
            None => self.find_next_field(place, cursor),
        }
    }

    fn find_next_field(
        &mut self,
        place: &mut Place,
        cursor: &mut Cursor<'_>,
    ) -> Result<Option<FieldIndex>, Malformed> {
        loop {
            let mark = cursor.mark();
            let key = if *place == self.order.start() {
                cursor.first_key()?
            } else {
                cursor.next_key()?
            };
            let Some(key) = key else { return Ok(None) };
            if let Some(field) = self.fields.find(&key.text()) {
                cursor.peek_token();
                self.order.learn(*place, cursor.since(mark), field);
                return Ok(Some(field));
            }
            cursor.skip_value()?;
            *place = self.order.behind_unknown(*place);
        }
    }
}
