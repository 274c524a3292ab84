//! Labels that a `StringIndexerModel` numbers, where the goldens don't reach.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use fraud_model::{Model, ModelOptions};
use serde_json::json;

use crate::made::{MadeModel, field, leaf, split, write_table};
use crate::support::{score, score_lines};

const INDEXER: &str = "org.apache.spark.ml.feature.StringIndexerModel";

#[test]
fn labels_of_one_column_are_read_as_spark_2_saved_them() {
    let mut labels = ListBuilder::new(StringBuilder::new());
    labels.append_value([Some("web"), Some("pos")]);
    let model = indexing("error", |folder| {
        write_table(
            folder,
            vec![field("labels", Arc::new(labels.finish()))].into(),
        );
    });
    let scores = score(
        &model.load().expect("it loads"),
        &[r#"{"a":"web"}"#, r#"{"a":"pos"}"#],
    );
    assert_eq!(scores.predictions, [0.0, 1.0]);
}

#[test]
fn labels_of_a_double_are_texts_of_doubles() {
    // The integer's text is none of a double, so that 1 has the second label.
    let model = indexing("error", |folder| {
        write_labels(folder, &["1", "1.0", "NaN"]);
    });
    assert_eq!(classes(&model, "double", &["1", "1.0", "\"NaN\""]), "1 1 1");
    let model = indexing("error", |folder| {
        write_labels(folder, &["1.0E7", "-0.0"]);
    });
    let refused = "invalid_feature";
    let expected = format!("0 {refused} 1");
    assert_eq!(
        classes(&model, "double", &["10000000", "0.0", "-0.0"]),
        expected
    );
}

#[test]
fn labels_of_an_integer_are_texts_of_integers() {
    let model = indexing("error", |folder| {
        write_labels(folder, &["-3", "+1", "1.0", "1"]);
    });
    assert_eq!(classes(&model, "integer", &["-3", "1"]), "0 1");
    let model = indexing("skip", |folder| {
        write_labels(folder, &["1.0", "+1"]);
    });
    assert_eq!(
        classes(&model, "integer", &["1", "null"]),
        "skipped skipped"
    );
}

#[test]
fn skip_leaves_out_nan_even_where_it_is_a_label() {
    let model = indexing("skip", |folder| {
        write_labels(folder, &["0.5", "NaN"]);
    });
    assert_eq!(classes(&model, "double", &["0.5", "\"NaN\""]), "0 skipped");
}

#[test]
fn labels_for_another_number_of_columns_are_refused() {
    let model = indexing("error", |folder| {
        write_table(
            folder,
            vec![field("labelsArray", lists(&[&["a"], &["b"]]))].into(),
        );
    });
    let error = model.error();
    assert!(
        error.ends_with("has labels of 2 columns, but the stage reads 1"),
        "{error}"
    );
}

/// A pipeline that predicts 0 for the first label of `a` and 1 for others.
fn indexing(handle_invalid: &str, write: impl FnOnce(&Path)) -> MadeModel {
    let mut model = MadeModel::new();
    let params = json!({"inputCol": "a", "outputCol": "x", "handleInvalid": handle_invalid});
    let folder = model.add(INDEXER, &params, &json!({}));
    write(&folder.join("data"));
    model.add_assembler(&["x"], "features");
    let nodes = [
        split(0, (1, 2), 0, 0.5),
        leaf(1, &[1.0, 0.0]),
        leaf(2, &[0.0, 1.0]),
    ];
    model.add_tree(1, &json!({}), &nodes);
    model
}

fn write_labels(folder: &Path, labels: &[&str]) {
    write_table(folder, vec![field("labelsArray", lists(&[labels]))].into());
}

fn lists(columns: &[&[&str]]) -> ArrayRef {
    let mut builder = ListBuilder::new(ListBuilder::new(StringBuilder::new()));
    for labels in columns {
        builder.values().append_value(labels.iter().map(Some));
    }
    builder.append(true);
    Arc::new(builder.finish())
}

/// The classes of these values of a column of the type, or what became of them.
fn classes(model: &MadeModel, data_type: &str, values: &[&str]) -> String {
    let schema = model.path().join("types.json");
    let fields = json!({"fields": [{"name": "a", "type": data_type}]});
    std::fs::write(&schema, fields.to_string()).expect("written");
    let options = ModelOptions {
        input_schema: Some(schema),
        ..ModelOptions::default()
    };
    let model = Arc::new(Model::load(model.path(), &options).expect("it loads"));
    let line = |value: &&str| format!(r#"{{"transaction_id":1,"ts":"2019-11-10","a":{value}}}"#);
    let lines: Vec<_> = values.iter().map(line).collect();
    let class = |output: String| match output.rsplit_once(r#""prediction":"#) {
        Some((_, prediction)) => prediction.trim_end_matches(".0}").to_owned(),
        None => output,
    };
    let classes = score_lines(&model, &lines).into_iter().map(class);
    classes.collect::<Vec<_>>().join(" ")
}
