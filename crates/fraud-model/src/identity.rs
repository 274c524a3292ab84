//! Which model made a score.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::model_folder::ModelFolder;
use crate::saved::folder::visible_entries;
use crate::{ModelError, ModelOptions};

/// Folders of a model may stand this deep, which also ends a loop of links.
const MAX_FOLDER_DEPTH: usize = 64;

/// Name, version and content hash of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelIdentity {
    /// The registry's name, else the configured one, else the folder's.
    pub name: String,
    /// The registry's version, else the first 12 hex digits of the hash.
    pub version: String,
    /// SHA-256 over the pipeline's files, in 64 hex digits.
    ///
    /// The files are those that Spark saved: everything under `metadata/` and
    /// `stages/` but what Hadoop hides (names that begin with `.` or `_`), so
    /// that what stands beside them changes nothing. In the order of the bytes
    /// of their paths, each adds its path relative to the model's folder with
    /// `/` between the parts, a zero byte, its length as 8 bytes, big-endian,
    /// and its bytes.
    pub hash: String,
}

impl ModelIdentity {
    /// The value of a result's `model` header: `<name>@<version>`.
    pub fn header(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// Name and version of a `model` header; the version follows the last `@`.
    pub fn parse_header(header: &str) -> Option<(&str, &str)> {
        header.rsplit_once('@')
    }

    /// The identity of the model in `folder`, under the name and version of the
    /// options if they have any.
    pub(crate) fn of_folder(
        folder: &ModelFolder,
        options: &ModelOptions,
    ) -> Result<Self, ModelError> {
        let hash = hash_folder(&folder.pipeline)?;
        let name = match &options.name {
            Some(name) => name.clone(),
            None => folder_name(&folder.root)?,
        };
        if name.contains(char::is_control) {
            let problem = format!(
                "can't be called {name:?} in headers and metrics: name it by --model-name \
                 or scorer.model_name, without control characters"
            );
            return Err(ModelError::invalid(&folder.root, problem));
        }
        Ok(Self {
            name,
            version: match &options.version {
                Some(version) => version.clone(),
                None => hash[..12].to_owned(),
            },
            hash,
        })
    }
}

fn folder_name(folder: &Path) -> Result<String, ModelError> {
    // `.` and `models/..` have no name before they are resolved.
    let folder = folder
        .canonicalize()
        .map_err(|error| ModelError::io(folder, error))?;
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Ok(name.unwrap_or_else(|| "model".to_owned()))
}

fn hash_folder(folder: &Path) -> Result<String, ModelError> {
    let mut files = Vec::new();
    for saved in ["metadata", "stages"] {
        collect_files(&folder.join(saved), saved, 0, &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for (relative, path) in files {
        add_file(&mut hash, &relative, &path).map_err(|error| ModelError::io(&path, error))?;
    }
    Ok(hex::encode(hash.finalize()))
}

fn collect_files(
    folder: &Path,
    relative: &str,
    depth: usize,
    files: &mut Vec<(String, PathBuf)>,
) -> Result<(), ModelError> {
    if depth == MAX_FOLDER_DEPTH {
        return Err(ModelError::invalid(
            folder,
            "is too deep for a model's folder",
        ));
    }
    for path in visible_entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let relative = format!("{relative}/{name}");
        let kind = fs::metadata(&path).map_err(|error| ModelError::io(&path, error))?;
        if kind.is_dir() {
            collect_files(&path, &relative, depth + 1, files)?;
        } else if kind.is_file() {
            files.push((relative, path));
        } else {
            return Err(ModelError::invalid(&path, "is neither a file nor a folder"));
        }
    }
    Ok(())
}

fn add_file(hash: &mut Sha256, relative: &str, path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    hash.update(relative.as_bytes());
    hash.update([0]);
    hash.update(file.metadata()?.len().to_be_bytes());
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            read => hash.update(&buffer[..read]),
        }
    }
}
