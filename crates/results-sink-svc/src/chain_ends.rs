//! Finds the last file of each assigned partition.

use std::collections::BTreeMap;

use anyhow::anyhow;
use service_runtime::Failure;
use service_runtime::kafka::CommittedOffset;
use tracing::warn;

use crate::chain::{ChainEnd, CommitNote};
use crate::file_name::{FileDate, FileName};
use crate::partition::FileOptions;
use crate::store::{Store, StoreError};

/// Why the last files aren't known.
#[derive(Debug)]
pub(crate) enum ChainError {
    /// The store fails; to be tried again.
    Store(StoreError),
    /// The files contradict what is read.
    Failure(Failure),
}

impl From<StoreError> for ChainError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The end of the chain of each of these partitions; none where there are no files.
///
/// A file may be newer than the commit, if its writer died between the two, so the
/// folders from the last committed file's on are listed; all of them, where a
/// commit names no file or one that isn't there.
pub(crate) fn chain_ends(
    store: &Store,
    options: &FileOptions,
    committed: &BTreeMap<i32, Option<CommittedOffset>>,
) -> Result<BTreeMap<i32, ChainEnd>, ChainError> {
    let noted: BTreeMap<i32, Option<FileName>> = committed
        .iter()
        .map(|(&partition, committed)| (partition, noted_file(committed.as_ref())))
        .collect();
    let mut files = last_files(store, options, &noted, oldest_date(&noted))?;
    if lacks_noted_file(&files, &noted) {
        files = last_files(store, options, &noted, None)?;
        warn_of_missing(store, &files, &noted);
    }
    files
        .into_iter()
        .map(|(partition, file)| Ok((partition, chain_end(store, options, file)?)))
        .collect()
}

fn noted_file(committed: Option<&CommittedOffset>) -> Option<FileName> {
    CommitNote::parse(&committed?.metadata).last_file
}

/// The day from which on to list; `None` for all.
fn oldest_date(noted: &BTreeMap<i32, Option<FileName>>) -> Option<FileDate> {
    let dates: Option<Vec<FileDate>> = noted
        .values()
        .map(|file| Some(file.as_ref()?.date.before()))
        .collect();
    dates?.into_iter().min()
}

/// The file with the greatest first offset is the last one: ranges don't overlap.
fn last_files(
    store: &Store,
    options: &FileOptions,
    noted: &BTreeMap<i32, Option<FileName>>,
    since: Option<FileDate>,
) -> Result<BTreeMap<i32, FileName>, StoreError> {
    let mut last = BTreeMap::<i32, FileName>::new();
    for file in store.list(since)? {
        if file.topic != options.topic || !noted.contains_key(&file.partition) {
            continue;
        }
        let is_later = last
            .get(&file.partition)
            .is_none_or(|known| file.first_offset > known.first_offset);
        if is_later {
            last.insert(file.partition, file);
        }
    }
    Ok(last)
}

fn lacks_noted_file(
    files: &BTreeMap<i32, FileName>,
    noted: &BTreeMap<i32, Option<FileName>>,
) -> bool {
    missing(files, noted).next().is_some()
}

/// The noted files that are later than all that are there.
fn missing<'a>(
    files: &'a BTreeMap<i32, FileName>,
    noted: &'a BTreeMap<i32, Option<FileName>>,
) -> impl Iterator<Item = &'a FileName> {
    noted.values().flatten().filter(|noted| {
        files
            .get(&noted.partition)
            .is_none_or(|file| file.first_offset < noted.first_offset)
    })
}

fn warn_of_missing(
    store: &Store,
    files: &BTreeMap<i32, FileName>,
    noted: &BTreeMap<i32, Option<FileName>>,
) {
    for file in missing(files, noted) {
        let path = store.describe(file);
        match files.get(&file.partition) {
            Some(last) => warn!(
                "the last committed file {path} is gone: going on after {last}, so what it held \
                 is written again as far as the topic still has it"
            ),
            None => warn!(
                "the last committed file {path} is gone, and so are all others of partition {}: \
                 going on at the committed offset",
                file.partition
            ),
        }
    }
}

fn chain_end(store: &Store, options: &FileOptions, file: FileName) -> Result<ChainEnd, ChainError> {
    let path = || store.describe(&file);
    let fatal = |text: String| ChainError::Failure(Failure::runtime(anyhow!(text)));
    let summary = store.summary(&file)?.ok_or_else(|| {
        fatal(format!(
            "{} has the name of a result file but not its footer: move it away",
            path()
        ))
    })?;
    if summary.cluster_id != options.cluster_id {
        return Err(fatal(format!(
            "{} is from Kafka cluster {}, and this is {}, whose offsets are others: \
             choose another folder in sink.parquet",
            path(),
            summary.cluster_id,
            options.cluster_id
        )));
    }
    Ok(ChainEnd {
        last_offset: summary.last_offset,
        file,
    })
}

#[cfg(test)]
mod tests;
