//! Files of a model on their way to this machine.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tracing::info;

use super::artifacts::Artifacts;
use super::cache::CachedFile;
use super::listing::{Listing, RemoteFile};
use super::trouble::Trouble;

/// Between two lines about a long download.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// Fetches all files into `folder`, which is empty, and tells what they are.
pub(super) async fn fetch_all(
    artifacts: &Artifacts,
    listing: &Listing,
    folder: &Path,
) -> Result<Vec<CachedFile>, Trouble> {
    let mut progress = Progress {
        bytes: 0,
        of: listing.bytes(),
        told: Instant::now(),
    };
    let mut fetched = Vec::new();
    for file in listing.files() {
        let mut download = Download::start(file, folder, &mut progress)?;
        artifacts
            .fetch(file, &mut download)
            .await
            .map_err(|trouble| trouble.at(&file.path))?;
        fetched.push(download.finish()?);
    }
    Ok(fetched)
}

/// A file being written. It never gets larger than it was listed.
#[derive(Debug)]
pub(super) struct Download<'a> {
    file: &'a RemoteFile,
    target: File,
    written: u64,
    hash: Sha256,
    progress: &'a mut Progress,
}

/// Of all files together.
#[derive(Debug)]
struct Progress {
    bytes: u64,
    of: u64,
    told: Instant,
}

impl<'a> Download<'a> {
    fn start(
        file: &'a RemoteFile,
        folder: &Path,
        progress: &'a mut Progress,
    ) -> Result<Self, Trouble> {
        let path = folder.join(&file.path);
        let parent = path.parent().unwrap_or(folder);
        let target = fs::create_dir_all(parent).and_then(|()| File::create_new(&path));
        Ok(Self {
            file,
            target: target.map_err(|error| cannot_write(file, &error))?,
            written: 0,
            hash: Sha256::new(),
            progress,
        })
    }

    /// Takes the next bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.written += bytes.len() as u64;
        if self.written > self.file.size {
            return Err(self.other_size());
        }
        self.hash.update(bytes);
        self.target
            .write_all(bytes)
            .map_err(|error| cannot_write(self.file, &error))?;
        self.progress.add(bytes.len() as u64);
        Ok(())
    }

    fn finish(self) -> Result<CachedFile, Trouble> {
        if self.written != self.file.size {
            return Err(self.other_size());
        }
        Ok(CachedFile {
            path: self.file.path.clone(),
            size: self.file.size,
            sha256: hex::encode(self.hash.finalize()),
        })
    }

    /// The connection ended early, or the file was replaced since it was listed.
    fn other_size(&self) -> Trouble {
        Trouble::Passing(format!(
            "{}: got {} bytes where {} were listed",
            self.file.path, self.written, self.file.size
        ))
    }
}

impl Progress {
    fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        if self.told.elapsed() >= PROGRESS_INTERVAL {
            self.told = Instant::now();
            info!(bytes = self.bytes, of = self.of, "fetching the model");
        }
    }
}

fn cannot_write(file: &RemoteFile, error: &std::io::Error) -> Trouble {
    Trouble::Lasting(format!(
        "cannot write {} into the cache: {error}",
        file.path
    ))
}
