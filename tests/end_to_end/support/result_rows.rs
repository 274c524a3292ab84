//! The rows of the sink's files, read without the sink.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type};
use local_stack::{Daemon, wait_for};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::PATIENCE;
use super::bucket::Bucket;
use super::python::{output, script};

/// The columns that tests look at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ResultRow {
    pub(crate) transaction_id: i64,
    pub(crate) prediction: f64,
    pub(crate) kafka: (i32, i64),
    pub(crate) source: (i32, i64),
}

/// All published rows, by Kafka partition and offset.
pub(crate) fn result_rows(root: &Path) -> Result<Vec<ResultRow>> {
    let mut rows = Vec::new();
    for path in result_files(root)? {
        let file = File::open(&path).with_context(|| format!("opening {}", path.display()))?;
        for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
            add_rows(&batch?, &mut rows)?;
        }
    }
    rows.sort_by_key(|row| row.kafka);
    Ok(rows)
}

/// Waits until so many rows are published, and gives them.
pub(crate) fn wait_for_rows(
    root: &Path,
    count: usize,
    sink: &mut Daemon,
) -> Result<Vec<ResultRow>> {
    wait_for(&format!("{count} rows"), PATIENCE, || {
        ensure!(
            sink.exit_status()?.is_none(),
            "the sink ended:\n{}",
            sink.stderr()
        );
        let rows = result_rows(root)?;
        Ok((rows.len() >= count).then_some(rows))
    })
}

/// Partition and offset of all rows that are published in a bucket, in their order.
pub(crate) fn bucket_rows(bucket: &Bucket) -> Result<Vec<(i32, i64)>> {
    let printed = output(script("end_to_end/python/bucket_rows.py").arg(bucket.url()))?;
    let row = |line: &str| {
        let (partition, offset) = line.split_once(' ').context("a row's place")?;
        Ok((partition.parse()?, offset.parse()?))
    };
    printed.lines().map(row).collect()
}

/// The published files; none if the folder isn't there yet.
pub(crate) fn result_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let Ok(folders) = fs::read_dir(root) else {
        return Ok(files);
    };
    for folder in folders {
        let folder = folder?;
        if folder.file_name().to_string_lossy().starts_with("date=") {
            for file in fs::read_dir(folder.path())? {
                files.push(file?.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn add_rows(batch: &RecordBatch, rows: &mut Vec<ResultRow>) -> Result<()> {
    let column = |name: &str| {
        batch
            .column_by_name(name)
            .with_context(|| format!("no column {name}"))
    };
    let transaction_id = column("transaction_id")?.as_primitive::<Int64Type>();
    let prediction = column("prediction")?.as_primitive::<Float64Type>();
    let partition = column("kafka_partition")?.as_primitive::<Int32Type>();
    let offset = column("kafka_offset")?.as_primitive::<Int64Type>();
    let source_partition = column("source_partition")?.as_primitive::<Int32Type>();
    let source_offset = column("source_offset")?.as_primitive::<Int64Type>();
    rows.extend((0..batch.num_rows()).map(|row| ResultRow {
        transaction_id: transaction_id.value(row),
        prediction: prediction.value(row),
        kafka: (partition.value(row), offset.value(row)),
        source: (source_partition.value(row), source_offset.value(row)),
    }));
    Ok(())
}
