//! Models fetched before: a folder for each, complete and never changed.
//!
//! A model is written beside the others under a name of its own, checked, and renamed.
//! So any number of scorers may share the folder, and one that is killed leaves nothing
//! that another takes for a model.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tracing::{info, warn};

use super::trouble::Trouble;

/// A model that nobody used for this long is removed.
const MAX_IDLE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// What a process left that was killed while it fetched or removed a model. None of
/// them takes so long.
const MAX_UNFINISHED: Duration = Duration::from_secs(60 * 60);
const UNFINISHED: &str = "unfinished-";
const REMOVED: &str = "removed-";
/// In an entry: the model's folder, and the list of its files.
const MODEL: &str = "model";
const FILES: &str = "files.json";

/// A folder of fetched models.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// A file of a fetched model.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct CachedFile {
    /// Below the model's folder.
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) sha256: String,
}

/// A model that is being fetched; removed with this value.
#[derive(Debug)]
pub(super) struct Unfinished {
    folder: TempDir,
}

impl Unfinished {
    /// Where the model's files go.
    pub(super) fn model(&self) -> PathBuf {
        self.folder.path().join(MODEL)
    }
}

impl Cache {
    /// The cache in the configured folder, else in `fraud-stream/models` where this
    /// system's user keeps caches.
    pub(super) fn open(configured: &Path) -> Result<Self, Trouble> {
        let folder = if configured.as_os_str().is_empty() {
            default_folder()?
        } else {
            configured.to_owned()
        };
        fs::create_dir_all(&folder).map_err(|error| unusable(&folder, &error))?;
        Ok(Self { folder })
    }

    /// The folder of the model called `key`, each of its files as it was fetched. A
    /// damaged one is removed.
    pub(super) fn find(&self, key: &str) -> Result<Option<PathBuf>, Trouble> {
        let entry = self.folder.join(key);
        if !entry.exists() {
            return Ok(None);
        }
        if let Err(problem) = check(&entry) {
            warn!("{}: {problem}; the model is fetched again", entry.display());
            self.remove(&entry)
                .map_err(|error| unusable(&entry, &error))?;
            return Ok(None);
        }
        // Only keeps it from being removed.
        let _ =
            File::open(entry.join(FILES)).and_then(|files| files.set_modified(SystemTime::now()));
        Ok(Some(entry.join(MODEL)))
    }

    /// A place for a model to come.
    pub(super) fn begin(&self) -> Result<Unfinished, Trouble> {
        self.forget_idle();
        let folder = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(&self.folder)
            .map_err(|error| unusable(&self.folder, &error))?;
        let unfinished = Unfinished { folder };
        fs::create_dir(unfinished.model()).map_err(|error| unusable(&self.folder, &error))?;
        Ok(unfinished)
    }

    /// Makes the model, which holds exactly `files`, the one called `key`. Where
    /// another process was faster, its model stays: it is of the same files.
    pub(super) fn publish(
        &self,
        unfinished: Unfinished,
        key: &str,
        mut files: Vec<CachedFile>,
    ) -> Result<(), Trouble> {
        files.sort();
        let list = serde_json::to_vec_pretty(&files).expect("a list of texts and numbers is JSON");
        let entry = self.folder.join(key);
        fs::write(unfinished.folder.path().join(FILES), list)
            .and_then(|()| rename_new(unfinished.folder.path(), &entry))
            .map_err(|error| unusable(&entry, &error))?;
        // It is gone from its place, unless another process was faster.
        drop(unfinished);
        Ok(())
    }

    /// Renames first: nobody may meet an entry that is half gone.
    fn remove(&self, entry: &Path) -> io::Result<()> {
        let aside = tempfile::Builder::new()
            .prefix(REMOVED)
            .tempdir_in(&self.folder)?;
        match fs::rename(entry, aside.path().join(MODEL)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes what was left and what is too old. What can't be removed stays: it
    /// harms nobody; nor does what isn't the cache's.
    fn forget_idle(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        for entry in entries.flatten().map(|entry| entry.path()) {
            if is_idle(&entry) && self.remove(&entry).is_ok() {
                info!("{} was not used for long: removed", entry.display());
            }
        }
    }
}

/// Whether an entry is the cache's and wasn't used for too long.
fn is_idle(entry: &Path) -> bool {
    let name = entry.file_name().and_then(|name| name.to_str());
    let (dated, limit) = match name {
        Some(name) if name.starts_with(UNFINISHED) || name.starts_with(REMOVED) => {
            (entry.to_owned(), MAX_UNFINISHED)
        }
        Some(key) if is_key(key) => (entry.join(FILES), MAX_IDLE),
        _ => return false,
    };
    let used = fs::metadata(dated).and_then(|used| used.modified());
    let idle = used.ok().and_then(|used| used.elapsed().ok());
    idle.is_some_and(|idle| idle > limit)
}

/// Whether an entry may be called so: a hash of 128 bits.
fn is_key(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn default_folder() -> Result<PathBuf, Trouble> {
    let folder = |variable: &str| env::var_os(variable).map(PathBuf::from);
    let caches = folder("XDG_CACHE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .filter(|caches| caches.is_absolute());
    // systemd makes a folder for the service alone.
    let ours =
        folder("CACHE_DIRECTORY").or_else(|| caches.map(|caches| caches.join("fraud-stream")));
    ours.map(|ours| ours.join("models")).ok_or_else(|| {
        Trouble::Lasting(
            "no folder for fetched models: set scorer.model_cache (or FRAUD__SCORER__MODEL_CACHE)"
                .to_owned(),
        )
    })
}

fn unusable(path: &Path, error: &io::Error) -> Trouble {
    Trouble::Lasting(format!(
        "{}: {error}; set scorer.model_cache to a folder that may be written",
        path.display()
    ))
}

/// Renames unless `to` is there already.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        // Which of both it is hangs on the file system.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
            ) =>
        {
            Ok(())
        }
        renamed => renamed,
    }
}

/// Whether an entry is exactly what was published; else what is wrong.
fn check(entry: &Path) -> Result<(), String> {
    let list = fs::read(entry.join(FILES)).map_err(|error| format!("{FILES}: {error}"))?;
    let listed: Vec<CachedFile> =
        serde_json::from_slice(&list).map_err(|error| format!("{FILES}: {error}"))?;
    let model = entry.join(MODEL);
    let mut there = BTreeSet::new();
    collect(&model, "", &mut there).map_err(|error| error.to_string())?;
    for file in &listed {
        if !there.remove(&file.path) {
            return Err(format!("{} is missing", file.path));
        }
        let (size, sha256) =
            digest(&model.join(&file.path)).map_err(|error| format!("{}: {error}", file.path))?;
        if (size, &sha256) != (file.size, &file.sha256) {
            return Err(format!("{} is damaged", file.path));
        }
    }
    match there.first() {
        None => Ok(()),
        Some(other) => Err(format!("{other} doesn't belong there")),
    }
}

fn collect(folder: &Path, relative: &str, files: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{relative}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.insert(path);
        }
    }
    Ok(())
}

fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((size, hex::encode(hash.finalize()))),
            read => {
                size += read as u64;
                hash.update(&buffer[..read]);
            }
        }
    }
}

#[cfg(test)]
mod tests;
