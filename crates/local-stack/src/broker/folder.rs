//! Where a broker keeps what it has.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::TemporaryFolder;

/// The folder of a broker's configuration and data.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Removes it when dropped.
    _temporary: Option<TemporaryFolder>,
}

impl Folder {
    pub(super) fn new(given: Option<&Path>) -> Result<Self> {
        if let Some(path) = given {
            fs::create_dir_all(path).with_context(|| format!("creating {}", path.display()))?;
            let path = fs::canonicalize(path)?;
            return Ok(Self {
                path,
                _temporary: None,
            });
        }
        let temporary = TemporaryFolder::new("kafka-")?;
        Ok(Self {
            path: temporary.path().to_owned(),
            _temporary: Some(temporary),
        })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(super) fn properties(&self) -> PathBuf {
        self.path.join("server.properties")
    }
}
