//! A run of consecutive records of one partition: the rows of one file, with
//! the records between them that can't be read.

use std::time::Instant;

use anyhow::Result;
use schema::RejectionCode;

use crate::arrivals::Arrivals;
use crate::result_file::{EncodedFile, ResultFile};
use crate::roll::RollReason;

/// A range that takes further records.
pub(crate) struct OpenRange {
    /// Names the file: of the first record after the file before it.
    pub(crate) first_offset: i64,
    pub(crate) last_offset: i64,
    pub(crate) since: Instant,
    pub(crate) rows: u64,
    pub(crate) unreadable: Vec<(i64, RejectionCode)>,
    pub(crate) arrivals: Arrivals,
    /// Open from the first row on, where files are written at all.
    pub(crate) file: Option<ResultFile>,
}

/// A range that is complete and waits to be published and committed.
pub(crate) struct SealedRange {
    pub(crate) first_offset: i64,
    pub(crate) last_offset: i64,
    pub(crate) rows: u64,
    pub(crate) unreadable: Vec<(i64, RejectionCode)>,
    pub(crate) arrivals: Arrivals,
    /// `None` where there are no rows, or only the console shows them.
    pub(crate) file: Option<EncodedFile>,
    pub(crate) why: RollReason,
}

impl OpenRange {
    pub(crate) fn begin(first_offset: i64, since: Instant) -> Self {
        Self {
            first_offset,
            last_offset: first_offset,
            since,
            rows: 0,
            unreadable: Vec::new(),
            arrivals: Arrivals::default(),
            file: None,
        }
    }

    /// Completes the range and its file.
    pub(crate) fn seal(self, why: RollReason, cluster_id: &str) -> Result<SealedRange> {
        let file = self
            .file
            .map(|file| file.finish(cluster_id, self.last_offset))
            .transpose()?;
        Ok(SealedRange {
            first_offset: self.first_offset,
            last_offset: self.last_offset,
            rows: self.rows,
            unreadable: self.unreadable,
            arrivals: self.arrivals,
            file,
            why,
        })
    }

    /// Bytes that the range takes.
    pub(crate) fn memory(&self) -> u64 {
        let unreadable = self.unreadable.capacity() * size_of::<(i64, RejectionCode)>();
        unreadable as u64 + self.file.as_ref().map_or(0, ResultFile::memory)
    }
}

impl SealedRange {
    /// Bytes that the range takes.
    pub(crate) fn memory(&self) -> u64 {
        self.file.as_ref().map_or(0, EncodedFile::bytes)
    }
}
