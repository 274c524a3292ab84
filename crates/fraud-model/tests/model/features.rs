//! Stages before the classifier, where the fixtures don't reach.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Builder, Int8Array, Int32Array, Int32Builder, ListBuilder, StructArray,
};
use fraud_model::{Model, ModelOptions, Outcome};
use serde_json::json;

use crate::made::{ASSEMBLER, MadeModel, field, leaf, split, write_table};
use crate::support::{copy_folder, entries, goldens, lines, model_folder, score, score_lines};

const ENCODER: &str = "org.apache.spark.ml.feature.OneHotEncoderModel";
const BINARIZER: &str = "org.apache.spark.ml.feature.Binarizer";
const BUCKETIZER: &str = "org.apache.spark.ml.feature.Bucketizer";
const SCALER: &str = "org.apache.spark.ml.feature.StandardScalerModel";

#[test]
fn a_null_category_is_a_null_vector_for_the_assembler_to_handle() {
    let lines = [r#"{"a":1}"#, r#"{"b":1}"#];
    let scores =
        |handle_invalid| score(&encoding(handle_invalid).load().expect("it loads"), &lines);
    let error = scores("error");
    assert_eq!(
        rejection(&error.outcomes[1]),
        "invalid_feature: vector is null"
    );
    assert_eq!(scores("skip").outcomes, [Outcome::Scored, Outcome::Skipped]);
    let keep = scores("keep");
    assert_eq!(keep.outcomes, [Outcome::Scored, Outcome::Scored]);
    // The second of the slots is 1 for the first row, and NaN for the second.
    assert_eq!(keep.predictions, [1.0, 1.0]);
}

#[test]
fn a_category_out_of_range_is_refused_by_the_fields_name() {
    let scores = score(
        &encoding("error").load().expect("it loads"),
        &[r#"{"a":5}"#, r#"{"a":4}"#],
    );
    assert_eq!(
        rejection(&scores.outcomes[0]),
        "invalid_feature: a is a category not seen before"
    );
    assert_eq!(scores.outcomes[1], Outcome::Scored);
}

#[test]
fn several_columns_are_bucketed_at_once() {
    let mut model = MadeModel::new();
    let params = json!({
        "inputCols": ["a", "b"], "outputCols": ["x", "y"], "handleInvalid": "keep",
        "splitsArray": [["-Inf", 0.0, "Inf"], [0.0, 1.0, 2.0]],
    });
    model.add(BUCKETIZER, &params, &json!({}));
    model.add_assembler(&["x", "y"], "features");
    model.add_tree(2, &json!({}), &above(1, 0.5));
    let lines = [
        r#"{"a":-1,"b":0.9}"#,
        r#"{"a":1,"b":1}"#,
        r#"{"a":1,"b":"NaN"}"#,
        r#"{"a":1,"b":3}"#,
    ];
    let scores = score(&model.load().expect("it loads"), &lines);
    assert_eq!(scores.predictions[..3], [0.0, 1.0, 1.0]);
    assert_eq!(
        rejection(&scores.outcomes[3]),
        "invalid_feature: b is outside all buckets"
    );
}

#[test]
fn a_stage_that_computes_with_a_null_vector_refuses_the_row() {
    let mut model = MadeModel::new();
    let encoder = json!({"inputCol": "a", "outputCol": "vector"});
    let folder = model.add(ENCODER, &encoder, &json!({}));
    copy_folder(&encoder_data(), &folder.join("data"));
    model.add_tree(4, &json!({"featuresCol": "vector"}), &above(1, 0.5));
    let scores = score(&model.load().expect("it loads"), &[r#"{"b":1}"#]);
    assert_eq!(
        rejection(&scores.outcomes[0]),
        "invalid_feature: vector is null"
    );
}

#[test]
fn rows_are_scored_alike_in_batches_of_any_size() {
    let model = crate::support::load("imputed-buckets");
    let lines = crate::support::expected_lines("imputed-buckets", "input.jsonl");
    let lines: Vec<_> = lines.iter().cycle().take(1000).collect();
    let together = score_lines(&model, &lines);
    for (line, together) in lines.iter().zip(together) {
        assert_eq!(score_lines(&model, &[line]), [together]);
    }
}

#[test]
fn a_null_is_below_the_threshold_of_a_binarizer_of_spark_4_only() {
    let mut model = MadeModel::new();
    let params = json!({"inputCol": "a", "outputCol": "x", "threshold": 0.0});
    let folder = model.add(BINARIZER, &params, &json!({}));
    model.add_assembler(&["x"], "features");
    model.add_tree(1, &json!({}), &above(0, 0.5));
    let lines = [r#"{"a":null}"#, r#"{"a":0.1}"#];
    let of_3 = score(&model.load().expect("it loads"), &lines);
    assert_eq!(
        rejection(&of_3.outcomes[0]),
        "invalid_feature: x (from a) is null"
    );
    let_spark_save(&folder, "4.0.0");
    let of_4 = score(&model.load().expect("it loads"), &lines);
    assert_eq!(of_4.outcomes, [Outcome::Scored, Outcome::Scored]);
    assert_eq!(of_4.predictions, [0.0, 1.0]);
}

#[test]
fn a_constant_feature_is_scaled_to_zero_by_spark_2_whatever_it_is() {
    let mut model = MadeModel::new();
    let assembler = json!({"inputCols": ["a"], "outputCol": "raw", "handleInvalid": "keep"});
    model.add(ASSEMBLER, &assembler, &json!({}));
    let params = json!({"inputCol": "raw", "outputCol": "features", "withMean": true});
    let folder = model.add(SCALER, &params, &json!({}));
    let columns = vec![field("std", vector(0.0)), field("mean", vector(3.0))];
    write_table(&folder.join("data"), columns.into());
    // NaN is above.
    model.add_tree(1, &json!({}), &above(0, 0.5));
    let lines = [r#"{"a":"NaN"}"#, r#"{"a":1}"#];
    let predictions = || score(&model.load().expect("it loads"), &lines).predictions;
    assert_eq!(predictions(), [1.0, 0.0]);
    let_spark_save(&folder, "2.4.8");
    assert_eq!(predictions(), [0.0, 0.0]);
}

#[test]
fn an_indexer_of_vectors_may_write_over_what_it_reads() {
    let case = goldens().join("vector-indexer-keep");
    let lines = lines(&case.join("input.jsonl"));
    let scores = |folder: &Path| {
        let options = ModelOptions {
            input_schema: Some(case.join("3.5.3/schema.json")),
            ..ModelOptions::default()
        };
        let model = Model::load(folder, &options).expect("it loads");
        score_lines(&Arc::new(model), &lines)
    };
    let folder = case.join("3.5.3/model");
    let copy = tempfile::tempdir().expect("a temporary folder");
    copy_folder(&folder, copy.path());
    for stage in &entries(&copy.path().join("stages"))[1..] {
        let metadata = stage.join("metadata/part-00000");
        let text = std::fs::read_to_string(&metadata).expect("metadata");
        assert!(text.contains("\"features\""));
        std::fs::write(&metadata, text.replace("\"features\"", "\"raw\"")).expect("written");
    }
    assert_eq!(scores(copy.path()), scores(&folder));
}

#[test]
fn a_file_that_is_not_for_this_stage_is_named() {
    let mut model = MadeModel::assembling(&["a"]);
    let folder = model.add(
        SCALER,
        &json!({"inputCol": "features", "outputCol": "x"}),
        &json!({}),
    );
    copy_folder(&encoder_data(), &folder.join("data"));
    model.add_tree(1, &json!({"featuresCol": "x"}), &above(0, 0.5));
    let error = model.error();
    assert!(
        error.contains("2_stage_1/data/part-00000") || error.contains("1_stage_1/data/part-00000"),
        "{error}"
    );
    assert!(error.ends_with("has no column std"), "{error}");
}

/// One-hot encodes `a`, of 5 categories of which the last is dropped, and asks
/// whether it is category 1.
fn encoding(handle_invalid: &str) -> MadeModel {
    let mut model = MadeModel::new();
    let encoder = json!({"inputCol": "a", "outputCol": "vector"});
    let folder = model.add(ENCODER, &encoder, &json!({}));
    copy_folder(&encoder_data(), &folder.join("data"));
    let assembler = json!({
        "inputCols": ["vector"], "outputCol": "features", "handleInvalid": handle_invalid,
    });
    model.add(ASSEMBLER, &assembler, &json!({}));
    model.add_tree(4, &json!({}), &above(1, 0.5));
    model
}

fn encoder_data() -> std::path::PathBuf {
    model_folder("imputed-buckets").join("stages/2_OneHotEncoder_28ca248d63da/data")
}

/// Class 1 where the feature is above the threshold, or NaN.
fn above(feature: i32, threshold: f64) -> [crate::made::Node; 3] {
    [
        split(0, (1, 2), feature, threshold),
        leaf(1, &[3.0, 1.0]),
        leaf(2, &[1.0, 3.0]),
    ]
}

fn rejection(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Rejected(rejection) => rejection.to_string(),
        other => panic!("{other:?}"),
    }
}

/// As if this version had saved the stage, and not the one of all that are made.
fn let_spark_save(stage: &Path, version: &str) {
    let metadata = stage.join("metadata/part-00000");
    let text = std::fs::read_to_string(&metadata).expect("metadata");
    std::fs::write(&metadata, text.replace("3.5.3", version)).expect("written");
}

/// A dense vector of one value, as Spark saves it.
fn vector(value: f64) -> ArrayRef {
    let mut indices = ListBuilder::new(Int32Builder::new());
    indices.append_null();
    let mut values = ListBuilder::new(Float64Builder::new());
    values.append_value([Some(value)]);
    Arc::new(StructArray::from(vec![
        field("type", Arc::new(Int8Array::from(vec![1])) as ArrayRef),
        field("size", Arc::new(Int32Array::from(vec![None]))),
        field("indices", Arc::new(indices.finish())),
        field("values", Arc::new(values.finish())),
    ]))
}
