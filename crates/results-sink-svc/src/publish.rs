//! A complete file takes its name, or the file that has it is adopted.

use std::time::Instant;

use crate::file_summary::FileSummary;
use crate::result_file::EncodedFile;
use crate::store::{Created, Store, StoreError};

/// How a file's range of records came to be durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Published {
    /// By this file.
    New,
    /// By the file that was there: its writer died before it could commit, lost
    /// the partition while it wrote, or is this process, whose upload's answer
    /// was lost. It may end elsewhere than ours.
    Adopted(FileSummary),
}

/// Why a file isn't published.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    /// The store fails; to be tried again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The name belongs to other content. Nobody but a person can tell why.
    #[error(
        "{path} exists and {why}: it was not made from this topic's records; \
         move it away, or choose another folder in sink.parquet"
    )]
    Conflict {
        /// The file that is there.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Creates `file`, or adopts the one of its name if that begins with the same record.
pub(crate) fn publish(
    store: &Store,
    file: &EncodedFile,
    deadline: Instant,
) -> Result<Published, PublishError> {
    match store.create(&file.name, &file.parts, deadline)? {
        Created::New => Ok(Published::New),
        Created::NameTaken => adopt(store, file),
    }
}

fn adopt(store: &Store, file: &EncodedFile) -> Result<Published, PublishError> {
    let conflict = |why: String| PublishError::Conflict {
        path: store.describe(&file.name),
        why,
    };
    let existing = store
        .summary(&file.name)?
        .ok_or_else(|| conflict("its footer is not that of a result file".to_owned()))?;
    match difference(&existing, &file.summary) {
        None => Ok(Published::Adopted(existing)),
        Some(why) => Err(conflict(why)),
    }
}

/// What shows that a file with these first records isn't the other.
fn difference(existing: &FileSummary, ours: &FileSummary) -> Option<String> {
    let place = |summary: &FileSummary| {
        format!(
            "{}:{}:{}",
            summary.topic, summary.partition, summary.first_offset
        )
    };
    if place(existing) != place(ours) {
        return Some(format!(
            "begins at {}, not {}",
            place(existing),
            place(ours)
        ));
    }
    if existing.cluster_id != ours.cluster_id {
        return Some(format!(
            "is from Kafka cluster {}, not {}",
            existing.cluster_id, ours.cluster_id
        ));
    }
    if existing.first_row != ours.first_row {
        return Some(format!(
            "its first row is transaction {} of Kafka time {:?}, not {} of {:?}",
            existing.first_row.transaction_id,
            existing.first_row.kafka_timestamp,
            ours.first_row.transaction_id,
            ours.first_row.kafka_timestamp
        ));
    }
    None
}

#[cfg(test)]
mod tests;
