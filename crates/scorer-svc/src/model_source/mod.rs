//! From what a person calls a model to the loaded pipeline.
//!
//! A model that isn't on this machine is resolved (`registry`), listed (`artifacts`,
//! `listing`), fetched (`download`) into the `cache`, and loaded from there like any
//! other.

mod artifacts;
mod cache;
mod download;
mod file_uri;
mod listing;
mod location;
mod mlflow;
mod registry;
mod trouble;
mod waiting;

use std::fs;
use std::path::{Path, PathBuf};

use fraud_model::{Model, ModelError, ModelOptions};
use service_runtime::Shutdown;
use service_runtime::config::{MlflowConfig, ObjectStoreConfig};
use tokio::runtime::Handle;
use tracing::info;

use artifacts::Artifacts;
use cache::Cache;
use download::Tell;
pub(crate) use location::Location;
use mlflow::MlflowServer;
use registry::ModelVersion;
use trouble::Trouble;
pub(crate) use waiting::{load_now, load_when_there};

/// What models are fetched with.
#[derive(Debug)]
struct ModelSource {
    object_store: ObjectStoreConfig,
    mlflow: MlflowConfig,
    /// Empty: the default.
    cache: PathBuf,
    /// Who is told of a long download.
    tell: Tell,
    tokio: Handle,
    shutdown: Shutdown,
}

impl ModelSource {
    /// Loads the model, fetching it if it isn't on this machine.
    fn load(&self, location: &Location, options: &ModelOptions) -> Result<Model, Trouble> {
        match location {
            Location::Folder(folder) => Ok(load_folder(folder, options)?),
            Location::Bucket(url) => {
                let artifacts = Artifacts::in_bucket(url, &self.object_store)?;
                self.load_remote(url, &artifacts, &named_by_url(url, options))
            }
            Location::Registered(model) => {
                let server = MlflowServer::new(&self.mlflow)?;
                let found = self.wait(registry::resolve(&server, model))?;
                info!(
                    version = found.version,
                    artifacts = found.artifacts,
                    "found {} in the registry",
                    found.name
                );
                self.load_registered(&server, found, options)
            }
        }
    }

    fn load_registered(
        &self,
        server: &MlflowServer,
        found: ModelVersion,
        options: &ModelOptions,
    ) -> Result<Model, Trouble> {
        let options = ModelOptions {
            name: Some(found.name),
            version: Some(found.version),
            ..options.clone()
        };
        let uri = found.artifacts.as_str();
        let artifacts = match uri.split_once(':') {
            Some(("s3" | "s3a", _)) => Artifacts::in_bucket(uri, &self.object_store)?,
            Some(("mlflow-artifacts", _)) => Artifacts::behind(server, uri)?,
            Some(("file", _)) => {
                let folder = file_uri::folder(uri).ok_or_else(|| {
                    Trouble::Lasting(format!(
                        "the registry keeps it at {uri}, which is no folder"
                    ))
                })?;
                return load_shared(&folder, &options);
            }
            None => return load_shared(Path::new(uri), &options),
            Some((scheme, _)) => {
                return Err(Trouble::Lasting(format!(
                    "the registry keeps it at {scheme}:, which can't be read; s3:, mlflow-artifacts: \
                     and folders can"
                )));
            }
        };
        self.load_remote(uri, &artifacts, &options)
            .map_err(|trouble| trouble.at(uri))
    }

    fn load_remote(
        &self,
        url: &str,
        artifacts: &Artifacts,
        options: &ModelOptions,
    ) -> Result<Model, Trouble> {
        let cache = Cache::open(&self.cache)?;
        let listing = self.wait(artifacts.list())?;
        let key = listing.key(url);
        if let Some(folder) = cache.find(&key)? {
            info!("{url} is in the cache: {}", folder.display());
            return Ok(Model::load(&folder, options)?);
        }
        info!(
            files = listing.files().len(),
            bytes = listing.bytes(),
            "fetching {url}"
        );
        let unfinished = cache.begin()?;
        let folder = unfinished.model();
        let files = self.wait(download::fetch_all(artifacts, &listing, &folder, self.tell))?;
        load_folder(&folder, options)?;
        cache.publish(unfinished, &key, files)?;
        // As any later start will load it.
        let folder = cache.find(&key)?.ok_or_else(|| {
            Trouble::Passing("the cache lost the model that was just fetched".to_owned())
        })?;
        Ok(Model::load(&folder, options)?)
    }

    fn wait<T>(&self, call: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        self.tokio.block_on(async {
            tokio::select! {
                result = call => result,
                () = self.shutdown.requested() => Err(Trouble::Passing("stopped".to_owned())),
            }
        })
    }
}

/// Loads a folder that the message of an error is put beside, or that nobody knows.
fn load_folder(folder: &Path, options: &ModelOptions) -> Result<Model, ModelError> {
    Model::load(folder, options).map_err(|error| error.seen_from(folder))
}

/// A copy in the cache doesn't have the folder's name.
fn named_by_url(url: &str, options: &ModelOptions) -> ModelOptions {
    let folder = url.rsplit('/').next().unwrap_or(url);
    ModelOptions {
        name: options.name.clone().or_else(|| Some(folder.to_owned())),
        ..options.clone()
    }
}

/// A folder of the registry's machine, which may be this one or share the folder.
fn load_shared(folder: &Path, options: &ModelOptions) -> Result<Model, Trouble> {
    if fs::metadata(folder).is_err() {
        return Err(Trouble::Lasting(format!(
            "the registry keeps it in {}, a folder that this machine doesn't have: let the \
             server give out its artifacts (mlflow server --serve-artifacts) or keep them in S3",
            folder.display()
        )));
    }
    Ok(Model::load(folder, options)?)
}
