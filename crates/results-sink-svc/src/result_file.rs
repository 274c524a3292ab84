//! A result file that is being made in memory.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::chunks::Chunks;
use crate::columns::Columns;
use crate::file_name::FileName;
use crate::file_summary::{FileSummary, FirstRow};
use crate::row::Row;

/// Rows are encoded in batches: few enough to count little in memory.
const BATCH_ROWS: usize = 1024;
/// Or fewer, where rows are long: a probability may have any number of classes.
const BATCH_BYTES: usize = 256 * 1024;
/// Readers take row groups in parallel; the one in progress isn't encoded in full.
const ROW_GROUP_ROWS: usize = 128 * 1024;
/// A row group's end copies it into the file, column by column, so that long rows
/// would take their memory twice. Rows of two classes don't come near it.
const ROW_GROUP_BYTES: usize = 16 << 20;
/// Counters and times: what a value differs from the one before is a few bits.
const DELTA_COLUMNS: [&str; 6] = [
    "transaction_id",
    "ts",
    "kafka_offset",
    "kafka_timestamp",
    "source_offset",
    "source_timestamp",
];
/// Trees have few different answers.
const DICTIONARY_COLUMNS: [&str; 4] = [
    PROBABILITIES,
    "fraud_probability",
    "model_name",
    "model_version",
];
/// The doubles of the lists.
const PROBABILITIES: &str = "probability.list.element";
/// Where answers are many, a dictionary would cost more than it saves; it is given up here.
const DICTIONARY_BYTES: usize = 64 * 1024;
/// The least and the greatest tell nothing of a list, and of a model no more than its dictionary.
const COLUMNS_WITHOUT_STATISTICS: [&str; 3] = [PROBABILITIES, "model_name", "model_version"];

/// How files are written; one for all of them.
#[derive(Debug, Clone)]
pub(crate) struct FileFormat {
    schema: SchemaRef,
    pub(crate) properties: WriterProperties,
}

impl FileFormat {
    pub(crate) fn new() -> Self {
        let level = ZstdLevel::try_new(1).expect("zstd has a level 1");
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_dictionary_enabled(false)
            .set_dictionary_page_size_limit(DICTIONARY_BYTES)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            .set_created_by(format!(
                "fraud-stream results-sink-svc version {}",
                env!("CARGO_PKG_VERSION")
            ));
        let path = |names: &str| ColumnPath::new(names.split('.').map(str::to_owned).collect());
        for column in DELTA_COLUMNS {
            properties = properties
                .set_column_encoding(path(column), Encoding::DELTA_BINARY_PACKED)
                .set_column_compression(path(column), Compression::UNCOMPRESSED);
        }
        for column in DICTIONARY_COLUMNS {
            properties = properties.set_column_dictionary_enabled(path(column), true);
        }
        for column in COLUMNS_WITHOUT_STATISTICS {
            let none = EnabledStatistics::None;
            properties = properties.set_column_statistics_enabled(path(column), none);
        }
        Self {
            schema: schema::result_file::arrow_schema(),
            properties: properties.build(),
        }
    }
}

/// An open file with its rows so far.
pub(crate) struct ResultFile {
    name: FileName,
    /// Of the rows so far.
    summary: FileSummary,
    columns: Columns,
    writer: ArrowWriter<Chunks>,
}

/// A file that is complete but not published.
#[derive(Debug, Clone)]
pub(crate) struct EncodedFile {
    pub(crate) name: FileName,
    pub(crate) summary: FileSummary,
    /// The content, in order.
    pub(crate) parts: Vec<Bytes>,
}

impl EncodedFile {
    /// The length of the content.
    pub(crate) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.len() as u64).sum()
    }
}

impl ResultFile {
    /// An empty file whose first row will be `first_row`.
    pub(crate) fn open(
        format: &FileFormat,
        cluster_id: &str,
        name: FileName,
        first_row: FirstRow,
    ) -> Result<Self> {
        let writer = ArrowWriter::try_new(
            Chunks::default(),
            Arc::clone(&format.schema),
            Some(format.properties.clone()),
        )
        .context("cannot begin a result file")?;
        let summary = FileSummary {
            cluster_id: cluster_id.to_owned(),
            topic: name.topic.clone(),
            partition: name.partition,
            first_offset: name.first_offset,
            last_offset: name.first_offset,
            rows: 0,
            first_row,
        };
        Ok(Self {
            name,
            summary,
            columns: Columns::new(&format.schema, BATCH_ROWS),
            writer,
        })
    }

    pub(crate) fn name(&self) -> &FileName {
        &self.name
    }

    pub(crate) fn append(&mut self, row: &Row<'_>) -> Result<()> {
        self.columns.append(row);
        self.summary.rows += 1;
        if self.columns.rows() == BATCH_ROWS || self.columns.bytes() >= BATCH_BYTES {
            self.encode()?;
        }
        Ok(())
    }

    /// Whether the sizes have changed since the last row.
    pub(crate) fn is_batch_complete(&self) -> bool {
        self.columns.rows() == 0
    }

    /// About how long the file is.
    pub(crate) fn encoded_bytes(&self) -> u64 {
        (self.writer.bytes_written() + self.writer.in_progress_size()) as u64
    }

    /// Bytes that the open file takes.
    pub(crate) fn memory(&self) -> u64 {
        (BATCH_BYTES + self.writer.memory_size() + self.writer.inner().memory()) as u64
    }

    /// Completes the file, which stands for all records to `last_offset`.
    pub(crate) fn finish(mut self, last_offset: i64) -> Result<EncodedFile> {
        self.encode()?;
        self.summary.last_offset = last_offset;
        for pair in self.summary.to_key_values() {
            self.writer.append_key_value_metadata(pair);
        }
        let chunks = self
            .writer
            .into_inner()
            .context("cannot complete a result file")?;
        Ok(EncodedFile {
            name: self.name,
            summary: self.summary,
            parts: chunks.into_parts(),
        })
    }

    fn encode(&mut self) -> Result<()> {
        let batch = self.columns.take()?;
        self.writer
            .write(&batch)
            .context("cannot encode rows of a result file")
    }
}

#[cfg(test)]
mod tests;
