//! One Parquet file.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::basic::{Compression, Type as PhysicalType};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;
use schema::transaction::{Feature, TransactionWriter};

use super::location::Location;
use crate::sample::Selected;

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 4_096;

/// A file whose footer is read and whose columns are checked.
pub(super) struct SourceFile {
    location: Location,
    metadata: ArrowReaderMetadata,
    /// The fields of a message, in their order.
    columns: Vec<FieldRef>,
    projection: ProjectionMask,
}

impl SourceFile {
    /// Reads the footer and checks that the file holds `columns`, those of them
    /// that `types` names as such.
    pub(super) fn open(location: Location, columns: &[String], types: &[Feature]) -> Result<Self> {
        let name = location.name();
        let metadata = location
            .read_footer()
            .and_then(arrow_metadata)
            .with_context(|| name.clone())?;
        TransactionWriter::new(metadata.schema(), columns, types).with_context(|| name.clone())?;
        check_compression(metadata.metadata()).with_context(|| name)?;
        let positions: Vec<_> = columns
            .iter()
            .map(|column| metadata.schema().index_of(column))
            .collect::<Result<_, _>>()?;
        let columns = positions
            .iter()
            .map(|position| Arc::clone(&metadata.schema().fields()[*position]));
        Ok(Self {
            location,
            columns: columns.collect(),
            projection: ProjectionMask::roots(metadata.parquet_schema(), positions),
            metadata,
        })
    }

    /// The path or URL, for messages.
    pub(super) fn name(&self) -> String {
        self.location.name()
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

/// Before the first message is sent, not when the first page is read.
fn check_compression(parquet: &ParquetMetaData) -> Result<()> {
    let groups = parquet.row_groups().iter();
    for column in groups.flat_map(|group| group.columns()) {
        let unreadable = match column.compression() {
            Compression::BROTLI(_) => "Brotli",
            Compression::LZO => "LZO",
            _ => continue,
        };
        bail!("compressed with {unreadable}: write it with Snappy, Zstandard, gzip, LZ4 or none");
    }
    Ok(())
}

/// A part of a file, as large as its writer thought right for memory.
pub(crate) struct RowGroup<'a> {
    file: &'a SourceFile,
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
        let name = self.file.name();
        let reader = self
            .reader(selected)
            .with_context(|| format!("{name}: cannot read"))?;
        let columns = self.file.columns.iter().map(|field| field.name().clone());
        // The types were checked when the file was opened.
        let writer = TransactionWriter::new(&reader.schema(), &columns.collect::<Vec<_>>(), &[])?;
        let batches =
            reader.map(move |batch| batch.with_context(|| format!("{name}: cannot read")));
        Ok((writer, batches))
    }

    fn reader(&self, selected: Selected<'_>) -> Result<ParquetRecordBatchReader> {
        match &self.file.location {
            Location::Local(path) => self.decode(File::open(path)?, selected),
            Location::Remote(file) => self.decode(file.read(self.bytes())?, selected),
        }
    }

    fn decode(
        &self,
        input: impl ChunkReader + 'static,
        selected: Selected<'_>,
    ) -> Result<ParquetRecordBatchReader> {
        let metadata = self.file.metadata.clone();
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(input, metadata)
            .with_row_groups(vec![self.index])
            .with_projection(self.file.projection.clone())
            .with_batch_size(BATCH_ROWS);
        if let Some(ranges) = selected.ranges() {
            let rows = usize::try_from(self.row_count)?;
            let selection = RowSelection::from_consecutive_ranges(ranges, rows);
            builder = builder.with_row_selection(selection);
        }
        Ok(builder.build()?)
    }

    /// Where the columns of a message lie in the file.
    fn bytes(&self) -> Range<u64> {
        let columns = self.file.parquet().row_group(self.index).columns();
        let needed = columns.iter().enumerate();
        let needed = needed.filter(|(leaf, _)| self.file.projection.leaf_included(*leaf));
        let ranges: Vec<_> = needed.map(|(_, column)| column.byte_range()).collect();
        let start = ranges.iter().map(|(start, _)| *start).min();
        let end = ranges.iter().map(|(start, length)| start + length).max();
        start.unwrap_or(0)..end.unwrap_or(0)
    }
}

fn arrow_metadata(footer: ParquetMetaData) -> Result<ArrowReaderMetadata> {
    let footer = Arc::new(footer);
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(&footer), ArrowReaderOptions::new())?;
    let options = ArrowReaderOptions::new().with_schema(Arc::new(with_microseconds(&metadata)));
    Ok(ArrowReaderMetadata::try_new(footer, options)?)
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
