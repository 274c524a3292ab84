//! Files of a model on their way to this machine.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use service_runtime::Progress;
use sha2::{Digest, Sha256};

use super::artifacts::Artifacts;
use super::cache::CachedFile;
use super::listing::{Listing, RemoteFile};
use super::trouble::Trouble;

/// Who is told now and then how many bytes of how many are there, where there is no
/// terminal to draw a bar on.
pub(super) type Tell = fn(u64, u64);

/// Fetches all files into `folder`, which is empty, and tells what they are.
pub(super) async fn fetch_all(
    artifacts: &Artifacts,
    listing: &Listing,
    folder: &Path,
    tell: Tell,
) -> Result<Vec<CachedFile>, Trouble> {
    let mut fetching = Fetching {
        bytes: 0,
        of: listing.bytes(),
        progress: Progress::of_bytes(listing.bytes()),
        tell,
    };
    let mut fetched = Vec::new();
    for file in listing.files() {
        let file = fetch(artifacts, file, folder, &mut fetching)
            .await
            .map_err(|trouble| trouble.at(&file.path))?;
        fetched.push(file);
    }
    Ok(fetched)
}

/// All files together.
#[derive(Debug)]
struct Fetching {
    bytes: u64,
    of: u64,
    progress: Progress,
    tell: Tell,
}

async fn fetch(
    artifacts: &Artifacts,
    file: &RemoteFile,
    folder: &Path,
    fetching: &mut Fetching,
) -> Result<CachedFile, Trouble> {
    let path = folder.join(&file.path);
    let parent = path.parent().unwrap_or(folder);
    let target = fs::create_dir_all(parent).and_then(|()| File::create_new(&path));
    let mut target = target.map_err(|error| cannot_write(&error))?;
    let mut hash = Sha256::new();
    artifacts
        .read(file, |bytes| {
            hash.update(bytes);
            fetching.add(bytes.len() as u64);
            target
                .write_all(bytes)
                .map_err(|error| cannot_write(&error))
        })
        .await?;
    let sha256 = hex::encode(hash.finalize());
    if file.sha256.as_ref().is_some_and(|listed| *listed != sha256) {
        return Err(Trouble::Passing(
            "it changed since it was listed".to_owned(),
        ));
    }
    Ok(CachedFile {
        path: file.path.clone(),
        size: file.size,
        sha256,
    })
}

impl Fetching {
    fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        if self.progress.is_line_due(self.bytes) {
            (self.tell)(self.bytes, self.of);
        }
    }
}

fn cannot_write(error: &io::Error) -> Trouble {
    Trouble::Lasting(format!("cannot write it into the cache: {error}"))
}
