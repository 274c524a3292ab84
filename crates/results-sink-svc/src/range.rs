//! A run of consecutive records of one partition: the rows of one file, with
//! the records between them that can't be read.

use std::time::Instant;

use anyhow::Result;
use schema::RejectionCode;

use crate::arrivals::Arrivals;
use crate::result_file::{EncodedFile, ResultFile};
use crate::roll::RollReason;

/// What a range holds.
#[derive(Debug)]
pub(crate) struct Records {
    /// Names the file: of the first record after the file before it.
    pub(crate) first_offset: i64,
    pub(crate) last_offset: i64,
    pub(crate) rows: u64,
    /// In the order of their offsets.
    pub(crate) unreadable: Vec<(i64, RejectionCode)>,
    pub(crate) arrivals: Arrivals,
}

/// A range that takes further records.
pub(crate) struct OpenRange {
    pub(crate) records: Records,
    pub(crate) since: Instant,
    /// Open from the first row on, where files are written at all.
    pub(crate) file: Option<ResultFile>,
}

/// A range that is complete and waits to be published and committed.
#[derive(Debug)]
pub(crate) struct SealedRange {
    pub(crate) records: Records,
    /// `None` where there are no rows, or only the console shows them.
    pub(crate) file: Option<EncodedFile>,
    pub(crate) why: RollReason,
}

impl OpenRange {
    pub(crate) fn begin(first_offset: i64) -> Self {
        Self {
            records: Records {
                first_offset,
                last_offset: first_offset,
                rows: 0,
                unreadable: Vec::new(),
                arrivals: Arrivals::default(),
            },
            since: Instant::now(),
            file: None,
        }
    }

    /// Completes the range and its file.
    pub(crate) fn seal(self, why: RollReason) -> Result<SealedRange> {
        let last_offset = self.records.last_offset;
        let file = self.file.map(|file| file.finish(last_offset)).transpose()?;
        Ok(SealedRange {
            records: self.records,
            file,
            why,
        })
    }

    /// Bytes that the range takes.
    pub(crate) fn memory(&self) -> u64 {
        let unreadable = self.records.unreadable.capacity() * size_of::<(i64, RejectionCode)>();
        unreadable as u64 + self.file.as_ref().map_or(0, ResultFile::memory)
    }
}
