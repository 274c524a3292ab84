//! The data set: Parquet files, checked before the first row is read.

mod file;
mod local;
mod location;
mod order;
mod remote;

use ::object_store::RetryConfig;
use anyhow::{Result, bail, ensure};
use arrow::datatypes::DataType;
use service_runtime::{Context, object_store};

use crate::config::ProducerConfig;
pub(crate) use file::RowGroup;
use file::SourceFile;
use location::Location;
use remote::Bucket;

/// Files that all hold the fields of a message, in the order in which they are read.
pub(crate) struct Source {
    files: Vec<SourceFile>,
}

impl Source {
    /// Finds the files and reads their footers.
    ///
    /// # Errors
    /// Where there are no rows, or a file that isn't Parquet, lacks a column,
    /// holds one of another type than the contract's or than the file before it;
    /// the error names the file.
    pub(crate) fn open(config: &ProducerConfig, context: &Context) -> Result<Self> {
        if !object_store::is_url(&config.source) {
            return Self::check(config, local::list(&config.source)?);
        }
        let settings = &context.config.object_store;
        let (store, path) = object_store::open(&config.source, settings, RetryConfig::default())?;
        let bucket = Bucket {
            store,
            tokio: context.tokio.clone(),
            shutdown: context.shutdown.clone(),
        };
        let files = bucket.list(&config.source, &path)?;
        Self::check(config, files.into_iter().map(Location::Remote))
    }

    fn check(
        config: &ProducerConfig,
        locations: impl IntoIterator<Item = Location>,
    ) -> Result<Self> {
        let columns = config.message_columns();
        let types = config.message_types();
        let mut files: Vec<SourceFile> = Vec::new();
        for location in locations {
            let file = SourceFile::open(location, &columns, &types)?;
            if let Some(first) = files.first() {
                check_same_types(first, &file)?;
            }
            files.push(file);
        }
        let source = Self { files };
        ensure!(
            source.row_count() > 0,
            "{} holds no rows: set producer.source to a folder that does",
            config.source
        );
        Ok(source)
    }

    /// Rows in all files.
    pub(crate) fn row_count(&self) -> u64 {
        self.files.iter().map(SourceFile::row_count).sum()
    }

    /// Files that hold them.
    pub(crate) fn file_count(&self) -> usize {
        self.files.len()
    }

    /// The parts that are read one by one, in order.
    pub(crate) fn row_groups(&self) -> impl Iterator<Item = RowGroup<'_>> {
        let mut first_row = 0;
        self.files
            .iter()
            .flat_map(SourceFile::row_groups)
            .map(move |mut group| {
                group.start = first_row;
                first_row += group.row_count;
                group
            })
    }
}

/// A message must not change its types from one file to the next; a timestamp's
/// unit and zone don't show in it.
fn check_same_types(first: &SourceFile, other: &SourceFile) -> Result<()> {
    for (expected, actual) in first.columns().iter().zip(other.columns()) {
        let same = match (expected.data_type(), actual.data_type()) {
            (DataType::Timestamp(..), DataType::Timestamp(..)) => true,
            (expected, actual) => expected == actual,
        };
        if !same {
            bail!(
                "{}: column {:?} is {}, but {} in {}: the files of a source must agree",
                other.name(),
                actual.name(),
                actual.data_type(),
                expected.data_type(),
                first.name()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
