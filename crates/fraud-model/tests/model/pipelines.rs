//! What a pipeline depends on, in what order, and what it can't.

use std::fs;

use fraud_model::Outcome;
use schema::transaction::{Feature, FeatureType};
use serde_json::json;

use crate::made::{self, ASSEMBLER, MadeModel, leaf, split};
use crate::support::{
    collect_files, copy_folder, expected_lines, load, model_folder, score, score_lines,
};

const SCALER: &str = "org.apache.spark.ml.feature.StandardScalerModel";
const TOKENIZER: &str = "org.apache.spark.ml.feature.Tokenizer";

#[test]
fn input_columns_are_those_that_the_prediction_depends_on() {
    let mut model = MadeModel::new();
    model.add_assembler(&["unused"], "other");
    model.add_assembler(&["b", "tx_amount"], "features");
    model.add_tree(2, &json!({}), &[leaf(0, &[1.0, 3.0])]);
    model.add(
        TOKENIZER,
        &json!({"inputCol": "prediction", "outputCol": "words"}),
        &json!({}),
    );
    let model = model.load().expect("it loads");
    let feature = |name: &str| Feature {
        name: name.to_owned(),
        feature_type: FeatureType::Double,
    };
    assert_eq!(
        model.transaction_schema().features,
        [feature("b"), feature("tx_amount")]
    );
    assert_eq!(model.classes(), 2);
}

#[test]
fn an_unsupported_stage_that_is_needed_is_named_with_what_is_supported() {
    let mut model = MadeModel::new();
    model.add(
        TOKENIZER,
        &json!({"inputCol": "text", "outputCol": "words"}),
        &json!({}),
    );
    model.add_assembler(&["words"], "features");
    model.add_tree(1, &json!({}), &[leaf(0, &[1.0, 3.0])]);
    let error = model.error();
    assert!(
        error.starts_with(
            "stage stage_0 is a org.apache.spark.ml.feature.Tokenizer, which isn't supported; \
             the results depend on it; supported are "
        ),
        "{error}"
    );
    assert!(error.contains("RandomForestClassificationModel"), "{error}");
}

#[test]
fn an_unsupported_stage_whose_columns_are_unknown_is_refused() {
    let mut model = MadeModel::tree(&["a"], &[leaf(0, &[1.0, 3.0])]);
    let params = &json!({"statement": "SELECT * FROM __THIS__ LIMIT 1"});
    model.add(
        "org.apache.spark.ml.feature.SQLTransformer",
        params,
        &json!({}),
    );
    let error = model.error();
    assert!(
        error.contains("stage_2") && error.contains("SQLTransformer"),
        "{error}"
    );
}

#[test]
fn a_pipeline_without_a_supported_classifier_is_refused() {
    let mut model = MadeModel::tree(&["a"], &[leaf(0, &[1.0, 3.0])]);
    let params = &json!({"featuresCol": "features", "predictionCol": "p"});
    model.add(
        "org.apache.spark.ml.classification.OneVsRestModel",
        params,
        &json!({}),
    );
    let error = model.error();
    assert!(
        error.contains("OneVsRestModel, which isn't supported"),
        "{error}"
    );
}

#[test]
fn features_must_be_assembled_and_as_wide_as_when_fitted() {
    let mut model = MadeModel::new();
    model.add_tree(1, &json!({}), &[leaf(0, &[1.0, 3.0])]);
    assert!(
        model
            .error()
            .contains("reads the vector \"features\", which no stage before it makes")
    );
    let mut model = MadeModel::assembling(&["a", "b"]);
    model.add_tree(3, &json!({}), &[leaf(0, &[1.0, 3.0])]);
    assert!(
        model
            .error()
            .ends_with("was fitted on 3 features, but \"features\" has 2")
    );
}

#[test]
fn a_column_that_another_stage_makes_is_not_looked_for_in_transactions() {
    let mut model = MadeModel::assembling(&["a"]);
    model.add_tree(
        1,
        &json!({"leafCol": "leaf", "predictionCol": "first"}),
        &halves(),
    );
    model.add_assembler(&["leaf"], "leaves");
    let columns = json!({
        "featuresCol": "leaves", "rawPredictionCol": "raw", "probabilityCol": "p",
    });
    model.add_tree(1, &columns, &halves());
    let error = model.error();
    assert!(
        error.contains("reads \"leaf\", which another stage makes"),
        "{error}"
    );
}

#[test]
fn most_stages_may_not_write_a_column_that_is_there() {
    let mut model = MadeModel::new();
    model.add_assembler(&["a"], "features");
    let params = json!({"inputCol": "a", "outputCol": "b", "threshold": 1.0});
    model.add("org.apache.spark.ml.feature.Binarizer", &params, &json!({}));
    model.add_assembler(&["b"], "features");
    model.add_tree(1, &json!({}), &halves());
    let error = model.error();
    assert!(
        error.ends_with("writes the column \"features\", which is there already"),
        "{error}"
    );
}

#[test]
fn a_classifier_may_read_what_another_one_predicts() {
    let mut model = MadeModel::assembling(&["a"]);
    let first = json!({"predictionCol": "first", "probabilityCol": "p", "rawPredictionCol": "r"});
    model.add_tree(1, &first, &halves());
    model.add_assembler(&["p", "first"], "stacked");
    let nodes = [
        split(0, (1, 2), 1, 0.5),
        leaf(1, &[0.0, 1.0]),
        leaf(2, &[1.0, 0.0]),
    ];
    model.add_tree(3, &json!({"featuresCol": "stacked"}), &nodes);
    // The share of class 1 is 0.25 where `a` is 0.5, and 0.75 where it is 1.5.
    let scores = score(
        &model.load().expect("it loads"),
        &[r#"{"a":0.5}"#, r#"{"a":1.5}"#],
    );
    assert_eq!(scores.predictions, [1.0, 0.0]);
}

#[test]
fn a_pipeline_in_a_pipeline_is_part_of_it() {
    let mut model = MadeModel::new();
    let inner = model.add(made::PIPELINE, &json!({"stageUids": ["inner"]}), &json!({}));
    let params = &json!({"inputCols": ["a"], "outputCol": "features"});
    made::write_metadata(
        &inner.join("stages/0_inner"),
        ASSEMBLER,
        "inner",
        params,
        &json!({}),
    );
    model.add_tree(1, &json!({}), &halves());
    let scores = score(
        &model.load().expect("it loads"),
        &[r#"{"a":0.5}"#, r#"{"a":1.5}"#],
    );
    assert_eq!(scores.predictions, [0.0, 1.0]);
}

#[test]
fn stage_folders_are_numbered_with_as_many_digits_as_the_number_of_stages_has() {
    let mut model = MadeModel::with_digits(2);
    for output in 0..9 {
        let output = format!("unused_{output}");
        model.add_assembler(&["a"], &output);
    }
    model.add_assembler(&["a"], "features");
    model.add_tree(1, &json!({}), &halves());
    model.load().expect("it loads");
}

#[test]
fn the_rows_of_a_tree_may_stand_in_any_order_in_several_files() {
    let nodes = halves();
    let model = MadeModel::tree(&["a"], &nodes[1..]);
    let data = model.path().join("stages/1_stage_1/data");
    made::write_table(&data, made::node_table(&nodes[..1]));
    fs::write(data.join("_SUCCESS"), "").expect("a file");
    fs::write(data.join(".part-00000.snappy.parquet.crc"), "crc").expect("a file");
    let scores = score(
        &model.load().expect("it loads"),
        &[r#"{"a":1.0}"#, r#"{"a":1.1}"#],
    );
    assert_eq!(scores.predictions, [0.0, 1.0]);
}

#[test]
fn an_invalid_row_is_rejected_skipped_or_kept() {
    let lines = [r#"{"a":1.5}"#, r#"{"b":1}"#, r#"{"a":"NaN"}"#];
    let outcomes = |handle_invalid: &str| {
        let mut model = MadeModel::new();
        let params = &json!({
            "inputCols": ["a"], "outputCol": "features", "handleInvalid": handle_invalid,
        });
        model.add(ASSEMBLER, params, &json!({}));
        model.add_tree(1, &json!({}), &halves());
        score(&model.load().expect("it loads"), &lines)
    };
    let error = outcomes("error").outcomes;
    assert_eq!(error[0], Outcome::Scored);
    let message = |outcome: &Outcome| match outcome {
        Outcome::Rejected(rejection) => rejection.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(message(&error[1]), "invalid_feature: a is null");
    assert_eq!(message(&error[2]), "invalid_feature: a is NaN");
    assert_eq!(
        outcomes("skip").outcomes,
        [Outcome::Scored, Outcome::Skipped, Outcome::Skipped]
    );
    let kept = outcomes("keep");
    assert_eq!(
        kept.outcomes,
        [Outcome::Scored, Outcome::Scored, Outcome::Scored]
    );
    // NaN goes right.
    assert_eq!(kept.predictions, [1.0, 1.0, 1.0]);
}

#[test]
fn thresholds_scale_the_probabilities_and_a_zero_threshold_wins() {
    let prediction = |thresholds: &serde_json::Value| {
        let mut model = MadeModel::assembling(&["a"]);
        model.add_tree(
            1,
            &json!({"thresholds": thresholds}),
            &[leaf(0, &[6.0, 3.0, 1.0])],
        );
        let model = model.load()?;
        Ok::<_, fraud_model::ModelError>(score(&model, &[r#"{"a":1}"#]).predictions[0])
    };
    assert_eq!(prediction(&json!([1.0, 1.0, 1.0])).expect("it loads"), 0.0);
    assert_eq!(prediction(&json!([1.0, 0.4, 1.0])).expect("it loads"), 1.0);
    assert_eq!(prediction(&json!([1.0, 0.4, 0.0])).expect("it loads"), 2.0);
    let error = prediction(&json!([1.0, 1.0]))
        .expect_err("too few")
        .to_string();
    assert!(error.ends_with("has 2 thresholds for 3 classes"), "{error}");
}

#[test]
fn more_than_two_classes_have_a_probability_each() {
    let model = MadeModel::tree(&["a"], &[leaf(0, &[1.0, 1.0, 2.0])])
        .load()
        .expect("it loads");
    assert_eq!(model.classes(), 3);
    let scores = score(&model, &[r#"{"a":1}"#]);
    assert_eq!(scores.probability(0), Some(&[0.25, 0.25, 0.5][..]));
    assert_eq!(scores.predictions, [2.0]);
}

#[test]
fn a_classifier_without_a_probability_column_gives_none() {
    let mut model = MadeModel::assembling(&["a"]);
    model.add_tree(1, &json!({"probabilityCol": ""}), &halves());
    let scores = score(&model.load().expect("it loads"), &[r#"{"a":1}"#]);
    assert_eq!(scores.probability(0), None);
    assert_eq!(scores.predictions, [0.0]);
}

#[test]
fn metadata_without_defaults_is_read_as_spark_before_2_4_wrote_it() {
    let copy = tempfile::tempdir().expect("a temporary folder");
    copy_folder(&model_folder("logistic-regression"), copy.path());
    let mut files = Vec::new();
    collect_files(copy.path(), &mut files);
    for file in files
        .iter()
        .filter(|file| file.ends_with("metadata/part-00000"))
    {
        let text = fs::read_to_string(file).expect("metadata");
        let mut metadata: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        metadata
            .as_object_mut()
            .expect("an object")
            .remove("defaultParamMap");
        fs::write(file, metadata.to_string()).expect("written");
    }
    let old = fraud_model::Model::load(copy.path(), &fraud_model::ModelOptions::default());
    let lines = expected_lines("logistic-regression", "input.jsonl");
    let expected = score_lines(&load("logistic-regression"), &lines);
    assert_eq!(
        score_lines(&old.expect("it loads").into(), &lines),
        expected
    );
}

#[test]
fn a_scaler_of_other_vectors_is_refused() {
    let mut model = MadeModel::new();
    model.add_assembler(&["a"], "raw");
    let folder = model.add(
        SCALER,
        &json!({"inputCol": "raw", "outputCol": "features"}),
        &json!({}),
    );
    let scaler = model_folder("logistic-regression").join("stages/1_StandardScaler_788aac432d9a");
    copy_folder(&scaler.join("data"), &folder.join("data"));
    model.add_tree(1, &json!({}), &halves());
    let error = model.error();
    assert!(
        error.ends_with("std has 15 values, but raw has 1"),
        "{error}"
    );
}

/// Class 0 up to 1.0, class 1 above.
fn halves() -> [made::Node; 3] {
    [
        split(0, (1, 2), 0, 1.0),
        leaf(1, &[3.0, 1.0]),
        leaf(2, &[1.0, 3.0]),
    ]
}
