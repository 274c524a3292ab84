//! Result files in a folder.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use parquet::file::metadata::ParquetMetaDataReader;
use service_runtime::failpoint;
use tracing::debug;

use super::{Created, Probed, StoreError, is_malformed};
use crate::file_name::{FileDate, FileName};
use crate::file_summary::FileSummary;

/// Where files are staged, within the root.
const STAGING_FOLDER: &str = "_tmp";

/// A folder on a file system that has hard links. A file is staged under another
/// name, made durable, and then linked to its own name, which fails where that exists.
#[derive(Debug)]
pub(crate) struct LocalStore {
    root: PathBuf,
    /// Begins the names of what this instance stages.
    staging_prefix: String,
}

impl LocalStore {
    /// A store in `root`, which need not exist yet. Touches nothing.
    pub(crate) fn new(root: &Path, instance_id: &str) -> Self {
        let is_plain =
            |character: char| character.is_ascii_alphanumeric() || ".-_".contains(character);
        let instance: String = instance_id
            .chars()
            .map(|character| if is_plain(character) { character } else { '_' })
            .collect();
        Self {
            root: root.to_owned(),
            staging_prefix: format!("{instance}+"),
        }
    }

    pub(super) fn prepare(&self) -> Result<Probed, StoreError> {
        let staging = self.staging_folder();
        fs::create_dir_all(&staging).map_err(failed("create", &staging))?;
        self.remove_leftovers(&staging)?;
        self.probe()
    }

    pub(super) fn create(&self, name: &FileName, parts: &[Bytes]) -> Result<Created, StoreError> {
        let folder = self.root.join(name.date.folder());
        self.create_folder(&folder)?;
        let staged = self.stage(&name.base(), parts)?;
        failpoint("sink_after_write");
        let path = self.path(name);
        let linked = fs::hard_link(&staged, &path);
        remove_staged(&staged);
        let created = match linked {
            Ok(()) => Created::New,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Created::NameTaken,
            Err(error) => return Err(failed("create", &path)(error)),
        };
        sync_folder(&folder)?;
        Ok(created)
    }

    pub(super) fn list(&self, since: Option<FileDate>) -> Result<Vec<FileName>, StoreError> {
        let mut names = Vec::new();
        for folder in entries(&self.root)? {
            let Some(date) = FileDate::parse_folder(&folder) else {
                continue;
            };
            if since.is_some_and(|since| date < since && date != FileDate::UNKNOWN) {
                continue;
            }
            let files = entries(&self.root.join(&folder))?;
            names.extend(
                files
                    .iter()
                    .filter_map(|file| FileName::parse(&format!("{folder}/{file}"))),
            );
        }
        Ok(names)
    }

    /// What is read here is relied upon, so it is made durable: its writer may
    /// have died between creating the file and that.
    pub(super) fn summary(&self, name: &FileName) -> Result<Option<FileSummary>, StoreError> {
        let path = self.path(name);
        let file = File::open(&path).map_err(failed("open", &path))?;
        file.sync_all().map_err(failed("sync", &path))?;
        sync_folder(&self.root.join(name.date.folder()))?;
        match ParquetMetaDataReader::new().parse_and_finish(&file) {
            Ok(footer) => Ok(FileSummary::from_footer(&footer)),
            Err(error) if is_malformed(&error) => Ok(None),
            Err(error) => Err(failed("read", &path)(io::Error::other(error))),
        }
    }

    pub(super) fn path(&self, name: &FileName) -> PathBuf {
        self.root.join(name.to_string())
    }

    fn staging_folder(&self) -> PathBuf {
        self.root.join(STAGING_FOLDER)
    }

    fn remove_leftovers(&self, staging: &Path) -> Result<(), StoreError> {
        for file in entries(staging)? {
            if file.starts_with(&self.staging_prefix) {
                let path = staging.join(file);
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        Ok(())
    }

    fn probe(&self) -> Result<Probed, StoreError> {
        let staged = self.stage("probe", &[])?;
        let link = self
            .staging_folder()
            .join(format!("{}probe-link", self.staging_prefix));
        fs::hard_link(&staged, &link).map_err(failed("hard-link", &link))?;
        let again = fs::hard_link(&staged, &link);
        fs::remove_file(&link).map_err(failed("remove", &link))?;
        remove_staged(&staged);
        match again {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Probed::Reliable),
            _ => Ok(Probed::Unreliable(format!(
                "the file system of {} replaces a file by a hard link",
                self.root.display()
            ))),
        }
    }

    /// Creates the folder and makes its name durable.
    fn create_folder(&self, folder: &Path) -> Result<(), StoreError> {
        if folder.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
        sync_folder(&self.root)
    }

    /// Writes a durable file under a name that no reader looks at.
    fn stage(&self, name: &str, parts: &[Bytes]) -> Result<PathBuf, StoreError> {
        let folder = self.staging_folder();
        fs::create_dir_all(&folder).map_err(failed("create", &folder))?;
        let path = folder.join(format!("{}{name}", self.staging_prefix));
        let write = || {
            let mut file = File::create(&path)?;
            for part in parts {
                file.write_all(part)?;
                failpoint("sink_mid_write");
            }
            file.sync_all()
        };
        write().map_err(|error| {
            remove_staged(&path);
            failed("write", &path)(error)
        })?;
        Ok(path)
    }
}

/// The names in a folder; none where there is no such folder.
fn entries(folder: &Path) -> Result<Vec<String>, StoreError> {
    let read = || -> io::Result<Vec<String>> {
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    };
    match read() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(failed("list", folder)),
    }
}

/// What stays is removed at the next start.
fn remove_staged(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        debug!("cannot remove {}: {error}", path.display());
    }
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed("sync", folder))
}

fn failed(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |error| StoreError(format!("cannot {verb} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
