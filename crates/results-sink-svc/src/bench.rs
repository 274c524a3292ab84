//! What the benchmarks measure.

use anyhow::Result;
use bytes::Bytes;
use parquet::file::properties::WriterProperties;
use schema::result::ResultRecord;

use crate::file_format::FileFormat;
use crate::file_name::{FileDate, FileName};
use crate::file_summary::FirstRow;
use crate::result_file::ResultFile;
use crate::row::{Origin, Row};

/// A message of the topic `results`.
#[derive(Debug)]
pub struct ResultMessage<'a> {
    /// The result.
    pub value: &'a [u8],
    /// The header `model`.
    pub model: &'a [u8],
    /// The header `source`.
    pub source: Vec<u8>,
}

/// The way from messages to a result file in memory, alone. Public for the benchmarks.
#[derive(Debug)]
pub struct FileBench {
    format: FileFormat,
}

impl Default for FileBench {
    fn default() -> Self {
        Self {
            format: FileFormat::new(),
        }
    }
}

impl FileBench {
    /// How files are written.
    pub fn properties(&self) -> &WriterProperties {
        &self.format.properties
    }

    /// Writes all messages to one file; returns its parts.
    pub fn write(&self, messages: &[ResultMessage<'_>]) -> Result<Vec<Bytes>> {
        let name = FileName {
            date: FileDate::UNKNOWN,
            topic: "results".to_owned(),
            partition: 0,
            first_offset: 0,
        };
        let first_row = FirstRow {
            transaction_id: 0,
            kafka_timestamp: None,
        };
        let mut file = ResultFile::open(&self.format, "", name, first_row)?;
        let mut record = ResultRecord::default();
        for (offset, message) in (0..).zip(messages) {
            schema::result::parse_into(Some(message.value), &mut record)?;
            file.append(&Row {
                record: &record,
                fraud_probability: record
                    .probability
                    .as_deref()
                    .and_then(|probability| fraud_model::fraud_probability(probability, 1)),
                kafka_partition: 0,
                kafka_offset: offset,
                kafka_timestamp: Some(offset),
                origin: Origin::of_headers(Some(message.model), Some(&message.source)),
            })?;
        }
        Ok(file.finish(0)?.parts)
    }
}
