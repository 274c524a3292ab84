//! Stages that leave rows out or refuse them, where the goldens don't reach.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use fraud_model::Outcome;
use serde_json::json;

use crate::made::{MadeModel, field, leaf, split, write_table};
use crate::support::{model_folder, score};

const BUCKETIZER: &str = "org.apache.spark.ml.feature.Bucketizer";
const IMPUTER: &str = "org.apache.spark.ml.feature.ImputerModel";

/// A bucketizer of `a` and `b` that leaves rows out, and whatever else follows.
fn bucketing(outputs: [&str; 2], handle_invalid: &str) -> MadeModel {
    let mut model = MadeModel::new();
    let params = json!({
        "inputCols": ["a", "b"], "outputCols": outputs, "handleInvalid": handle_invalid,
        "splitsArray": [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]],
    });
    model.add(BUCKETIZER, &params, &json!({}));
    model
}

fn add_classifier(model: &mut MadeModel, inputs: &[&str]) {
    model.add_assembler(inputs, "features");
    let nodes = [
        split(0, (1, 2), 0, 0.5),
        leaf(1, &[3.0, 1.0]),
        leaf(2, &[1.0, 3.0]),
    ];
    model.add_tree(inputs.len(), &json!({}), &nodes);
}

#[test]
fn a_column_that_nobody_reads_leaves_rows_out_but_refuses_none() {
    let mut model = bucketing(["unread", "also unread"], "skip");
    add_classifier(&mut model, &["c"]);
    let lines = [
        r#"{"a":0.5,"b":0.5,"c":1}"#,
        r#"{"a":"NaN","b":0.5,"c":1}"#,
        r#"{"a":0.5,"c":1}"#,
        // Outside all buckets.
        r#"{"a":5,"b":-5,"c":1}"#,
    ];
    let model = model.load().expect("it loads");
    let scores = score(&model, &lines);
    assert_eq!(
        scores.outcomes,
        [
            Outcome::Scored,
            Outcome::Skipped,
            Outcome::Skipped,
            Outcome::Scored
        ]
    );
    let description = model.describe().to_string();
    assert!(
        description.contains("computed to leave rows out: nothing reads what it writes"),
        "{description}"
    );
}

#[test]
fn a_transaction_without_a_label_is_left_out_where_a_stage_skips_on_the_label() {
    let mut model = MadeModel::new();
    let params = json!({
        "inputCol": "tx_fraud", "outputCol": "unread", "handleInvalid": "skip",
        "splits": ["-Inf", 0.5, "Inf"],
    });
    model.add(BUCKETIZER, &params, &json!({}));
    add_classifier(&mut model, &["a"]);
    let lines = [r#"{"a":1,"tx_fraud":1}"#, r#"{"a":1}"#];
    let scores = score(&model.load().expect("it loads"), &lines);
    assert_eq!(scores.outcomes, [Outcome::Scored, Outcome::Skipped]);
}

#[test]
fn a_row_that_one_column_would_refuse_is_left_out_because_of_another() {
    let mut model = bucketing(["x", "y"], "skip");
    add_classifier(&mut model, &["c", "x", "y"]);
    // The assembler refuses `c`, and so does the bucketizer `b`.
    let scores = score(
        &model.load().expect("it loads"),
        &[r#"{"a":"NaN","b":-5}"#, r#"{"a":1,"b":-5}"#],
    );
    assert_eq!(scores.outcomes[0], Outcome::Skipped);
    match &scores.outcomes[1] {
        Outcome::Rejected(rejection) => assert_eq!(
            rejection.to_string(),
            "invalid_feature: b is outside all buckets"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_several_columns_only_those_that_are_read_are_expected_of_transactions() {
    for (handle_invalid, expected) in [("error", ["b"].as_slice()), ("skip", &["a", "b"])] {
        let mut model = bucketing(["unread", "y"], handle_invalid);
        add_classifier(&mut model, &["y"]);
        let model = model.load().expect("it loads");
        let features = &model.transaction_schema().features;
        let names: Vec<_> = features
            .iter()
            .map(|feature| feature.name.as_str())
            .collect();
        assert_eq!(names, expected);
        let description = model.describe().to_string();
        let tells = description.contains("not computed   unread\n");
        assert_eq!(tells, handle_invalid == "error", "{description}");
    }
}

#[test]
fn an_unsupported_stage_that_leaves_rows_out_is_refused() {
    let mut model = MadeModel::new();
    add_classifier(&mut model, &["a"]);
    let params = json!({"inputCol": "a", "outputCol": "unread", "handleInvalid": "skip"});
    model.add("com.example.Cleaner", &params, &json!({}));
    let error = model.error();
    assert!(
        error.starts_with(
            "stage stage_2 is a com.example.Cleaner, which isn't supported; the results depend on it"
        ),
        "{error}"
    );
}

#[test]
fn an_imputer_may_not_write_over_what_results_take_from_the_transaction() {
    let mut model = MadeModel::new();
    let params = json!({"inputCol": "tx_fraud", "outputCol": "tx_fraud"});
    let folder = model.add(IMPUTER, &params, &json!({}));
    let surrogates: ArrayRef = Arc::new(Float64Array::from(vec![0.0]));
    write_table(
        &folder.join("data"),
        vec![field("tx_fraud", surrogates)].into(),
    );
    add_classifier(&mut model, &["tx_fraud"]);
    let error = model.error();
    assert!(
        error
            .contains("writes over \"tx_fraud\", which results hold as the transaction brought it"),
        "{error}"
    );
}

#[test]
fn a_column_written_over_is_read_anew_by_those_that_follow() {
    let model = model_folder("goldens/imputer-in-place");
    let model = fraud_model::Model::load(&model, &fraud_model::ModelOptions::default());
    let description = model.expect("it loads").describe().to_string();
    assert!(
        description.contains("reads          tx_amount\n     writes         tx_amount\n"),
        "{description}"
    );
}
