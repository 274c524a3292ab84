//! Rows in memory, column by column.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use arrow::array::{
    ArrayRef, Float64Builder, Int32Builder, Int64Builder, ListBuilder, RecordBatch,
    TimestampMillisecondBuilder,
};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};

use crate::models::Models;
use crate::row::Row;

/// What a row takes beside its probability and its model's name.
const ROW_BYTES: usize = 100;

/// Rows that aren't encoded yet, in the columns of [`schema::result_file`].
#[derive(Debug)]
pub(crate) struct Columns {
    /// With models as a dictionary, which the writer of a file takes for texts.
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
    models: Models,
    kafka_partition: Int32Builder,
    kafka_offset: Int64Builder,
    kafka_timestamp: TimestampMillisecondBuilder,
    source_partition: Int32Builder,
    source_offset: Int64Builder,
    source_timestamp: TimestampMillisecondBuilder,
}

impl Columns {
    /// None yet, with room for so many.
    pub(crate) fn new(file_schema: &Schema, rows: usize) -> Self {
        let fields = file_schema
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                "model_name" | "model_version" => {
                    Arc::new(field.as_ref().clone().with_data_type(Models::data_type()))
                }
                _ => Arc::clone(field),
            });
        Self::with_capacity(Arc::new(Schema::new(fields.collect::<Fields>())), rows)
    }

    fn with_capacity(schema: SchemaRef, rows: usize) -> Self {
        let timestamps = |name| {
            TimestampMillisecondBuilder::with_capacity(rows).with_data_type(type_of(&schema, name))
        };
        let doubles = || Float64Builder::with_capacity(rows);
        Self {
            rows: 0,
            bytes: 0,
            transaction_id: Int64Builder::with_capacity(rows),
            ts: timestamps("ts"),
            tx_fraud: Int32Builder::with_capacity(rows),
            probability: ListBuilder::with_capacity(Float64Builder::with_capacity(2 * rows), rows)
                .with_field(item_of(&schema, "probability")),
            fraud_probability: doubles(),
            prediction: doubles(),
            models: Models::with_capacity(rows),
            kafka_partition: Int32Builder::with_capacity(rows),
            kafka_offset: Int64Builder::with_capacity(rows),
            kafka_timestamp: timestamps("kafka_timestamp"),
            source_partition: Int32Builder::with_capacity(rows),
            source_offset: Int64Builder::with_capacity(rows),
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
        self.models.append(row.origin.model);
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
        // A model's name counts in each row, as it may be written so.
        self.bytes += ROW_BYTES
            + record.probability.as_deref().map_or(0, size_of_val)
            + row.origin.model.map_or(0, size_of_val);
    }

    /// The rows so far; none are left.
    pub(crate) fn take(&mut self) -> Result<RecordBatch> {
        let empty = Self::with_capacity(Arc::clone(&self.schema), self.rows);
        std::mem::replace(self, empty).finish()
    }

    fn finish(mut self) -> Result<RecordBatch> {
        let [model_name, model_version] = self.models.finish()?;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.transaction_id.finish()),
            Arc::new(self.ts.finish()),
            Arc::new(self.tx_fraud.finish()),
            Arc::new(self.probability.finish()),
            Arc::new(self.fraud_probability.finish()),
            Arc::new(self.prediction.finish()),
            model_name,
            model_version,
            Arc::new(self.kafka_partition.finish()),
            Arc::new(self.kafka_offset.finish()),
            Arc::new(self.kafka_timestamp.finish()),
            Arc::new(self.source_partition.finish()),
            Arc::new(self.source_offset.finish()),
            Arc::new(self.source_timestamp.finish()),
        ];
        RecordBatch::try_new(self.schema, columns)
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
