//! The columns of a result file.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// The Arrow schema of result files, in the order of the columns.
///
/// The first columns are the result, the next its headers, the last where both
/// messages stood. Nullable is what a result, its headers or its broker may
/// leave out: a message of another producer has no headers, and a topic without
/// timestamps gives no `kafka_timestamp`.
pub fn arrow_schema() -> SchemaRef {
    let probability = DataType::List(Arc::new(Field::new(ELEMENT, DataType::Float64, true)));
    let time = || DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("transaction_id", DataType::Int64, false),
        Field::new("ts", time(), false),
        Field::new("tx_fraud", DataType::Int32, true),
        Field::new("probability", probability, true),
        Field::new("fraud_probability", DataType::Float64, true),
        Field::new("prediction", DataType::Float64, false),
        Field::new("model_name", DataType::Utf8, true),
        Field::new("model_version", DataType::Utf8, true),
        Field::new("kafka_partition", DataType::Int32, false),
        Field::new("kafka_offset", DataType::Int64, false),
        Field::new("kafka_timestamp", time(), true),
        Field::new("source_partition", DataType::Int32, true),
        Field::new("source_offset", DataType::Int64, true),
        Field::new("source_timestamp", time(), true),
    ]))
}

/// The name of a list's items. Arrow would call them `item`. The Parquet format
/// calls them `element`
/// ([LogicalTypes.md, "Lists"](https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists)),
/// and so do Spark and pyarrow, which then read a type that equals the one of
/// the files that they write themselves.
const ELEMENT: &str = "element";
