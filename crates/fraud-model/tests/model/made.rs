//! Models made by hand, in the layout in which Spark saves them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Float64Builder, Int32Array, ListBuilder, RecordBatch, StructArray,
};
use arrow::datatypes::Field;
use fraud_model::{Model, ModelError, ModelOptions};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const ASSEMBLER: &str = "org.apache.spark.ml.feature.VectorAssembler";
pub(crate) const PIPELINE: &str = "org.apache.spark.ml.PipelineModel";
pub(crate) const FOREST: &str =
    "org.apache.spark.ml.classification.RandomForestClassificationModel";
pub(crate) const TREE: &str = "org.apache.spark.ml.classification.DecisionTreeClassificationModel";

/// A pipeline in a folder of its own, which goes when this is dropped.
pub(crate) struct MadeModel {
    folder: TempDir,
    uids: Vec<String>,
    /// As Spark pads them; fixed, so that a stage can be written at once.
    digits: usize,
}

/// A row of a tree's table.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) id: i32,
    pub(crate) stats: Vec<f64>,
    pub(crate) children: (i32, i32),
    pub(crate) feature: i32,
    pub(crate) values: Vec<f64>,
    pub(crate) categories: i32,
}

pub(crate) fn leaf(id: i32, stats: &[f64]) -> Node {
    Node {
        id,
        stats: stats.to_vec(),
        children: (-1, -1),
        feature: -1,
        values: Vec::new(),
        categories: -1,
    }
}

pub(crate) fn split(id: i32, children: (i32, i32), feature: i32, threshold: f64) -> Node {
    Node {
        id,
        stats: vec![1.0, 1.0],
        children,
        feature,
        values: vec![threshold],
        categories: -1,
    }
}

impl MadeModel {
    /// A pipeline without stages.
    pub(crate) fn new() -> Self {
        Self::with_digits(1)
    }

    /// A pipeline whose stages are numbered with so many digits.
    pub(crate) fn with_digits(digits: usize) -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            uids: Vec::new(),
            digits,
        }
    }

    /// A pipeline that assembles `inputs` into `features`.
    pub(crate) fn assembling(inputs: &[&str]) -> Self {
        let mut model = Self::new();
        model.add_assembler(inputs, "features");
        model
    }

    /// A pipeline that assembles `inputs` and decides by a tree.
    pub(crate) fn tree(inputs: &[&str], nodes: &[Node]) -> Self {
        let mut model = Self::assembling(inputs);
        model.add_tree(inputs.len(), &json!({}), nodes);
        model
    }

    /// Adds a stage that assembles `inputs` into `output`.
    pub(crate) fn add_assembler(&mut self, inputs: &[&str], output: &str) {
        let params = json!({"inputCols": inputs, "outputCol": output});
        self.add(ASSEMBLER, &params, &json!({}));
    }

    /// Adds a stage with its parameters and what stands beside them.
    pub(crate) fn add(&mut self, class: &str, params: &Value, extras: &Value) -> PathBuf {
        let uid = format!("stage_{}", self.uids.len());
        let name = format!("{:0digits$}_{uid}", self.uids.len(), digits = self.digits);
        let folder = self.path().join("stages").join(name);
        write_metadata(&folder, class, &uid, params, extras);
        self.uids.push(uid);
        self.write_pipeline();
        folder
    }

    /// Adds a tree over `features` features of two classes.
    pub(crate) fn add_tree(&mut self, features: usize, params: &Value, nodes: &[Node]) -> PathBuf {
        let classes = nodes.last().map_or(2, |node| node.stats.len());
        let extras = &json!({"numFeatures": features, "numClasses": classes});
        let folder = self.add(TREE, params, extras);
        write_table(&folder.join("data"), node_table(nodes));
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn load(&self) -> Result<Arc<Model>, ModelError> {
        Model::load(self.path(), &ModelOptions::default()).map(Arc::new)
    }

    /// The error that loading it ends in.
    pub(crate) fn error(&self) -> String {
        self.load()
            .expect_err("the model must not load")
            .to_string()
    }

    fn write_pipeline(&self) {
        let params = &json!({"stageUids": self.uids});
        write_metadata(self.path(), PIPELINE, "pipeline", params, &json!({}));
    }
}

pub(crate) fn write_metadata(
    folder: &Path,
    class: &str,
    uid: &str,
    params: &Value,
    extras: &Value,
) {
    let mut metadata = json!({
        "class": class, "timestamp": 0, "sparkVersion": "3.5.3", "uid": uid,
        "paramMap": params, "defaultParamMap": {},
    });
    if class.contains(".classification.") {
        metadata["defaultParamMap"] = json!({
            "featuresCol": "features", "rawPredictionCol": "rawPrediction",
            "probabilityCol": "probability", "predictionCol": "prediction",
        });
    }
    for (key, value) in extras.as_object().expect("extras are an object") {
        metadata[key] = value.clone();
    }
    let metadata_folder = folder.join("metadata");
    fs::create_dir_all(&metadata_folder).expect("a folder");
    fs::write(metadata_folder.join("part-00000"), metadata.to_string()).expect("a file");
}

/// The table `data` of a decision tree.
pub(crate) fn node_table(nodes: &[Node]) -> StructArray {
    let integers = |value: fn(&Node) -> i32| -> ArrayRef {
        Arc::new(nodes.iter().map(value).collect::<Int32Array>())
    };
    let zeros: ArrayRef = Arc::new(Float64Array::from(vec![0.0; nodes.len()]));
    let split = StructArray::from(vec![
        field("featureIndex", integers(|node| node.feature)),
        field(
            "leftCategoriesOrThreshold",
            lists(nodes.iter().map(|node| &node.values)),
        ),
        field("numCategories", integers(|node| node.categories)),
    ]);
    StructArray::from(vec![
        field("id", integers(|node| node.id)),
        field("prediction", zeros.clone()),
        field("impurity", zeros),
        field("impurityStats", lists(nodes.iter().map(|node| &node.stats))),
        field(
            "gain",
            Arc::new(Float64Array::from(vec![0.25; nodes.len()])),
        ),
        field("leftChild", integers(|node| node.children.0)),
        field("rightChild", integers(|node| node.children.1)),
        field("split", Arc::new(split)),
    ])
}

fn lists<'a>(lists: impl Iterator<Item = &'a Vec<f64>>) -> ArrayRef {
    let mut builder = ListBuilder::new(Float64Builder::new());
    for list in lists {
        builder.append_value(list.iter().map(|value| Some(*value)));
    }
    Arc::new(builder.finish())
}

pub(crate) fn field(name: &str, array: ArrayRef) -> (Arc<Field>, ArrayRef) {
    (
        Arc::new(Field::new(name, array.data_type().clone(), true)),
        array,
    )
}

/// Writes a table as the next part file of `folder`.
pub(crate) fn write_table(folder: &Path, rows: StructArray) {
    fs::create_dir_all(folder).expect("a folder");
    let number = fs::read_dir(folder).expect("a folder").count();
    let file = File::create(folder.join(format!("part-{number:05}.snappy.parquet")));
    let batch = RecordBatch::from(rows);
    let mut writer =
        ArrowWriter::try_new(file.expect("a file"), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("rows are written");
    writer.close().expect("the file is written");
}
