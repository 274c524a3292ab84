//! JSON to columns.

use super::{TransactionBatch, TransactionSchema};
use crate::Rejection;

/// Parses messages of the topic `transactions`.
#[derive(Debug)]
pub struct TransactionParser {
    #[expect(dead_code)]
    schema: TransactionSchema,
}

impl TransactionParser {
    /// A parser for the fields of `schema`.
    pub fn new(schema: TransactionSchema) -> Self {
        Self { schema }
    }

    /// Appends the transaction to `batch`, which is unchanged on a rejection.
    /// `None` is Kafka's null value.
    pub fn parse(
        &mut self,
        value: Option<&[u8]>,
        batch: &mut TransactionBatch,
    ) -> Result<(), Rejection> {
        let _ = (value, batch);
        unimplemented!()
    }
}
