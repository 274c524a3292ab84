//! A sample of the million random rows of `src/forest/tests.rs`, through a
//! forest of 100 trees of depth 8: values on its thresholds, next to them, and
//! such as compare oddly, scored by Spark itself (`models/forest_rows.py`).

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use fraud_model::{Model, ModelOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

use crate::support::{copy_folder, entries, model_folder, score};

#[test]
fn rows_around_thresholds_get_the_bits_that_spark_gave() {
    let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forest-rows.parquet");
    let file = File::open(rows).expect("the rows");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let schema = reader.schema().clone();
    let features: Vec<_> = schema.fields()[1..16]
        .iter()
        .map(|field| field.name())
        .collect();
    let model = model_of_doubles(&features);
    let mut compared = 0;
    for batch in reader.build().expect("a reader") {
        let batch = batch.expect("rows");
        let lines: Vec<_> = (0..batch.num_rows())
            .map(|row| line(&batch, &features, row))
            .collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let scores = score(&model, &lines);
        for (row, line) in lines.iter().enumerate() {
            let bits = |name: &str| doubles(&batch, name)[row].to_bits();
            let expected = [
                bits("probability_0"),
                bits("probability_1"),
                bits("prediction"),
            ];
            let probability = scores.probability(row).expect("a probability");
            let found = [probability[0], probability[1], scores.predictions[row]];
            assert_eq!(found.map(f64::to_bits), expected, "{line}");
            compared += 1;
        }
    }
    assert_eq!(compared, 4000);
}

/// The forest over doubles alone, which takes NaN.
fn model_of_doubles(features: &[&String]) -> Arc<Model> {
    let copy = tempfile::tempdir().expect("a temporary folder");
    copy_folder(&model_folder("random-forest-100x8"), copy.path());
    let assembler = entries(&copy.path().join("stages"))[0].join("metadata/part-00000");
    let metadata = fs::read_to_string(&assembler).expect("metadata");
    let keeping = metadata.replacen(r#""handleInvalid":"error""#, r#""handleInvalid":"keep""#, 1);
    assert_ne!(keeping, metadata);
    fs::write(&assembler, keeping).expect("written");
    let fields: Vec<_> = features
        .iter()
        .map(|name| json!({"name": name, "type": "double"}))
        .collect();
    let schema = copy.path().join("schema.json");
    fs::write(&schema, json!({"fields": fields}).to_string()).expect("written");
    Arc::new(Model::load(copy.path(), &ModelOptions::default()).expect("it loads"))
}

/// The features of a row as JSON; what isn't finite is a string.
fn line(batch: &RecordBatch, features: &[&String], row: usize) -> String {
    let mut line = String::new();
    for name in features {
        let value = doubles(batch, name)[row];
        let text = match value {
            f64::INFINITY => r#""Infinity""#.to_owned(),
            f64::NEG_INFINITY => r#""-Infinity""#.to_owned(),
            value if value.is_nan() => r#""NaN""#.to_owned(),
            value => format!("{value:?}"),
        };
        let separator = if line.is_empty() { '{' } else { ',' };
        write!(line, "{separator}{name:?}:{text}").expect("a string takes all text");
    }
    line + "}"
}

fn doubles<'a>(batch: &'a RecordBatch, name: &str) -> &'a [f64] {
    let column = batch.column_by_name(name).expect("a column");
    assert_eq!(column.null_count(), 0, "{name}");
    column.as_primitive::<Float64Type>().values()
}
