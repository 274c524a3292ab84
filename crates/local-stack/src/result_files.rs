//! The Parquet files that the sink leaves, counted without the sink.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use parquet::file::reader::{FileReader, SerializedFileReader};

/// How much lies in a folder.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResultFiles {
    pub(crate) files: usize,
    pub(crate) rows: i64,
    pub(crate) bytes: u64,
}

impl ResultFiles {
    /// Reads the footer of every published file.
    pub(crate) fn count(root: &Path) -> Result<Self> {
        let mut count = Self::default();
        for path in parquet_files(root)? {
            let file = File::open(&path).with_context(|| format!("opening {}", path.display()))?;
            count.files += 1;
            count.bytes += file.metadata()?.len();
            let reader = SerializedFileReader::new(file)
                .with_context(|| format!("reading {}", path.display()))?;
            count.rows += reader.metadata().file_metadata().num_rows();
        }
        Ok(count)
    }
}

/// Those in the folders by date; what is staged beside them isn't published.
fn parquet_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in fs::read_dir(root).with_context(|| format!("reading {}", root.display()))? {
        let folder = folder?;
        if !folder.file_name().to_string_lossy().starts_with("date=") {
            continue;
        }
        for file in fs::read_dir(folder.path())? {
            files.push(file?.path());
        }
    }
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "parquet")
    });
    Ok(files)
}
