//! What several test modules need.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use schema::result::ResultRecord;

use crate::chain::{ChainEnd, Resume};
use crate::file_format::FileFormat;
use crate::file_name::{FileDate, FileName};
use crate::partition::{FileOptions, PartitionWork};
use crate::range::SealedRange;
use crate::result_file::EncodedFile;
use crate::roll::RollReason;
use crate::row::{Origin, Row};
use crate::store::{LocalStore, Store};

/// 2019-11-10T14:43:06Z
pub(crate) const NOON: i64 = 1_573_396_986_000;
pub(crate) const DAY: i64 = 24 * 60 * 60 * 1000;
pub(crate) const PARTITION: i32 = 1;

pub(crate) fn options() -> FileOptions {
    FileOptions {
        format: FileFormat::new(),
        topic: "results".to_owned(),
        cluster_id: "cluster-a".to_owned(),
    }
}

pub(crate) fn local_store(root: &Path) -> Store {
    Store::Local(LocalStore::new(root, "fraud-results-sink-host"))
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

pub(crate) fn record(transaction_id: i64) -> ResultRecord {
    ResultRecord {
        transaction_id,
        timestamp: NOON,
        tx_fraud: Some(1),
        probability: Some(vec![0.75, 0.25]),
        prediction: 0.0,
    }
}

/// The row at `offset`, of the transaction with the same number.
pub(crate) fn row(record: &ResultRecord, offset: i64, kafka_timestamp: Option<i64>) -> Row<'_> {
    Row {
        record,
        fraud_probability: Some(0.25),
        kafka_partition: PARTITION,
        kafka_offset: offset,
        kafka_timestamp,
        origin: Origin::default(),
    }
}

/// The date of a Kafka timestamp, years after the timestamps of these tests.
pub(crate) fn date(kafka_timestamp: Option<i64>) -> FileDate {
    let now: DateTime<Utc> = "2025-01-01T00:00:00Z".parse().unwrap();
    FileDate::of(kafka_timestamp, now)
}

/// Work on a partition that goes on after `end`.
pub(crate) fn work_after(end: Option<ChainEnd>) -> PartitionWork {
    let resume = Resume {
        position: None,
        next_first_offset: None,
    };
    PartitionWork::new(PARTITION, end, &resume)
}

/// Adds the row of transaction `offset` at `offset`.
pub(crate) fn add_row(work: &mut PartitionWork, offset: i64, kafka_timestamp: Option<i64>) {
    let record = record(offset);
    let row = row(&record, offset, kafka_timestamp);
    work.add_row(&row, date(kafka_timestamp), &options())
        .unwrap();
}

/// Closes the open range and takes it.
pub(crate) fn seal(work: &mut PartitionWork) -> SealedRange {
    work.seal(RollReason::Stop).unwrap();
    work.sealed.pop_front().expect("there was an open range")
}

/// A file with the rows of these offsets.
pub(crate) fn file_of(offsets: std::ops::RangeInclusive<i64>) -> EncodedFile {
    let mut work = work_after(None);
    for offset in offsets {
        add_row(&mut work, offset, Some(NOON));
    }
    seal(&mut work).file.expect("there are rows")
}

/// The name of a file of the day of [`NOON`].
pub(crate) fn name(first_offset: i64) -> FileName {
    FileName {
        date: date(Some(NOON)),
        topic: "results".to_owned(),
        partition: PARTITION,
        first_offset,
    }
}
