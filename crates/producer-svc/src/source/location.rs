//! Where a file lies.

use std::fs::File;
use std::path::PathBuf;

use anyhow::Result;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::remote::RemoteFile;

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
                Ok(ParquetMetaDataReader::new().parse_and_finish(&File::open(path)?)?)
            }
            Self::Remote(file) => file.read_footer(),
        }
    }
}
