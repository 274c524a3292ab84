//! Parquet tables as Spark writes them: typed columns, checked by name.

use std::fs::File;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, Int32Array, ListArray, StructArray};
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ColumnChunkMetaData;

use super::folder;
use crate::ModelError;

/// What a footer may claim: so many values, and so many for each byte of the
/// file. A model's tables have about one for each byte; runs of equal values
/// could claim any number in a few bytes.
const MAX_VALUES: u64 = 1 << 22;
const MAX_VALUES_PER_BYTE: u64 = 16;
/// Likewise for bytes after decompression.
const MAX_BYTES: u64 = 1 << 26;
const MAX_BYTES_PER_BYTE: u64 = 64;
/// What a table may take in memory.
const MAX_MEMORY: usize = 1 << 31;

/// All rows of a table, in chunks; their order means nothing.
#[derive(Debug)]
pub(crate) struct Table {
    folder: PathBuf,
    chunks: Vec<(PathBuf, StructArray)>,
}

impl Table {
    /// Reads the part files of `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Self, ModelError> {
        let mut chunks = Vec::new();
        for file in folder::parquet_files(folder)? {
            for chunk in read_file(&file)? {
                chunks.push((file.clone(), chunk));
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            chunks,
        })
    }

    /// The rows, chunk by chunk.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = Record<'_>> {
        self.chunks.iter().map(|(file, rows)| Record {
            file,
            path: String::new(),
            rows,
        })
    }

    /// The row of a table that has one.
    pub(crate) fn single_row(&self) -> Result<Record<'_>, ModelError> {
        let rows: usize = self.chunks.iter().map(|(_, rows)| rows.len()).sum();
        if rows != 1 {
            return Err(ModelError::invalid(
                &self.folder,
                format!("holds {rows} rows, expected 1"),
            ));
        }
        self.chunks()
            .find(|chunk| chunk.rows() == 1)
            .ok_or_else(|| ModelError::invalid(&self.folder, "holds no row"))
    }
}

/// The fields of some rows: of a table, or of a struct column.
#[derive(Debug, Clone)]
pub(crate) struct Record<'a> {
    file: &'a Path,
    path: String,
    rows: &'a StructArray,
}

impl<'a> Record<'a> {
    /// Rows in here.
    pub(crate) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The file is broken as `problem` says.
    pub(crate) fn error(&self, problem: impl Into<String>) -> ModelError {
        ModelError::invalid(self.file, problem)
    }

    /// The field `name` as an array of `T`, without nulls.
    pub(crate) fn array<T: Array + 'static>(&self, name: &str) -> Result<&'a T, ModelError> {
        let column = self.column(name)?;
        self.cast(name, column)
    }

    /// The field at `position`, for tables whose names changed between versions.
    pub(crate) fn array_at<T: Array + 'static>(
        &self,
        position: usize,
    ) -> Result<&'a T, ModelError> {
        let name = format!("number {}", position + 1);
        let column = self.rows.columns().get(position);
        self.cast(&name, column.ok_or_else(|| self.missing(&name))?)
    }

    /// Whether there is a field `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.rows.column_by_name(name).is_some()
    }

    /// The struct field `name`.
    pub(crate) fn record(&self, name: &str) -> Result<Record<'a>, ModelError> {
        Ok(Record {
            file: self.file,
            path: format!("{}{name}.", self.path),
            rows: self.array::<StructArray>(name)?,
        })
    }

    /// The list field `name`, whose items must be a `T` without nulls.
    pub(crate) fn list<T: Array + 'static>(&self, name: &str) -> Result<List<'a, T>, ModelError> {
        let lists = self.array::<ListArray>(name)?;
        let items = self.cast(name, lists.values())?;
        Ok(List { lists, items })
    }

    /// `column`, which is part of the field `name`, as an array of `T`, without
    /// nulls.
    pub(crate) fn cast<T: Array + 'static>(
        &self,
        name: &str,
        column: &'a ArrayRef,
    ) -> Result<&'a T, ModelError> {
        if column.null_count() > 0 {
            return Err(self.error(format!("column {}{name} holds nulls", self.path)));
        }
        column.as_any().downcast_ref().ok_or_else(|| {
            let found = brief_type(column.data_type());
            self.error(format!(
                "column {}{name} is of the wrong type, {found}",
                self.path
            ))
        })
    }

    fn column(&self, name: &str) -> Result<&'a ArrayRef, ModelError> {
        self.rows
            .column_by_name(name)
            .ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> ModelError {
        self.error(format!("has no column {}{name}", self.path))
    }
}

/// A column of lists.
#[derive(Debug)]
pub(crate) struct List<'a, T> {
    lists: &'a ListArray,
    items: &'a T,
}

impl<'a, T: Array> List<'a, T> {
    /// All items of all rows, and where in them those of `row` are.
    pub(crate) fn row(&self, row: usize) -> (&'a T, std::ops::Range<usize>) {
        let offsets = self.lists.value_offsets();
        let at = |index: usize| usize::try_from(offsets[index]).unwrap_or(0);
        (self.items, at(row)..at(row + 1))
    }
}

impl<'a> List<'a, arrow::array::Float64Array> {
    /// The numbers of `row`.
    pub(crate) fn doubles(&self, row: usize) -> &'a [f64] {
        let (items, range) = self.row(row);
        &items.values()[range]
    }
}

impl<'a> List<'a, Int32Array> {
    /// The integers of `row`.
    pub(crate) fn integers(&self, row: usize) -> &'a [i32] {
        let (items, range) = self.row(row);
        &items.values()[range]
    }
}

/// Reads a file. Its bytes are not to be trusted, and the decoder underneath
/// answers some broken ones with a panic: that is an error of the file too.
fn read_file(file: &Path) -> Result<Vec<StructArray>, ModelError> {
    panic::catch_unwind(AssertUnwindSafe(|| decode(file)))
        .unwrap_or_else(|_| Err("is broken".to_owned()))
        .map_err(|problem| {
            ModelError::invalid(file, format!("not a readable Parquet file: {problem}"))
        })
}

fn decode(file: &Path) -> Result<Vec<StructArray>, String> {
    let opened = File::open(file).map_err(|error| error.to_string())?;
    let length = opened.metadata().map_err(|error| error.to_string())?.len();
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|error| error.to_string())?;
    let groups = builder.metadata().row_groups().iter();
    check_claims(length, groups.flat_map(|group| group.columns()))?;
    let reader = builder.build().map_err(|error| error.to_string())?;
    let mut chunks = Vec::new();
    let mut memory = 0;
    for batch in reader {
        let batch = batch.map_err(|error| error.to_string())?;
        memory += batch.get_array_memory_size();
        if memory > MAX_MEMORY {
            return Err("is larger than any model's".to_owned());
        }
        chunks.push(StructArray::from(batch));
    }
    Ok(chunks)
}

/// Checks what the footer of a file of `length` bytes says of its columns
/// before the decoder believes it.
fn check_claims<'a>(
    length: u64,
    columns: impl Iterator<Item = &'a ColumnChunkMetaData>,
) -> Result<(), String> {
    let (mut values, mut bytes) = (0_u64, 0_u64);
    for column in columns {
        check_column(column)?;
        values = values.saturating_add(column.num_values().unsigned_abs());
        bytes = bytes.saturating_add(column.uncompressed_size().unsigned_abs());
    }
    if values > MAX_VALUES.saturating_add(length.saturating_mul(MAX_VALUES_PER_BYTE))
        || bytes > MAX_BYTES.saturating_add(length.saturating_mul(MAX_BYTES_PER_BYTE))
    {
        return Err(format!(
            "its {length} bytes claim to hold {values} values of {bytes} bytes"
        ));
    }
    Ok(())
}

fn check_column(column: &ColumnChunkMetaData) -> Result<(), String> {
    let path = column.column_path();
    let starts = [
        column.data_page_offset(),
        column.dictionary_page_offset().unwrap_or(0),
    ];
    if starts.iter().any(|start| *start < 0) || column.compressed_size() < 0 {
        return Err(format!("column {path} lies outside the file"));
    }
    Ok(())
}

/// The type's name without the fields inside.
fn brief_type(data_type: &DataType) -> String {
    let text = data_type.to_string();
    text.split('(').next().unwrap_or_default().to_owned()
}
