//! The data set on disk: Hive partitions by day, one snappy file each.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use arrow::array::{ArrayRef, Float64Array, Int32Array, RecordBatch, TimestampMicrosecondArray};
use chrono::{Datelike, NaiveDate};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::features::{FeatureRow, WINDOW_DAYS};

/// Where a data set grows, inside its folder: readers of Parquet folders pass
/// over names that begin with `_`, and a mount point can be the folder.
const UNFINISHED: &str = "_temporary";
/// Says that the data set is whole, as Spark's committer does.
const SUCCESS: &str = "_SUCCESS";

/// Writes a data set that appears as a whole.
pub(super) struct DatasetWriter {
    root: PathBuf,
    unfinished: PathBuf,
}

impl DatasetWriter {
    /// Makes the folder, which must be new, empty, or hold nothing but what an
    /// interrupted run left.
    pub(super) fn create(root: &Path) -> Result<Self> {
        let unfinished = root.join(UNFINISHED);
        fs::create_dir_all(root).with_context(|| format!("create {}", root.display()))?;
        for entry in fs::read_dir(root).with_context(|| format!("read {}", root.display()))? {
            let name = entry?.file_name();
            ensure!(
                name == UNFINISHED,
                "{} is not empty (it holds {}): give a new folder, or empty this one",
                root.display(),
                name.display()
            );
        }
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)
                .with_context(|| format!("remove {}", unfinished.display()))?;
        }
        fs::create_dir(&unfinished).with_context(|| format!("create {}", unfinished.display()))?;
        Ok(Self {
            root: root.to_owned(),
            unfinished,
        })
    }

    /// Writes a day's rows, whose ids begin at `first_id`.
    pub(super) fn write_day(&mut self, day: i64, first_id: u64, rows: &[FeatureRow]) -> Result<()> {
        let folder = self.unfinished.join(partition(day)?);
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let path = folder.join("part-00000.snappy.parquet");
        let batch = record_batch(first_id, rows)?;
        write_file(&path, &batch).with_context(|| format!("write {}", path.display()))
    }

    /// Moves the partitions into place and marks the data set as whole.
    pub(super) fn publish(self) -> Result<()> {
        for entry in fs::read_dir(&self.unfinished)? {
            let entry = entry?;
            fs::rename(entry.path(), self.root.join(entry.file_name()))?;
        }
        fs::remove_dir(&self.unfinished)?;
        File::create(self.root.join(SUCCESS))?.sync_all()?;
        Ok(())
    }
}

/// Two digits, so that names sort as dates do; Spark reads them as integers.
fn partition(day: i64) -> Result<String> {
    let Some(date) = i32::try_from(day).ok().and_then(NaiveDate::from_epoch_days) else {
        bail!("day {day} since 1970-01-01 is no date");
    };
    Ok(format!(
        "year={:04}/month={:02}/day={:02}",
        date.year(),
        date.month(),
        date.day()
    ))
}

fn write_file(path: &Path, batch: &RecordBatch) -> Result<()> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    // Without Arrow's own schema beside Parquet's: other readers have no use for it.
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_schema_root("transactions".to_owned())
        .with_skip_arrow_metadata(true);
    let file = File::create_new(path)?;
    let mut writer = ArrowWriter::try_new_with_options(file, batch.schema(), options)?;
    writer.write(batch)?;
    writer.into_inner()?.sync_all()?;
    Ok(())
}

/// The contract's 18 columns, then the two ids.
fn record_batch(first_id: u64, rows: &[FeatureRow]) -> Result<RecordBatch> {
    let first_id = i32::try_from(first_id).context("number the transactions")?;
    let mut columns: Vec<(String, ArrayRef)> = vec![
        (
            "transaction_id".into(),
            Arc::new(Int32Array::from_iter_values((first_id..).take(rows.len()))),
        ),
        ("ts".into(), timestamps(rows)),
        (
            "tx_amount".into(),
            doubles(rows, |row| row.cents as f64 / 100.0),
        ),
        (
            "is_weekend".into(),
            integers(rows, |row| row.is_weekend.into()),
        ),
        ("is_night".into(), integers(rows, |row| row.is_night.into())),
    ];
    for (window, days) in WINDOW_DAYS.iter().enumerate() {
        columns.push((
            format!("customer_id_nb_tx_{days}day_window"),
            integers(rows, |row| row.customer_windows[window].count),
        ));
        columns.push((
            format!("customer_id_avg_amount_{days}day_window"),
            doubles(rows, |row| row.customer_windows[window].mean_amount()),
        ));
    }
    for (window, days) in WINDOW_DAYS.iter().enumerate() {
        columns.push((
            format!("terminal_id_nb_tx_{days}day_window"),
            integers(rows, |row| row.terminal_windows[window].count),
        ));
        columns.push((
            format!("terminal_id_risk_{days}day_window"),
            doubles(rows, |row| row.terminal_windows[window].risk()),
        ));
    }
    columns.push(("tx_fraud".into(), integers(rows, |row| row.fraud.into())));
    columns.push((
        "customer_id".into(),
        integers(rows, |row| row.customer.cast_signed()),
    ));
    columns.push((
        "terminal_id".into(),
        integers(rows, |row| row.terminal.cast_signed()),
    ));
    Ok(RecordBatch::try_from_iter(columns)?)
}

fn timestamps(rows: &[FeatureRow]) -> ArrayRef {
    let microseconds = rows.iter().map(|row| row.second * 1_000_000);
    Arc::new(TimestampMicrosecondArray::from_iter_values(microseconds).with_timezone("UTC"))
}

fn integers(rows: &[FeatureRow], value: impl Fn(&FeatureRow) -> i32) -> ArrayRef {
    Arc::new(Int32Array::from_iter_values(rows.iter().map(value)))
}

fn doubles(rows: &[FeatureRow], value: impl Fn(&FeatureRow) -> f64) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(rows.iter().map(value)))
}
