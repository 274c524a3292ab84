//! A result file that is being made in memory.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;

use crate::chunks::Chunks;
use crate::columns::Columns;
use crate::file_format::FileFormat;
use crate::file_name::FileName;
use crate::file_summary::{FileSummary, FirstRow};
use crate::row::Row;

/// Rows are encoded in batches: few enough to count little in memory.
const BATCH_ROWS: usize = 1024;
/// Or fewer, where rows are long: a probability may have any number of classes.
const BATCH_BYTES: usize = 256 * 1024;

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
