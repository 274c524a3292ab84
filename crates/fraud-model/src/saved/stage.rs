//! The metadata of a pipeline or a stage: class, uid and parameters.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{MAX_WIDTH, folder};
use crate::ModelError;

/// A saved pipeline or stage, of which only the metadata was read.
#[derive(Debug)]
pub(crate) struct SavedStage {
    /// The stage's folder.
    pub(crate) folder: PathBuf,
    /// Its class as Spark names it.
    pub(crate) class: String,
    /// Its uid.
    pub(crate) uid: String,
    /// The version of Spark that saved it.
    pub(crate) spark_version: String,
    metadata_file: PathBuf,
    metadata: Map<String, Value>,
}

impl SavedStage {
    /// Reads the metadata in `folder`.
    pub(crate) fn open(folder: &Path) -> Result<Self, ModelError> {
        let (metadata_file, line) = folder::read_metadata_line(folder)?;
        let metadata: Map<String, Value> = serde_json::from_str(&line).map_err(|error| {
            ModelError::invalid(&metadata_file, format!("not Spark ML metadata: {error}"))
        })?;
        let text = |key: &str| match metadata.get(key) {
            Some(Value::String(text)) => Ok(text.clone()),
            _ => Err(ModelError::invalid(
                &metadata_file,
                format!("has no text {key:?}"),
            )),
        };
        Ok(Self {
            folder: folder.to_owned(),
            class: text("class")?,
            uid: text("uid")?,
            spark_version: text("sparkVersion")?,
            metadata_file,
            metadata,
        })
    }

    /// Whether a Spark before this version saved it, since what a stage computes
    /// changed with some. What has no number is new.
    pub(crate) fn is_before(&self, version: [u32; 2]) -> bool {
        is_before(&self.spark_version, version)
    }

    /// The class without its package.
    pub(crate) fn short_class(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or(&self.class)
    }

    /// The folder of a table such as `data`.
    pub(crate) fn table_folder(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The columns that the stage reads, by the parameters that all of Spark's
    /// stages share.
    pub(crate) fn input_columns(&self) -> Result<Vec<String>, ModelError> {
        if let Some(names) = self.texts("inputCols")? {
            return Ok(names);
        }
        let single = match self.text("inputCol")? {
            Some(name) => Some(name),
            None => self.text("featuresCol")?,
        };
        Ok(single.into_iter().collect())
    }

    /// The columns that the stage writes, by the parameters that all of Spark's
    /// stages share; empty where it has none of them.
    pub(crate) fn output_columns(&self) -> Result<Vec<String>, ModelError> {
        // Before a set `outputCols`, the default of `outputCol` means nothing.
        if let Some(names) = self.texts("outputCols")? {
            return Ok(names);
        }
        let mut names = Vec::new();
        for param in [
            "outputCol",
            "rawPredictionCol",
            "probabilityCol",
            "predictionCol",
            "leafCol",
        ] {
            names.extend(self.text(param)?.filter(|name| !name.is_empty()));
        }
        Ok(names)
    }

    /// Whether Spark lets the stage write a column that is there already, such as
    /// the one that it reads: most stages say "already exists".
    pub(crate) fn may_overwrite(&self) -> bool {
        matches!(self.short_class(), "ImputerModel" | "VectorIndexerModel")
    }

    /// Whether Spark computes the stage's columns before it comes to any filter after
    /// it, because their functions are declared non-deterministic.
    pub(crate) fn is_barrier(&self) -> bool {
        matches!(self.short_class(), "StringIndexerModel" | "VectorAssembler")
    }

    /// A text parameter, set or default.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, ModelError> {
        match self.param(name) {
            None => Ok(self.unsaved_default(name)),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong_param(name, "a text")),
        }
    }

    /// The default of a column's name: Spark before 2.4 didn't save it.
    fn unsaved_default(&self, name: &str) -> Option<String> {
        if self.metadata.contains_key("defaultParamMap") {
            return None;
        }
        let classifies = self
            .class
            .starts_with("org.apache.spark.ml.classification.");
        match name {
            "featuresCol" if classifies => Some("features".to_owned()),
            "rawPredictionCol" if classifies => Some("rawPrediction".to_owned()),
            "probabilityCol" if classifies => Some("probability".to_owned()),
            "predictionCol" if classifies => Some("prediction".to_owned()),
            "outputCol" if !classifies => Some(format!("{}__output", self.uid)),
            _ => None,
        }
    }

    /// A text parameter that the stage can't be without.
    pub(crate) fn required_text(&self, name: &str) -> Result<String, ModelError> {
        self.text(name)?
            .ok_or_else(|| self.wrong_param(name, "set"))
    }

    /// A list of texts, set or default.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, ModelError> {
        let Some(value) = self.param(name) else {
            return Ok(None);
        };
        let texts = value.as_array().and_then(|items| {
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        });
        texts
            .map(Some)
            .ok_or_else(|| self.wrong_param(name, "a list of texts"))
    }

    /// A double, set or default, else `default`, since Spark before 2.4 didn't
    /// save defaults.
    pub(crate) fn double_or(&self, name: &str, default: f64) -> Result<f64, ModelError> {
        match self.param(name) {
            None => Ok(default),
            Some(value) => double(value).ok_or_else(|| self.wrong_param(name, "a number")),
        }
    }

    /// A list of doubles, set or default.
    pub(crate) fn doubles(&self, name: &str) -> Result<Option<Vec<f64>>, ModelError> {
        let Some(value) = self.param(name) else {
            return Ok(None);
        };
        doubles(value)
            .map(Some)
            .ok_or_else(|| self.wrong_param(name, "a list of numbers"))
    }

    /// A list of lists of doubles, set or default.
    pub(crate) fn double_lists(&self, name: &str) -> Result<Option<Vec<Vec<f64>>>, ModelError> {
        let Some(value) = self.param(name) else {
            return Ok(None);
        };
        let lists = value
            .as_array()
            .and_then(|lists| lists.iter().map(doubles).collect::<Option<Vec<_>>>());
        lists
            .map(Some)
            .ok_or_else(|| self.wrong_param(name, "a list of lists of numbers"))
    }

    /// An integer, set or default, else `default`.
    pub(crate) fn integer_or(&self, name: &str, default: i64) -> Result<i64, ModelError> {
        match self.param(name) {
            None => Ok(default),
            Some(value) => value
                .as_i64()
                .ok_or_else(|| self.wrong_param(name, "an integer")),
        }
    }

    /// A list of integers, set or default.
    pub(crate) fn integers(&self, name: &str) -> Result<Option<Vec<i64>>, ModelError> {
        let Some(value) = self.param(name) else {
            return Ok(None);
        };
        let integers = value
            .as_array()
            .and_then(|items| items.iter().map(Value::as_i64).collect());
        integers
            .map(Some)
            .ok_or_else(|| self.wrong_param(name, "a list of integers"))
    }

    /// A vector that the stage can't be without, with all its zeros.
    pub(crate) fn vector(&self, name: &str) -> Result<Vec<f64>, ModelError> {
        self.param(name)
            .and_then(vector)
            .ok_or_else(|| self.wrong_param(name, "a vector"))
    }

    /// A boolean, set or default, else `default`.
    pub(crate) fn boolean_or(&self, name: &str, default: bool) -> Result<bool, ModelError> {
        match self.param(name) {
            None => Ok(default),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(self.wrong_param(name, "true or false")),
        }
    }

    /// A count that stands beside the parameters, such as `numFeatures`.
    pub(crate) fn count(&self, name: &str) -> Result<usize, ModelError> {
        self.metadata
            .get(name)
            .and_then(Value::as_u64)
            .filter(|count| *count <= i32::MAX as u64)
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(|| {
                ModelError::invalid(&self.metadata_file, format!("{name:?} is not a count"))
            })
    }

    /// The stage can't be used as it is configured.
    pub(crate) fn error(&self, problem: impl Into<String>) -> ModelError {
        ModelError::Stage {
            uid: self.uid.clone(),
            class: self.short_class().to_owned(),
            problem: problem.into(),
        }
    }

    /// A set parameter, else its default.
    fn param(&self, name: &str) -> Option<&Value> {
        ["paramMap", "defaultParamMap"]
            .iter()
            .find_map(|map| self.metadata.get(*map)?.as_object()?.get(name))
    }

    fn wrong_param(&self, name: &str, expected: &str) -> ModelError {
        ModelError::invalid(
            &self.metadata_file,
            format!("parameter {name:?} of {} is not {expected}", self.uid),
        )
    }
}

/// A double as Spark's JSON holds it: what isn't finite is a string.
fn double(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => match text.as_str() {
            "Inf" => Some(f64::INFINITY),
            "-Inf" => Some(f64::NEG_INFINITY),
            "NaN" => Some(f64::NAN),
            _ => None,
        },
        other => other.as_f64(),
    }
}

fn doubles(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(double).collect()
}

/// A vector as `JsonVectorConverter` in Spark's sources writes it.
fn vector(value: &Value) -> Option<Vec<f64>> {
    let values = doubles(value.get("values")?)?;
    if value.get("type")?.as_u64()? == 1 {
        return Some(values);
    }
    let size = usize::try_from(value.get("size")?.as_u64()?).ok()?;
    let indices = value.get("indices")?.as_array()?;
    if size > MAX_WIDTH || indices.len() != values.len() {
        return None;
    }
    let mut dense = vec![0.0; size];
    for (index, value) in indices.iter().zip(values) {
        *dense.get_mut(usize::try_from(index.as_u64()?).ok()?)? = value;
    }
    Some(dense)
}

fn is_before(spark_version: &str, version: [u32; 2]) -> bool {
    let mut numbers = spark_version.split('.').map(|part| {
        let digits = part.find(|letter: char| !letter.is_ascii_digit());
        part[..digits.unwrap_or(part.len())].parse()
    });
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => [major, minor] < version,
        (Some(Ok(major)), _) => [major, 0] < version,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_before;

    #[test]
    fn versions_of_vendors_are_told_apart_by_their_first_two_numbers() {
        let before = [
            "2.4.8",
            "3.1.1-amzn-0",
            "2.4.0.cloudera1",
            "3.1-SNAPSHOT",
            "3",
        ];
        let after = [
            "3.2-SNAPSHOT",
            "3.2.0",
            "3.10.1",
            "4.2.0",
            "4-preview",
            "main",
        ];
        assert!(before.iter().all(|version| is_before(version, [3, 2])));
        assert!(!after.iter().any(|version| is_before(version, [3, 2])));
    }
}
