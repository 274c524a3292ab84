//! Folders as Hadoop writes them: part files beside markers and checksums.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::ModelError;

/// No metadata line is longer; more is not a model.
const MAX_METADATA_BYTES: u64 = 64 << 20;

/// Files and folders in `folder` that Hadoop doesn't hide (`.x.crc`,
/// `_SUCCESS`, `_committed_…`), sorted by name.
pub(crate) fn visible_entries(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let entries = fs::read_dir(folder).map_err(|error| ModelError::io(folder, error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| ModelError::io(folder, error))?.path();
        if !is_hidden(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The Parquet files of `folder`, at least one, sorted by name.
pub(crate) fn parquet_files(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    refuse_local_mode(folder)?;
    let mut files = visible_entries(folder)?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "parquet")
    });
    if files.is_empty() {
        return Err(ModelError::invalid(
            folder,
            "holds no Parquet file; the model is incomplete, copy or save it again",
        ));
    }
    Ok(files)
}

/// The metadata of a pipeline or stage: the first line of the first part file
/// that isn't empty, and that file's path.
pub(crate) fn read_metadata_line(folder: &Path) -> Result<(PathBuf, String), ModelError> {
    let metadata = folder.join("metadata");
    if !metadata.exists() {
        return Err(ModelError::invalid(
            &metadata,
            "is missing; the folder is not a saved Spark ML model, or not all of it",
        ));
    }
    refuse_local_mode(&metadata)?;
    for file in visible_entries(&metadata)? {
        let line = read_first_line(&file)?;
        if !line.trim().is_empty() {
            return Ok((file, line));
        }
    }
    Err(ModelError::invalid(
        &metadata,
        "holds no part file with metadata; the model is incomplete, copy or save it again",
    ))
}

fn read_first_line(file: &Path) -> Result<String, ModelError> {
    let opened = fs::File::open(file).map_err(|error| ModelError::io(file, error))?;
    let mut line = String::new();
    BufReader::new(opened.take(MAX_METADATA_BYTES))
        .read_line(&mut line)
        .map_err(|error| ModelError::io(file, error))?;
    Ok(line)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| matches!(name.as_encoded_bytes().first(), Some(b'.' | b'_')))
}

/// Spark from 4.1 on has a mode for its own caches that writes `metadata` and
/// `data` as single binary files.
fn refuse_local_mode(path: &Path) -> Result<(), ModelError> {
    if path.is_file() {
        return Err(ModelError::invalid(
            path,
            "is a file, not a folder: the model was saved in Spark's local binary mode, \
             which can't be read; save it with model.write().overwrite().save(path)",
        ));
    }
    Ok(())
}
