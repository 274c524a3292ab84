//! Whether work goes on, as seen from outside.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use local_stack::{Isolation, Record, TopicReader};

/// A number for each partition.
pub(crate) type Partitions = BTreeMap<i32, i64>;

/// Reads committed results all the while.
#[derive(Debug)]
pub(crate) struct Results {
    count: AtomicU64,
    /// By the result's partition, the next offset.
    ends: Mutex<Partitions>,
    /// By the transaction's partition, when the newest visible result was sent;
    /// milliseconds since the Unix epoch.
    newest: Vec<AtomicI64>,
}

impl Results {
    /// Starts reading; ends when the value is dropped.
    pub(crate) fn watch(broker: &str, partitions: i32) -> Result<Arc<Self>> {
        let reader = TopicReader::new(broker, "results", Isolation::ReadCommitted)?;
        let results = Arc::new(Self {
            count: AtomicU64::new(0),
            ends: Mutex::default(),
            newest: (0..partitions).map(|_| AtomicI64::new(0)).collect(),
        });
        let watched = Arc::downgrade(&results);
        thread::spawn(move || read(&reader, &watched));
        Ok(results)
    }

    /// How many are visible.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether there are results of all partitions that were sent at `time` or later.
    pub(crate) fn are_newer_than(&self, time: i64) -> bool {
        self.newest
            .iter()
            .all(|newest| newest.load(Ordering::Relaxed) >= time)
    }

    /// The offset after the last visible result of each partition.
    pub(crate) fn ends(&self) -> Partitions {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Partitions> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, result: &Record) {
        let source = result.header("source").unwrap_or_default();
        let partition = source
            .split(':')
            .next()
            .and_then(|text| text.parse::<usize>().ok());
        if let Some(newest) = partition.and_then(|partition| self.newest.get(partition)) {
            newest.fetch_max(result.timestamp, Ordering::Relaxed);
        }
        self.lock().insert(result.partition, result.offset + 1);
        self.count.fetch_add(1, Ordering::Relaxed);
    }
}

fn read(reader: &TopicReader, results: &Weak<Results>) {
    while let Some(results) = results.upgrade() {
        if let Some(result) = reader.next(Duration::from_millis(100)) {
            results.note(&result);
        }
    }
}

/// A moment after which work has to go on.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) at: Instant,
    pub(crate) milliseconds: i64,
    /// By partition, the first offset of the newest result file.
    files: Partitions,
    /// What the S3 sink had committed.
    bucket_commits: Partitions,
}

impl Mark {
    /// Now.
    pub(crate) fn now(result_files: &Path, bucket_commits: Partitions) -> Result<Self> {
        Ok(Self {
            at: Instant::now(),
            milliseconds: milliseconds(),
            files: newest_files(result_files)?,
            bucket_commits,
        })
    }

    /// Whether all partitions have files that came later.
    pub(crate) fn is_passed_by_files(&self, result_files: &Path) -> Result<bool> {
        Ok(is_beyond(&newest_files(result_files)?, &self.files))
    }

    /// Whether the S3 sink has committed more of all partitions.
    pub(crate) fn is_passed_by_commits(&self, committed: &Partitions) -> bool {
        is_beyond(committed, &self.bucket_commits)
    }
}

fn is_beyond(now: &Partitions, then: &Partitions) -> bool {
    then.iter()
        .all(|(partition, offset)| now.get(partition).is_some_and(|now| now > offset))
}

/// Since the Unix epoch.
pub(crate) fn milliseconds() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis().try_into().unwrap_or(i64::MAX))
}

/// By the names `date=…/results+<partition>+<first offset>.parquet`.
fn newest_files(root: &Path) -> Result<Partitions> {
    let mut newest = Partitions::new();
    let Ok(folders) = fs::read_dir(root) else {
        return Ok(newest);
    };
    for folder in folders {
        let folder = folder?;
        if !folder.file_name().to_string_lossy().starts_with("date=") {
            continue;
        }
        for file in fs::read_dir(folder.path())? {
            let name = file?.file_name().to_string_lossy().into_owned();
            let (partition, offset) =
                parse(&name).with_context(|| format!("{name} in the result files"))?;
            let known = newest.entry(partition).or_insert(offset);
            *known = offset.max(*known);
        }
    }
    Ok(newest)
}

fn parse(name: &str) -> Option<(i32, i64)> {
    let mut parts = name.strip_suffix(".parquet")?.split('+').skip(1);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
