//! Where a file lies.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::remote::RemoteFile;

/// What is wrong with a file whose footer doesn't make sense.
pub(super) const NOT_PARQUET: &str = "not a whole Parquet file";

/// A file that should be Parquet.
#[derive(Debug)]
pub(super) enum Location {
    Local(PathBuf),
    Remote(RemoteFile),
}

impl Location {
    /// The path or URL, for messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Local(path) => path.display().to_string(),
            Self::Remote(file) => file.name().to_owned(),
        }
    }

    pub(super) fn read_footer(&self) -> Result<ParquetMetaData> {
        match self {
            Self::Local(path) => {
                let file = File::open(path).context("cannot open")?;
                let footer = ParquetMetaDataReader::new().parse_and_finish(&file);
                footer.context(NOT_PARQUET)
            }
            Self::Remote(file) => file.read_footer(),
        }
    }
}
