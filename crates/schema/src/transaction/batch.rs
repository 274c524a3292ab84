//! A batch of transactions, column by column.

use super::TransactionSchema;

/// Values with their validity; a null holds the type's default value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column<T> {
    /// One value a row.
    pub values: Vec<T>,
    /// `false` where the row's value is null.
    pub valid: Vec<bool>,
}

/// One feature of every transaction in a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum FeatureColumn {
    /// Signed 32-bit integers.
    Integer(Column<i32>),
    /// Doubles.
    Double(Column<f64>),
    /// Strings.
    String(Column<String>),
}

/// Parsed transactions; reused from batch to batch, so that its memory is too.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionBatch {
    /// `transaction_id`s.
    pub ids: Vec<i64>,
    /// `ts`, milliseconds since the Unix epoch.
    pub timestamps: Vec<i64>,
    /// `tx_fraud`.
    pub labels: Vec<Option<i32>>,
    /// In the order of the schema's features.
    pub features: Vec<FeatureColumn>,
}

impl TransactionBatch {
    /// An empty batch with a column for each feature.
    pub fn new(schema: &TransactionSchema) -> Self {
        let _ = schema;
        unimplemented!()
    }

    /// Rows in the batch.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Removes all rows and keeps the memory.
    pub fn clear(&mut self) {
        unimplemented!()
    }
}
