//! The types of the columns that a pipeline reads from transactions. A saved
//! pipeline doesn't record them.

use std::fs;
use std::path::{Path, PathBuf};

use schema::transaction::FeatureType;
use serde::Deserialize;

use crate::columns::handbook_columns;
use crate::model_folder::ModelFolder;
use crate::{ModelError, ModelOptions};

/// Where the type of an input column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeSource {
    /// The file of [`InputTypes`].
    Schema,
    /// The Fraud Detection Handbook's columns.
    Handbook,
    /// What the first stage to read it takes.
    Stage,
}

/// Types by column name.
#[derive(Debug)]
pub(crate) struct InputTypes {
    schema: Option<Schema>,
}

/// Columns and the file that names them.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) file: PathBuf,
    pub(crate) fields: Vec<Field>,
}

/// Spark's `df.schema.json()`.
#[derive(Debug, Deserialize)]
struct StructType {
    fields: Vec<Field>,
}

/// A column of a schema of Spark's, or of a signature of MLflow's, which has the
/// same names of types.
#[derive(Debug, Deserialize)]
pub(crate) struct Field {
    /// Empty where a signature names none.
    #[serde(default)]
    pub(crate) name: String,
    /// A name, or an object for arrays, maps and structs.
    #[serde(rename = "type")]
    data_type: serde_json::Value,
}

impl InputTypes {
    /// The types in the schema of the options, else in the folder's `schema.json`,
    /// else in MLflow's signature. Takes the signature.
    pub(crate) fn load(
        folder: &mut ModelFolder,
        options: &ModelOptions,
    ) -> Result<Self, ModelError> {
        let beside = [&folder.pipeline, &folder.root].map(|folder| folder.join("schema.json"));
        let file = match &options.input_schema {
            Some(file) => Some(file),
            None => beside.iter().find(|file| file.exists()),
        };
        Ok(Self {
            schema: match file {
                Some(file) => Some(Schema::read(file)?),
                None => folder.signature.take(),
            },
        })
    }

    /// The file that the types come from, if there is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.schema.as_ref().map(|schema| schema.file.as_path())
    }

    /// The type of the column `name`, which a stage reads as `default` if
    /// nothing else is known.
    pub(crate) fn of(
        &self,
        name: &str,
        default: FeatureType,
    ) -> Result<(FeatureType, TypeSource), ModelError> {
        if let Some(Schema { file, fields }) = &self.schema {
            let known = type_in(fields, name).map_err(|problem| ModelError::invalid(file, problem));
            return known.map(|feature_type| (feature_type, TypeSource::Schema));
        }
        // Of the Handbook's other three columns, `ts` is no feature.
        if matches!(name, "transaction_id" | "tx_fraud") {
            return Ok((FeatureType::Integer, TypeSource::Handbook));
        }
        let handbook = handbook_columns()
            .into_iter()
            .find(|feature| feature.name == name);
        Ok(match handbook {
            Some(feature) => (feature.feature_type, TypeSource::Handbook),
            None => (default, TypeSource::Stage),
        })
    }
}

impl Schema {
    /// Reads Spark's `df.schema.json()`.
    fn read(file: &Path) -> Result<Self, ModelError> {
        let text = fs::read(file).map_err(|error| ModelError::io(file, error))?;
        let schema: StructType = serde_json::from_slice(&text).map_err(|error| {
            let expected = "not a schema as df.schema.json() writes it";
            ModelError::invalid(file, format!("{expected}: {error}"))
        })?;
        Ok(Self {
            file: file.to_owned(),
            fields: schema.fields,
        })
    }
}

fn type_in(fields: &[Field], name: &str) -> Result<FeatureType, String> {
    let Some(field) = fields.iter().find(|field| field.name == name) else {
        let similar = fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name));
        let hint = similar.map_or(String::new(), |field| {
            format!("; it has {:?}, but names are case-sensitive", field.name)
        });
        return Err(format!(
            "has no field {name:?}, which the pipeline reads{hint}"
        ));
    };
    match field.data_type.as_str().unwrap_or("nested") {
        // A long is taken too: transactions carry 32 bits, so that a greater
        // value is refused rather than scored differently.
        "byte" | "short" | "integer" | "long" => Ok(FeatureType::Integer),
        "double" => Ok(FeatureType::Double),
        "string" => Ok(FeatureType::String),
        "float" => Err(format!(
            "field {name:?} is a float, which transactions can't carry exactly; \
             cast it to double before fitting"
        )),
        other => Err(format!(
            "field {name:?} is of type {other}, which transactions can't carry; \
             cast it to integer, double or string before fitting"
        )),
    }
}
