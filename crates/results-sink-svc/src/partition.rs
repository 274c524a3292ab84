//! The work on one assigned partition.

use std::collections::VecDeque;
use std::time::Instant;

use anyhow::{Result, bail};
use schema::RejectionCode;

use crate::chain::{ChainEnd, CommitNote, Resume};
use crate::file_format::FileFormat;
use crate::file_name::{FileDate, FileName};
use crate::file_summary::FirstRow;
use crate::range::{OpenRange, SealedRange};
use crate::result_file::{EncodedFile, ResultFile};
use crate::roll::{RollPolicy, RollReason};
use crate::row::Row;

/// What all files of this process share.
#[derive(Debug, Clone)]
pub(crate) struct FileOptions {
    pub(crate) format: FileFormat,
    pub(crate) topic: String,
    pub(crate) cluster_id: String,
}

/// An assigned partition: the ranges that aren't committed yet, oldest first,
/// and the end of its chain of files.
pub(crate) struct PartitionWork {
    partition: i32,
    end: Option<ChainEnd>,
    /// Where unreadable records after the last file were closed without one: the
    /// offset of their first, which names the next file.
    next_first_offset: Option<i64>,
    open: Option<OpenRange>,
    pub(crate) sealed: VecDeque<SealedRange>,
}

impl PartitionWork {
    pub(crate) fn new(partition: i32, end: Option<ChainEnd>, resume: &Resume) -> Self {
        Self {
            partition,
            end,
            next_first_offset: resume.next_first_offset,
            open: None,
            sealed: VecDeque::new(),
        }
    }

    /// Counts a record that can't be read.
    pub(crate) fn add_unreadable(&mut self, offset: i64, code: RejectionCode) -> Result<()> {
        let range = self.range_at(offset)?;
        range.records.unreadable.push((offset, code));
        Ok(())
    }

    /// Counts a record that only the console shows.
    pub(crate) fn add_printed(&mut self, row: &Row<'_>) -> Result<()> {
        self.range_at(row.kafka_offset)?.records.rows += 1;
        Ok(())
    }

    /// Adds a row to the open file; a later date than the file's closes that first.
    pub(crate) fn add_row(
        &mut self,
        row: &Row<'_>,
        date: FileDate,
        options: &FileOptions,
    ) -> Result<()> {
        if self.open_date().is_some_and(|open| date > open) {
            self.seal(RollReason::Date)?;
        }
        let range = self.range_at(row.kafka_offset)?;
        let file = match &mut range.file {
            Some(file) => file,
            none => none.insert(open_file(range.records.first_offset, row, date, options)?),
        };
        file.append(row)?;
        range.records.rows += 1;
        if let Some(timestamp) = row.kafka_timestamp {
            range.records.arrivals.add(timestamp);
        }
        Ok(())
    }

    /// Why the open range takes no more, if so.
    pub(crate) fn full(&self, policy: &RollPolicy) -> Option<RollReason> {
        let range = self.open.as_ref()?;
        let bytes = match &range.file {
            Some(file) if self.has_grown() => file.encoded_bytes(),
            _ => 0,
        };
        let records = &range.records;
        policy.full(records.rows, records.unreadable.len() as u64, bytes)
    }

    /// Whether the last row made the open file longer: rows are encoded in batches.
    pub(crate) fn has_grown(&self) -> bool {
        let file = self.open.as_ref().and_then(|range| range.file.as_ref());
        file.is_some_and(ResultFile::is_batch_complete)
    }

    /// When the open range will be too old.
    pub(crate) fn deadline(&self, policy: &RollPolicy) -> Option<Instant> {
        self.open.as_ref()?.since.checked_add(policy.max_age)
    }

    /// Closes the open range, if there is one.
    pub(crate) fn seal(&mut self, why: RollReason) -> Result<()> {
        if let Some(range) = self.open.take() {
            let range = range.seal(why)?;
            if range.file.is_none() {
                self.next_first_offset = Some(range.records.first_offset);
            }
            self.sealed.push_back(range);
        }
        Ok(())
    }

    /// What to write beside the offset that commits `range`, once its file is
    /// durable with everything to `last_offset`.
    pub(crate) fn settle(&mut self, range: &SealedRange, last_offset: i64) -> CommitNote {
        if let Some(file) = &range.file {
            self.end = Some(ChainEnd {
                file: file.name.clone(),
                last_offset,
            });
        }
        let first_offset = range.records.first_offset;
        CommitNote {
            last_file: self.end.as_ref().map(|end| end.file.clone()),
            next_first_offset: range.file.is_none().then_some(first_offset),
        }
    }

    /// Drops the records that were read and not committed: reading goes on right
    /// after the last file.
    pub(crate) fn forget(&mut self) {
        self.next_first_offset = None;
        self.open = None;
        self.sealed.clear();
    }

    /// Rows that were read and not committed.
    pub(crate) fn rows(&self) -> u64 {
        let sealed: u64 = self.sealed.iter().map(|range| range.records.rows).sum();
        sealed + self.open.as_ref().map_or(0, |range| range.records.rows)
    }

    /// Bytes that the open range takes.
    pub(crate) fn open_memory(&self) -> u64 {
        self.open.as_ref().map_or(0, OpenRange::memory)
    }

    /// Bytes that all ranges take.
    pub(crate) fn memory(&self) -> u64 {
        let files = self.sealed.iter().filter_map(|range| range.file.as_ref());
        self.open_memory() + files.map(EncodedFile::bytes).sum::<u64>()
    }

    fn open_date(&self) -> Option<FileDate> {
        let file = self.open.as_ref()?.file.as_ref()?;
        Some(file.name().date)
    }

    /// The last offset of the files that aren't published yet.
    fn last_unpublished(&self) -> Option<i64> {
        let open = self.open.as_ref().filter(|range| range.file.is_some());
        let sealed = self.sealed.iter().filter(|range| range.file.is_some());
        let last_sealed = sealed.map(|range| range.records.last_offset).next_back();
        open.map(|range| range.records.last_offset).or(last_sealed)
    }

    /// The open range, which now ends with `offset`.
    fn range_at(&mut self, offset: i64) -> Result<&mut OpenRange> {
        if let Some(end) = &self.end
            && offset <= end.last_offset
        {
            bail!(
                "record {offset} of partition {} is already in {}, which ends at {}: \
                 was the topic made anew? choose another folder in sink.parquet",
                self.partition,
                end.file,
                end.last_offset
            );
        }
        if let Some(last_offset) = self.last_unpublished()
            && offset <= last_offset
        {
            bail!(
                "record {offset} of partition {} comes after record {last_offset}: was the topic \
                 made anew? choose another folder in sink.parquet",
                self.partition
            );
        }
        let first_offset = &mut self.next_first_offset;
        let range = self
            .open
            .get_or_insert_with(|| OpenRange::begin(first_offset.take().unwrap_or(offset)));
        range.records.last_offset = offset;
        Ok(range)
    }
}

fn open_file(
    first_offset: i64,
    row: &Row<'_>,
    date: FileDate,
    options: &FileOptions,
) -> Result<ResultFile> {
    let name = FileName {
        date,
        topic: options.topic.clone(),
        partition: row.kafka_partition,
        first_offset,
    };
    let first_row = FirstRow {
        transaction_id: row.record.transaction_id,
        kafka_timestamp: row.kafka_timestamp,
    };
    ResultFile::open(&options.format, &options.cluster_id, name, first_row)
}

#[cfg(test)]
mod tests;
