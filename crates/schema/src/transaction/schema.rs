//! Which fields of a transaction are read, and as what.

use std::fmt;

/// The type of a feature on the wire and in the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeatureType {
    /// Signed 32 bits.
    Integer,
    /// IEEE 754, 64 bits.
    Double,
    /// UTF-8 text.
    String,
}

impl fmt::Display for FeatureType {
    /// Spark's name of the type: `integer`, `double`, `string`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "integer",
            Self::Double => "double",
            Self::String => "string",
        })
    }
}

/// A feature that the pipeline reads from a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// The field's name, case-sensitive.
    pub name: String,
    /// What the field must hold.
    pub feature_type: FeatureType,
}

impl Feature {
    /// A feature that is read from the field `name`.
    pub fn new(name: impl Into<String>, feature_type: FeatureType) -> Self {
        Self {
            name: name.into(),
            feature_type,
        }
    }
}

/// The fields that are read from a transaction besides `transaction_id`, `ts`
/// and `tx_fraud`. A feature may bear the name of one of these three: the
/// field then serves both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionSchema {
    /// In the order of a batch's columns; names are distinct.
    pub features: Vec<Feature>,
    /// `tx_fraud` must be below this.
    pub classes: u32,
}
