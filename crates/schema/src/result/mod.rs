//! Results: JSON out as Spark's `to_json` writes them, and in again.

mod parser;
mod plain;
mod probability;
mod source;
mod writer;

pub use parser::{parse, parse_into};
pub use source::Source;
pub use writer::write;

/// Header of a result: `<model name>@<version>`.
pub const MODEL_HEADER: &str = "model";
/// Header of a result: `<partition>:<offset>:<timestamp>` of its transaction.
pub const SOURCE_HEADER: &str = "source";
/// Header that is copied from the transaction to the result (W3C Trace Context).
pub const TRACEPARENT_HEADER: &str = "traceparent";

/// A scored transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredTransaction<'a> {
    /// The transaction's id.
    pub transaction_id: i64,
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// The label, where there is one.
    pub tx_fraud: Option<i32>,
    /// One probability a class, where the classifier has any.
    pub probability: Option<&'a [f64]>,
    /// The class.
    pub prediction: f64,
}

/// A result as read from the topic.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResultRecord {
    /// The transaction's id.
    pub transaction_id: i64,
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// The label, where there is one.
    pub tx_fraud: Option<i32>,
    /// One probability a class, where the classifier has any.
    pub probability: Option<Vec<f64>>,
    /// The class.
    pub prediction: f64,
}
