//! From what a person calls a model to the loaded pipeline.

use std::path::Path;

use anyhow::{Context as _, bail};
use fraud_model::{Model, ModelOptions};

/// Loads the model from the place that `location` names.
pub(crate) fn load(location: &str, options: &ModelOptions) -> anyhow::Result<Model> {
    if let Some((scheme, _)) = remote(location) {
        bail!(
            "cannot load model {location}: {scheme} isn't supported yet, \
             only a folder on this machine that PipelineModel.save wrote"
        );
    }
    let folder = Path::new(location.strip_prefix("file://").unwrap_or(location));
    Model::load(folder, options).with_context(|| format!("cannot load model {location}"))
}

fn remote(location: &str) -> Option<(&str, &str)> {
    ["s3://", "models:/"].into_iter().find_map(|scheme| {
        location
            .strip_prefix(scheme)
            .map(|rest| (scheme.trim_end_matches('/'), rest))
    })
}
