//! One Parquet file.

use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::basic::Type as PhysicalType;
use parquet::file::metadata::ParquetMetaData;
use schema::transaction::{Feature, TransactionWriter};

use crate::sample::Selected;

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 4_096;

/// A file whose footer is read and whose columns are checked.
pub(crate) struct SourceFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    /// The fields of a message, in their order.
    columns: Vec<FieldRef>,
    projection: ProjectionMask,
}

impl SourceFile {
    /// Reads the footer and checks that the file holds `columns`, those of them
    /// that `types` names as such.
    pub(super) fn open(path: PathBuf, columns: &[String], types: &[Feature]) -> Result<Self> {
        let name = path.display();
        let file = File::open(&path).with_context(|| format!("{name}: cannot open"))?;
        let metadata =
            read_metadata(&file).with_context(|| format!("{name}: not a whole Parquet file"))?;
        TransactionWriter::new(metadata.schema(), columns, types)
            .with_context(|| name.to_string())?;
        let positions: Vec<_> = columns
            .iter()
            .map(|column| metadata.schema().index_of(column))
            .collect::<Result<_, _>>()?;
        let columns = positions
            .iter()
            .map(|position| Arc::clone(&metadata.schema().fields()[*position]));
        Ok(Self {
            path,
            columns: columns.collect(),
            projection: ProjectionMask::roots(metadata.parquet_schema(), positions),
            metadata,
        })
    }

    /// The path, for messages.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The fields of a message, in their order.
    pub(super) fn columns(&self) -> &[FieldRef] {
        &self.columns
    }

    pub(super) fn row_count(&self) -> u64 {
        self.parquet().file_metadata().num_rows().unsigned_abs()
    }

    pub(super) fn row_groups(&self) -> impl Iterator<Item = RowGroup<'_>> {
        let mut place = 0;
        self.parquet()
            .row_groups()
            .iter()
            .enumerate()
            .map(move |(index, group)| {
                let row_count = group.num_rows().unsigned_abs();
                place += row_count;
                RowGroup {
                    file: self,
                    index,
                    start: 0,
                    place: place - row_count,
                    row_count,
                }
            })
    }

    fn parquet(&self) -> &ParquetMetaData {
        self.metadata.metadata()
    }
}

/// A part of a file, as large as its writer thought right for memory.
pub(crate) struct RowGroup<'a> {
    pub(crate) file: &'a SourceFile,
    index: usize,
    /// Its first row's number in the data set.
    pub(super) start: u64,
    /// Its first row's number in the file.
    place: u64,
    pub(super) row_count: u64,
}

impl RowGroup<'_> {
    /// Its rows' numbers in the data set.
    pub(crate) fn rows(&self) -> Range<u64> {
        self.start..self.start + self.row_count
    }

    /// For messages: the file and the number in it, from 1, of the row at `place`
    /// in this part.
    pub(crate) fn describe_row(&self, place: u64) -> String {
        format!("{}, row {}", self.file.name(), self.place + place + 1)
    }

    /// Reads the selected rows.
    pub(crate) fn read(
        &self,
        selected: Selected<'_>,
    ) -> Result<(TransactionWriter, impl Iterator<Item = Result<RecordBatch>>)> {
        let file = self.file;
        let name = file.name();
        let input = File::open(&file.path).with_context(|| format!("{name}: cannot open"))?;
        let columns: Vec<_> = file
            .columns
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(input, file.metadata.clone())
                .with_row_groups(vec![self.index])
                .with_projection(file.projection.clone())
                .with_batch_size(BATCH_ROWS);
        if let Some(ranges) = selected.ranges() {
            let rows = usize::try_from(self.row_count)?;
            builder =
                builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges, rows));
        }
        let reader = builder
            .build()
            .with_context(|| format!("{name}: cannot read"))?;
        // The types were checked when the file was opened.
        let writer = TransactionWriter::new(&reader.schema(), &columns, &[])?;
        let batches =
            reader.map(move |batch| batch.map_err(|error| anyhow!("{name}: cannot read: {error}")));
        Ok((writer, batches))
    }
}

fn read_metadata(file: &File) -> Result<ArrowReaderMetadata> {
    let metadata = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
    let options = ArrowReaderOptions::new().with_schema(Arc::new(with_microseconds(&metadata)));
    Ok(ArrowReaderMetadata::try_new(
        metadata.metadata().clone(),
        options,
    )?)
}

/// INT96, in which Spark writes timestamps by default, would be read as
/// nanoseconds in 64 bits, which end in 2262; microseconds reach as far as Spark.
fn with_microseconds(metadata: &ArrowReaderMetadata) -> Schema {
    let schema = metadata.schema();
    let parquet = metadata
        .metadata()
        .file_metadata()
        .schema_descr()
        .root_schema();
    let fields = schema
        .fields()
        .iter()
        .zip(parquet.get_fields())
        .map(|(field, stored)| {
            if stored.is_primitive() && stored.get_physical_type() == PhysicalType::INT96 {
                let microseconds = DataType::Timestamp(TimeUnit::Microsecond, None);
                Arc::new(Field::clone(field).with_data_type(microseconds))
            } else {
                Arc::clone(field)
            }
        });
    Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone())
}
