//! From a registered model to a version of it and where that lies.

use serde::Deserialize;

use super::location::{RegisteredModel, Wanted};
use super::mlflow::MlflowServer;
use super::trouble::Trouble;

/// A version of a registered model.
#[derive(Debug)]
pub(super) struct ModelVersion {
    pub(super) name: String,
    pub(super) version: String,
    /// URI of its folder: `mlflow-artifacts:/…`, `s3://…`, a path ….
    pub(super) artifacts: String,
}

#[derive(Debug, Deserialize)]
struct OneVersion {
    model_version: Version,
}

#[derive(Debug, Deserialize)]
struct SomeVersions {
    /// Left out where there are none.
    #[serde(default)]
    model_versions: Vec<Version>,
}

#[derive(Debug, Deserialize)]
struct Version {
    version: String,
}

#[derive(Debug, Deserialize)]
struct DownloadUri {
    artifact_uri: String,
}

/// Asks the registry which version is meant and where it lies.
pub(super) async fn resolve(
    server: &MlflowServer,
    model: &RegisteredModel,
) -> Result<ModelVersion, Trouble> {
    let name = model.name.as_str();
    let version = match &model.version {
        Wanted::Version(version) => version.clone(),
        Wanted::Alias(alias) => {
            let query = [("name", name), ("alias", alias)];
            let found: OneVersion = server.ask("mlflow/registered-models/alias", &query).await?;
            found.model_version.version
        }
        Wanted::Stage(stage) => latest(server, name, stage).await?,
    };
    let query = [("name", name), ("version", version.as_str())];
    let uri: DownloadUri = server
        .ask("mlflow/model-versions/get-download-uri", &query)
        .await?;
    Ok(ModelVersion {
        name: name.to_owned(),
        version,
        artifacts: uri.artifact_uri,
    })
}

/// The latest version in a stage, or of all: the server knows the latest of each stage.
async fn latest(server: &MlflowServer, name: &str, stage: &str) -> Result<String, Trouble> {
    let mut query = vec![("name", name)];
    if !stage.eq_ignore_ascii_case("latest") {
        query.push(("stages", stage));
    }
    let found: SomeVersions = server
        .ask("mlflow/registered-models/get-latest-versions", &query)
        .await?;
    let versions = found.model_versions.into_iter();
    versions
        .map(|found| found.version)
        .max_by_key(|version| version.parse::<u64>().unwrap_or(0))
        .ok_or_else(|| {
            Trouble::Lasting(format!(
                "the registry has no version of {name} in stage {stage}"
            ))
        })
}
