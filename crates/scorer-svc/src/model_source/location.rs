//! What a person calls a model by.

use std::path::PathBuf;
use std::str::FromStr;

use service_runtime::{ConfigError, object_store};

use super::file_uri;

/// Where a model is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// On this machine.
    Folder(PathBuf),
    /// In an object store: `s3://bucket/prefix`.
    Bucket(String),
    /// In MLflow's registry.
    Registered(RegisteredModel),
}

/// A `models:/` URL, as MLflow reads it (`mlflow.store.artifact.utils.models`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegisteredModel {
    /// The model's name.
    pub(super) name: String,
    pub(super) version: Wanted,
}

/// Which version of a registered model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `models:/name/7`
    Version(String),
    /// `models:/name@champion`
    Alias(String),
    /// `models:/name/Production`; `latest` is none of MLflow's stages, but stands there too.
    Stage(String),
}

impl FromStr for Location {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        const PLACES: &str = "give a folder, s3://bucket/prefix or models:/name@alias";
        if text.is_empty() {
            return Err(ConfigError(format!("no model is named: {PLACES}")));
        }
        if object_store::is_url(text) {
            return Ok(Self::Bucket(text.trim_end_matches('/').to_owned()));
        }
        match text.split_once(':') {
            Some(("file", _)) => file_uri::folder(text).map(Self::Folder).ok_or_else(|| {
                ConfigError(format!(
                    "{text} is no folder of this machine: file:///srv/model is one"
                ))
            }),
            Some(("models", path)) => registered(path).map(Self::Registered).ok_or_else(|| {
                ConfigError(format!(
                    "{text} is not a registered model: models:/name@alias, models:/name/version \
                     or models:/name/Stage"
                ))
            }),
            Some((scheme, path)) if path.starts_with('/') && !scheme.contains('/') => Err(
                ConfigError(format!("{text} is no place of a model: {PLACES}")),
            ),
            _ => Ok(Self::Folder(PathBuf::from(text))),
        }
    }
}

/// What follows `models:`.
fn registered(path: &str) -> Option<RegisteredModel> {
    let path = path.strip_prefix('/')?.trim_start_matches('/');
    let (name, version) = match path.split_once('/') {
        Some((name, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => {
            (name, Wanted::Version(version.to_owned()))
        }
        Some((name, stage)) => (name, Wanted::Stage(stage.to_owned())),
        None => {
            let (name, alias) = path.rsplit_once('@')?;
            (name, Wanted::Alias(alias.to_owned()))
        }
    };
    let (Wanted::Version(text) | Wanted::Alias(text) | Wanted::Stage(text)) = &version;
    (!name.is_empty() && !text.is_empty() && !text.contains('/')).then(|| RegisteredModel {
        name: name.to_owned(),
        version,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_model_is_named_by_version_alias_or_stage() {
        let cases = [
            ("models:/fraud/7", Wanted::Version("7".to_owned())),
            (
                "models:/fraud@champion",
                Wanted::Alias("champion".to_owned()),
            ),
            (
                "models:/fraud/Production",
                Wanted::Stage("Production".to_owned()),
            ),
            ("models://fraud/latest", Wanted::Stage("latest".to_owned())),
        ];
        for (text, version) in cases {
            let name = "fraud".to_owned();
            let expected = Location::Registered(RegisteredModel { name, version });
            assert_eq!(text.parse::<Location>().unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn folders_and_buckets_are_taken_as_they_are() {
        let folder = |text: &str| Location::Folder(PathBuf::from(text));
        assert_eq!(
            "models/fraud".parse::<Location>().unwrap(),
            folder("models/fraud")
        );
        assert_eq!(
            "file:///srv/fraud".parse::<Location>().unwrap(),
            folder("/srv/fraud")
        );
        assert_eq!(
            "file:///srv/my%20models".parse::<Location>().unwrap(),
            folder("/srv/my models")
        );
        assert_eq!(
            "models 7:30/fraud".parse::<Location>().unwrap(),
            folder("models 7:30/fraud")
        );
        assert_eq!(
            "s3a://bucket/fraud/".parse::<Location>().unwrap(),
            Location::Bucket("s3a://bucket/fraud".to_owned())
        );
    }

    #[test]
    fn what_names_no_place_is_refused() {
        for text in [
            "models:/",
            "models:/fraud",
            "models:/fraud/",
            "models:/fraud/1/2",
            "models:/@a",
            "models:fraud/1",
            "gs://bucket/fraud",
            "s3:/bucket/fraud",
            "file://host/srv/fraud",
            "file:fraud",
            "",
        ] {
            assert!(text.parse::<Location>().is_err(), "{text}");
        }
    }
}
