//! A folder that is gone with this process at the latest.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Result;
use tempfile::TempDir;

use crate::watcher;

/// Nobody else may look into it; removed when dropped, and by a watcher when this process
/// ends in any way.
#[derive(Debug)]
pub struct TemporaryFolder {
    /// `None` once it is being dropped.
    folder: Option<TempDir>,
}

impl TemporaryFolder {
    /// A new one whose name begins with `prefix`.
    pub fn new(prefix: &str) -> Result<Self> {
        watcher::start()?;
        let folder = tempfile::Builder::new()
            .prefix(prefix)
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        watcher::folder_made(folder.path());
        Ok(Self {
            folder: Some(folder),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        let folder = self.folder.as_ref();
        folder.expect("it is there until it is dropped").path()
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let Some(folder) = self.folder.take() else {
            return;
        };
        let path = folder.path().to_owned();
        if folder.close().is_ok() {
            watcher::folder_removed(&path);
        }
    }
}
