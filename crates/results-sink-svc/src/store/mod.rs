//! Where result files go: a folder or an S3 bucket.

mod local;
mod open;
mod s3;

use std::time::Instant;

use bytes::Bytes;
use parquet::errors::ParquetError;

use crate::file_name::{FileDate, FileName};
use crate::file_summary::FileSummary;

pub(crate) use local::LocalStore;
pub(crate) use open::{open_store, wait_until_reliable};
pub(crate) use s3::S3Store;

/// The store doesn't do what it should just now; names the place. Waiting may help.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct StoreError(String);

/// Whether a file was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Created {
    /// It is there, complete and durable.
    New,
    /// The name is taken; nothing was changed.
    NameTaken,
}

/// Whether a store can be relied upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probed {
    /// It refuses to create what exists.
    Reliable,
    /// It doesn't: two writers could overwrite each other. Says what is missing.
    Unreliable(String),
}

/// A store of result files that never overwrites one.
pub(crate) enum Store {
    Local(LocalStore),
    S3(S3Store),
}

impl Store {
    /// Removes what a dead process of this instance left, then tries out whether
    /// files are created only where there are none.
    pub(crate) fn prepare(&self) -> Result<Probed, StoreError> {
        match self {
            Self::Local(store) => store.prepare(),
            Self::S3(store) => store.prepare(),
        }
    }

    /// Creates the file unless its name is taken. It is durable on return. An upload
    /// is given up at `deadline`, and may nevertheless have arrived.
    pub(crate) fn create(
        &self,
        name: &FileName,
        parts: &[Bytes],
        deadline: Instant,
    ) -> Result<Created, StoreError> {
        match self {
            Self::Local(store) => store.create(name, parts),
            Self::S3(store) => store.create(name, parts, deadline),
        }
    }

    /// The names of all result files, those of unknown date included, from `since` on.
    pub(crate) fn list(&self, since: Option<FileDate>) -> Result<Vec<FileName>, StoreError> {
        match self {
            Self::Local(store) => store.list(since),
            Self::S3(store) => store.list(since),
        }
    }

    /// What the file says about itself; `None` where it isn't one of ours.
    pub(crate) fn summary(&self, name: &FileName) -> Result<Option<FileSummary>, StoreError> {
        match self {
            Self::Local(store) => store.summary(name),
            Self::S3(store) => store.summary(name),
        }
    }

    /// The full name of a file, for people.
    pub(crate) fn describe(&self, name: &FileName) -> String {
        match self {
            Self::Local(store) => store.path(name).display().to_string(),
            Self::S3(store) => store.describe(name),
        }
    }
}

/// Whether reading failed because of the bytes, not of the way to them.
fn is_malformed(error: &ParquetError) -> bool {
    !matches!(error, ParquetError::External(_))
}
