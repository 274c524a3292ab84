//! A model's files where they lie: in a bucket, or behind MLflow's server.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, RetryConfig};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use service_runtime::config::ObjectStoreConfig;
use sha2::{Digest, Sha256};

use super::listing::{Listing, RemoteFile};
use super::mlflow::MlflowServer;
use super::trouble::Trouble;

/// Bytes of one request to a bucket: what fits a request's timeout over a slow line.
const REQUEST_BYTES: u64 = 8 << 20;
/// The first few failures of a request; those that last are told, and tried again by
/// whoever waits for the model.
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_RETRIES: usize = 4;

/// A model's folder in a store.
#[derive(Debug)]
pub(super) enum Artifacts {
    /// `s3://bucket/prefix`
    Bucket {
        store: Arc<dyn ObjectStore>,
        prefix: Path,
    },
    /// `mlflow-artifacts:/path`: MLflow's server gives out what its own store holds.
    Proxy {
        server: MlflowServer,
        /// The folder's path below the server's artifacts.
        path: Vec<String>,
    },
}

/// `ListArtifacts.Response` of MLflow's `service.proto`.
#[derive(Debug, Deserialize)]
struct ProxyListing {
    /// Left out where there are none.
    #[serde(default)]
    files: Vec<ProxyFile>,
}

#[derive(Debug, Deserialize)]
struct ProxyFile {
    /// The name in the folder that was asked for.
    path: String,
    is_dir: bool,
    #[serde(default)]
    file_size: u64,
}

impl Artifacts {
    /// A prefix of a bucket. Touches no network.
    pub(super) fn in_bucket(url: &str, config: &ObjectStoreConfig) -> Result<Self, Trouble> {
        let retry = RetryConfig {
            max_retries: MAX_RETRIES,
            retry_timeout: RETRY_TIMEOUT,
            ..RetryConfig::default()
        };
        let (store, prefix) = service_runtime::object_store::open(url, config, retry)?;
        Ok(Self::Bucket { store, prefix })
    }

    /// A path below the artifacts of `server`, or of the host that the URI names.
    pub(super) fn behind(server: &MlflowServer, uri: &str) -> Result<Self, Trouble> {
        let rest = uri.strip_prefix("mlflow-artifacts:").unwrap_or(uri);
        let (server, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                let server = match host {
                    "" => server.clone(),
                    host => server.elsewhere(host)?,
                };
                (server, path)
            }
            None => (server.clone(), rest),
        };
        let parts = path.split('/').filter(|part| !part.is_empty());
        // The server decodes what it is asked for, and requests are encoded anew.
        let decoded = |part| percent_decode_str(part).decode_utf8_lossy().into_owned();
        Ok(Self::Proxy {
            server,
            path: parts.map(decoded).collect(),
        })
    }

    /// All files.
    pub(super) async fn list(&self) -> Result<Listing, Trouble> {
        let mut listing = Listing::default();
        match self {
            Self::Bucket { store, prefix } => {
                let mut objects = store.list(Some(prefix));
                while let Some(object) = next(&mut objects).await? {
                    let parts: Vec<_> = object
                        .location
                        .prefix_match(prefix)
                        .into_iter()
                        .flatten()
                        .collect();
                    let names = parts.iter().map(AsRef::as_ref);
                    listing.add(names, object.size, object.e_tag)?;
                }
            }
            Self::Proxy { server, path } => list_behind(server, path, &mut listing).await?,
        }
        let mut listing = listing.finish()?;
        for file in listing.unmarked() {
            let marked = self.sha256(file).await;
            file.sha256 = Some(marked.map_err(|trouble| trouble.at(&file.path))?);
        }
        Ok(listing)
    }

    /// Of the content of a file.
    async fn sha256(&self, file: &RemoteFile) -> Result<String, Trouble> {
        let mut hash = Sha256::new();
        self.read(file, |bytes| {
            hash.update(bytes);
            Ok(())
        })
        .await?;
        Ok(hex::encode(hash.finalize()))
    }

    /// Reads a file piece by piece, as long as it was listed.
    pub(super) async fn read(
        &self,
        file: &RemoteFile,
        mut take: impl FnMut(&[u8]) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let mut read = 0;
        self.read_all(file, |bytes| {
            read += bytes.len() as u64;
            match read <= file.size {
                true => take(bytes),
                false => Err(other_size(file, read)),
            }
        })
        .await?;
        match read == file.size {
            true => Ok(()),
            false => Err(other_size(file, read)),
        }
    }

    async fn read_all(
        &self,
        file: &RemoteFile,
        mut take: impl FnMut(&[u8]) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        match self {
            Self::Bucket { store, prefix } => {
                let path = file.path.split('/').fold(prefix.clone(), Path::join);
                let mut start = 0;
                while start < file.size {
                    let end = file.size.min(start + REQUEST_BYTES);
                    let options = GetOptions {
                        if_match: file.etag.clone(),
                        range: Some(GetRange::Bounded(start..end)),
                        ..GetOptions::default()
                    };
                    let answer = store.get_opts(&path, options).await;
                    let answer = answer.map_err(|error| of_fetched(&error))?;
                    let bytes = answer.bytes().await;
                    take(&bytes.map_err(|error| of_fetched(&error))?)?;
                    start = end;
                }
            }
            Self::Proxy { server, path } => {
                let path = path.iter().map(String::as_str).chain(file.path.split('/'));
                let mut answer = server.artifact(&path.collect::<Vec<_>>()).await?;
                while let Some(chunk) = answer
                    .chunk()
                    .await
                    .map_err(|error| server.unreachable(&error))?
                {
                    take(&chunk)?;
                }
            }
        }
        Ok(())
    }
}

async fn next<T>(
    objects: &mut (impl TryStreamExt<Ok = T, Error = object_store::Error> + Unpin),
) -> Result<Option<T>, Trouble> {
    let next = objects.try_next().await;
    next.map_err(|error| Trouble::of_store(&error))
}

/// The connection ended early, or the file was replaced since it was listed.
fn other_size(file: &RemoteFile, read: u64) -> Trouble {
    Trouble::Passing(format!("got {read} bytes where {} were listed", file.size))
}

/// Of an object that was listed a moment ago.
fn of_fetched(error: &object_store::Error) -> Trouble {
    match error {
        object_store::Error::NotFound { .. } | object_store::Error::Precondition { .. } => {
            Trouble::Passing("the model changed while it was fetched".to_owned())
        }
        error => Trouble::of_store(error),
    }
}

/// Folder by folder, as the server lists them.
async fn list_behind(
    server: &MlflowServer,
    root: &[String],
    listing: &mut Listing,
) -> Result<(), Trouble> {
    let mut folders: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(folder) = folders.pop() {
        let path = [root, &folder].concat().join("/");
        let found: ProxyListing = server
            .ask("mlflow-artifacts/artifacts", &[("path", &path)])
            .await?;
        for file in found.files {
            let inside = [folder.as_slice(), &[file.path]].concat();
            let parts = inside.iter().map(String::as_str);
            if !file.is_dir {
                listing.add(parts, file.file_size, None)?;
            } else if listing.enter(parts)? {
                folders.push(inside);
            }
        }
    }
    Ok(())
}
