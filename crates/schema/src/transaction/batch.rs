//! A batch of transactions, column by column.

use super::{FeatureType, TransactionSchema};

/// Values with their validity; a null holds the type's default value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column<T> {
    /// One value a row.
    pub values: Vec<T>,
    /// `false` where the row's value is null.
    pub valid: Vec<bool>,
}

impl<T: Default> Column<T> {
    /// Appends a row; `None` is null.
    #[inline]
    pub fn push(&mut self, value: Option<T>) {
        self.valid.push(value.is_some());
        self.values.push(value.unwrap_or_default());
    }

    fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.valid.truncate(rows);
    }
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

impl FeatureColumn {
    /// An empty column.
    pub fn new(feature_type: FeatureType) -> Self {
        match feature_type {
            FeatureType::Integer => Self::Integer(Column::default()),
            FeatureType::Double => Self::Double(Column::default()),
            FeatureType::String => Self::String(Column::default()),
        }
    }

    /// Rows in the column.
    pub fn len(&self) -> usize {
        match self {
            Self::Integer(column) => column.valid.len(),
            Self::Double(column) => column.valid.len(),
            Self::String(column) => column.valid.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn push_null(&mut self) {
        match self {
            Self::Integer(column) => column.push(None),
            Self::Double(column) => column.push(None),
            Self::String(column) => column.push(None),
        }
    }

    fn truncate(&mut self, rows: usize) {
        match self {
            Self::Integer(column) => column.truncate(rows),
            Self::Double(column) => column.truncate(rows),
            Self::String(column) => column.truncate(rows),
        }
    }
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
        let features = schema.features.iter();
        Self {
            ids: Vec::new(),
            timestamps: Vec::new(),
            labels: Vec::new(),
            features: features
                .map(|feature| FeatureColumn::new(feature.feature_type))
                .collect(),
        }
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
        self.truncate(0);
    }

    /// Removes the rows behind the first `rows`, in every column.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.ids.truncate(rows);
        self.timestamps.truncate(rows);
        self.labels.truncate(rows);
        for feature in &mut self.features {
            feature.truncate(rows);
        }
    }
}
