//! Rows in memory, column by column.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use arrow::array::{
    ArrayRef, Float64Builder, Int32Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
    TimestampMillisecondBuilder,
};
use arrow::datatypes::{DataType, Field, SchemaRef};

use crate::row::Row;

/// What a row takes beside its probability and its model's name.
const ROW_BYTES: usize = 100;

/// Rows that aren't encoded yet, in the columns of [`schema::result_file`].
#[derive(Debug)]
pub(crate) struct Columns {
    schema: SchemaRef,
    rows: usize,
    /// About what the rows take.
    bytes: usize,
    transaction_id: Int64Builder,
    ts: TimestampMillisecondBuilder,
    tx_fraud: Int32Builder,
    probability: ListBuilder<Float64Builder>,
    fraud_probability: Float64Builder,
    prediction: Float64Builder,
    model_name: StringBuilder,
    model_version: StringBuilder,
    kafka_partition: Int32Builder,
    kafka_offset: Int64Builder,
    kafka_timestamp: TimestampMillisecondBuilder,
    source_partition: Int32Builder,
    source_offset: Int64Builder,
    source_timestamp: TimestampMillisecondBuilder,
}

impl Columns {
    pub(crate) fn new(schema: SchemaRef) -> Self {
        let timestamps =
            |name| TimestampMillisecondBuilder::new().with_data_type(type_of(&schema, name));
        Self {
            rows: 0,
            bytes: 0,
            transaction_id: Int64Builder::new(),
            ts: timestamps("ts"),
            tx_fraud: Int32Builder::new(),
            probability: ListBuilder::new(Float64Builder::new())
                .with_field(item_of(&schema, "probability")),
            fraud_probability: Float64Builder::new(),
            prediction: Float64Builder::new(),
            model_name: StringBuilder::new(),
            model_version: StringBuilder::new(),
            kafka_partition: Int32Builder::new(),
            kafka_offset: Int64Builder::new(),
            kafka_timestamp: timestamps("kafka_timestamp"),
            source_partition: Int32Builder::new(),
            source_offset: Int64Builder::new(),
            source_timestamp: timestamps("source_timestamp"),
            schema,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn append(&mut self, row: &Row<'_>) {
        let record = row.record;
        self.transaction_id.append_value(record.transaction_id);
        self.ts.append_value(record.timestamp);
        self.tx_fraud.append_option(record.tx_fraud);
        match &record.probability {
            Some(values) => {
                self.probability.values().append_slice(values);
                self.probability.append(true);
            }
            None => self.probability.append(false),
        }
        self.fraud_probability.append_option(row.fraud_probability);
        self.prediction.append_value(record.prediction);
        self.model_name.append_option(row.origin.model_name);
        self.model_version.append_option(row.origin.model_version);
        self.kafka_partition.append_value(row.kafka_partition);
        self.kafka_offset.append_value(row.kafka_offset);
        self.kafka_timestamp.append_option(row.kafka_timestamp);
        let source = row.origin.source;
        self.source_partition
            .append_option(source.map(|source| source.partition));
        self.source_offset
            .append_option(source.map(|source| source.offset));
        self.source_timestamp
            .append_option(source.and_then(|source| source.timestamp));
        self.rows += 1;
        self.bytes += ROW_BYTES
            + row
                .record
                .probability
                .as_ref()
                .map_or(0, |values| size_of_val(values.as_slice()))
            + row.origin.model_name.map_or(0, str::len)
            + row.origin.model_version.map_or(0, str::len);
    }

    /// The rows so far; none are left.
    pub(crate) fn take(&mut self) -> Result<RecordBatch> {
        self.rows = 0;
        self.bytes = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.transaction_id.finish()),
            Arc::new(self.ts.finish()),
            Arc::new(self.tx_fraud.finish()),
            Arc::new(self.probability.finish()),
            Arc::new(self.fraud_probability.finish()),
            Arc::new(self.prediction.finish()),
            Arc::new(self.model_name.finish()),
            Arc::new(self.model_version.finish()),
            Arc::new(self.kafka_partition.finish()),
            Arc::new(self.kafka_offset.finish()),
            Arc::new(self.kafka_timestamp.finish()),
            Arc::new(self.source_partition.finish()),
            Arc::new(self.source_offset.finish()),
            Arc::new(self.source_timestamp.finish()),
        ];
        RecordBatch::try_new(self.schema.clone(), columns)
            .context("cannot put rows into the columns of a result file")
    }
}

fn type_of(schema: &SchemaRef, column: &str) -> DataType {
    schema
        .field_with_name(column)
        .expect("the contract has this column")
        .data_type()
        .clone()
}

fn item_of(schema: &SchemaRef, column: &str) -> Arc<Field> {
    match type_of(schema, column) {
        DataType::List(item) => item,
        other => unreachable!("the contract has a list here, not {other}"),
    }
}
