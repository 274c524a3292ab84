//! The layout of Spark 2.4, which needs a JDK 8 and a Python 3.7 and so can't
//! make goldens beside the others: those of Spark 3.5, laid out as Spark 2.4's
//! sources write them, score the same.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StructArray};
use fraud_model::{Model, ModelOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::made::{field, write_table};
use crate::support::{collect_files, copy_folder, goldens, lines, score_lines};

/// Goldens whose stages and options Spark 2.4 has, and whose tables it wrote
/// otherwise.
const CASES: [&str; 6] = [
    "bernoulli-naive-bayes",
    "decision-tree-of-three-classes",
    "multilayer-perceptron",
    "multinomial-naive-bayes",
    "random-forest-of-three-classes",
    "string-indexer-single",
];

#[test]
fn tables_as_spark_2_wrote_them_score_as_those_of_spark_3() {
    for name in CASES {
        let case = goldens().join(name);
        let folder = case.join("3.5.3");
        let copy = tempfile::tempdir().expect("a temporary folder");
        copy_folder(&folder.join("model"), copy.path());
        assert!(lay_out_as_spark_2(copy.path()) > 0, "{name}");
        let outputs = |model: &Path| {
            let options = ModelOptions {
                input_schema: Some(folder.join("schema.json")),
                ..ModelOptions::default()
            };
            let model = Model::load(model, &options);
            let model = model.unwrap_or_else(|error| panic!("{name}: {error}"));
            score_lines(&Arc::new(model), &lines(&case.join("input.jsonl")))
        };
        assert_eq!(
            outputs(copy.path()),
            outputs(&folder.join("model")),
            "{name}"
        );
    }
}

/// Rewrites metadata and tables; how many tables became others.
fn lay_out_as_spark_2(model: &Path) -> usize {
    let mut files = Vec::new();
    collect_files(model, &mut files);
    let mut changed = 0;
    let (tables, metadata): (Vec<_>, Vec<_>) = files.iter().partition(|file| {
        file.extension()
            .is_some_and(|extension| extension == "parquet")
    });
    for file in tables {
        let rows = read(file);
        let stage = file.ancestors().nth(2).expect("a stage's folder");
        let old = as_spark_2(&rows, stage);
        if old.columns() != rows.columns() || old.column_names() != rows.column_names() {
            fs::remove_file(file).expect("removed");
            write_table(file.parent().expect("a folder"), old);
            changed += 1;
        }
    }
    for file in metadata {
        let mut metadata = read_metadata(file);
        metadata["sparkVersion"] = "2.4.8".into();
        for params in ["paramMap", "defaultParamMap"] {
            let params = metadata[params].as_object_mut().expect("parameters");
            params.remove("layers");
        }
        fs::write(file, metadata.to_string()).expect("written");
    }
    changed
}

/// The rows with the columns of Spark 2.4: nodes without `rawCount`, labels of
/// one column alone, layers beside the weights, no `sigma`.
fn as_spark_2(rows: &StructArray, stage: &Path) -> StructArray {
    let mut columns = Vec::new();
    for (name, column) in rows.column_names().into_iter().zip(rows.columns()) {
        match name {
            "rawCount" | "sigma" => {}
            "nodeData" => {
                let nodes: ArrayRef = Arc::new(as_spark_2(column.as_struct(), stage));
                columns.push(field(name, nodes));
            }
            "labelsArray" => columns.push(field("labels", column.as_list::<i32>().value(0))),
            "weights" if !rows.column_names().contains(&"treeID") => {
                columns.push(field("layers", layers(stage)));
                columns.push(field(name, column.clone()));
            }
            _ => columns.push(field(name, column.clone())),
        }
    }
    columns.into()
}

/// The layers that Spark 3 keeps as a parameter.
fn layers(stage: &Path) -> ArrayRef {
    let metadata = read_metadata(&stage.join("metadata/part-00000"));
    let layers = metadata["paramMap"]["layers"].as_array().expect("layers");
    let layers = layers
        .iter()
        .map(|size| size.as_i64().map(|size| size as i32));
    let mut lists = arrow::array::ListBuilder::new(arrow::array::Int32Builder::new());
    lists.append_value(layers);
    Arc::new(lists.finish())
}

fn read(file: &Path) -> StructArray {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).expect("a file"));
    let batches = reader.expect("Parquet").build().expect("a reader");
    let batches: Vec<RecordBatch> = batches.map(|batch| batch.expect("rows")).collect();
    let rows = arrow::compute::concat_batches(&batches[0].schema(), &batches);
    rows.expect("one schema").into()
}

fn read_metadata(file: &Path) -> Value {
    let text = fs::read_to_string(file).expect("metadata");
    serde_json::from_str(&text).expect("JSON")
}
