//! Files on a disk.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::location::Location;
use super::order;

/// The file itself, or the files of the folder and of the folders within, in order.
pub(super) fn list(source: &str) -> Result<Vec<Location>> {
    let root = Path::new(source);
    let metadata = fs::metadata(root)
        .with_context(|| format!("producer.source: cannot read {}", root.display()))?;
    if !metadata.is_dir() {
        return Ok(vec![Location::Local(root.to_owned())]);
    }
    let mut files = Vec::new();
    collect(root, &mut files)?;
    if files.is_empty() {
        bail!(
            "producer.source: {} holds no Parquet files (names that begin with _ or . don't count)",
            root.display()
        );
    }
    files.sort_by(|a, b| order::by_path(&a.to_string_lossy(), &b.to_string_lossy()));
    Ok(files.into_iter().map(Location::Local).collect())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let context = || format!("producer.source: cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(context)? {
        let entry = entry.with_context(context)?;
        if order::is_hidden(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let path = entry.path();
        // Follows links, which is how some lay out their partitions.
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
