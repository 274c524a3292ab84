//! What lies in a model's folder: the pipeline itself, or, as MLflow's `spark`
//! flavour writes it, an `MLmodel` file beside the pipeline's folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde_norway::Value;

use crate::ModelError;
use crate::input_types::{Field, Schema};

/// No `MLmodel` file is longer; more is not one.
const MAX_MLMODEL_BYTES: u64 = 1 << 20;
/// Brackets within brackets: reading them takes a time that grows with the square.
const MAX_NESTING: usize = 500;

/// Where the parts of a model are.
#[derive(Debug)]
pub(crate) struct ModelFolder {
    /// What the model is called by.
    pub(crate) root: PathBuf,
    /// What `PipelineModel.save` wrote: the root, or a folder in it.
    pub(crate) pipeline: PathBuf,
    /// The input columns of MLflow's signature, where it names some.
    pub(crate) signature: Option<Schema>,
}

/// The part of `MLmodel` that matters here (`mlflow.models.Model.to_dict`).
#[derive(Debug, Deserialize)]
struct MlModel {
    flavors: Option<BTreeMap<String, Value>>,
    signature: Option<Signature>,
}

#[derive(Debug, Deserialize)]
struct Signature {
    /// JSON: a list of columns or tensors.
    inputs: Option<String>,
}

impl ModelFolder {
    /// Looks what is in `root`.
    pub(crate) fn open(root: &Path) -> Result<Self, ModelError> {
        if !root.is_dir() {
            let problem = if root.exists() {
                "is not a folder"
            } else {
                "doesn't exist"
            };
            return Err(ModelError::invalid(root, problem));
        }
        let file = root.join("MLmodel");
        let folder = Self {
            root: root.to_owned(),
            pipeline: root.to_owned(),
            signature: None,
        };
        if !file.is_file() {
            return Ok(folder);
        }
        let text = read_text(&file)?;
        if nesting(&text) > MAX_NESTING {
            return Err(ModelError::invalid(&file, "is nested too deeply"));
        }
        let described: MlModel = serde_norway::from_str(&text)
            .map_err(|error| ModelError::invalid(&file, format!("not MLflow's: {error}")))?;
        Ok(Self {
            pipeline: root.join(pipeline_path(
                &file,
                &described.flavors.unwrap_or_default(),
            )?),
            signature: signature(&file, described.signature)?,
            ..folder
        })
    }
}

fn read_text(file: &Path) -> Result<String, ModelError> {
    let opened = File::open(file).map_err(|error| ModelError::io(file, error))?;
    let mut text = String::new();
    opened
        .take(MAX_MLMODEL_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| ModelError::io(file, error))?;
    Ok(text)
}

/// The most brackets that are open at once, those in texts included.
fn nesting(yaml: &str) -> usize {
    let mut open = 0_usize;
    let mut most = 0;
    for byte in yaml.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// The pipeline's path in the model's folder; MLflow has called it `sparkml` so far.
fn pipeline_path(file: &Path, flavors: &BTreeMap<String, Value>) -> Result<PathBuf, ModelError> {
    let Some(spark) = flavors.get("spark") else {
        let names: Vec<_> = flavors.keys().map(String::as_str).collect();
        let others = match names.is_empty() {
            true => "nor any other".to_owned(),
            false => format!("only {}", names.join(" and ")),
        };
        return Err(ModelError::invalid(
            file,
            format!("has no flavour spark, {others}; log the pipeline with mlflow.spark.log_model"),
        ));
    };
    let path = spark.get("model_data").and_then(Value::as_str);
    let path = Path::new(path.unwrap_or_default());
    let is_inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if path.as_os_str().is_empty() || !is_inside {
        return Err(ModelError::invalid(
            file,
            "model_data of the flavour spark is not a folder in the model's",
        ));
    }
    Ok(path.to_owned())
}

/// `None` where no column has a name: MLflow then didn't know the columns, and no
/// type is better than a made-up one.
fn signature(file: &Path, signature: Option<Signature>) -> Result<Option<Schema>, ModelError> {
    let Some(inputs) = signature.and_then(|signature| signature.inputs) else {
        return Ok(None);
    };
    let mut fields: Vec<Field> = serde_json::from_str(&inputs).map_err(|error| {
        ModelError::invalid(file, format!("signature.inputs is not MLflow's: {error}"))
    })?;
    fields.retain(|field| !field.name.is_empty());
    Ok((!fields.is_empty()).then(|| Schema {
        file: file.to_owned(),
        fields,
    }))
}
