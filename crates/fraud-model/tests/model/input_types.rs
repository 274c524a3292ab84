//! The types of input columns, which a pipeline doesn't record.

use std::fs;

use fraud_model::{Model, ModelOptions, handbook_columns};
use schema::transaction::FeatureType;
use serde_json::json;

use crate::made::{MadeModel, leaf};
use crate::support::load;

#[test]
fn the_handbooks_columns_have_its_types_in_the_order_of_the_producer() {
    let names: Vec<_> = handbook_columns()
        .into_iter()
        .map(|column| column.name)
        .collect();
    assert_eq!(names.len(), 15);
    assert_eq!(
        names[..5],
        [
            "tx_amount",
            "is_weekend",
            "is_night",
            "customer_id_nb_tx_1day_window",
            "customer_id_avg_amount_1day_window",
        ]
    );
    assert_eq!(names[14], "terminal_id_risk_30day_window");
    assert_eq!(
        load("random-forest").transaction_schema().features,
        handbook_columns()
    );
}

#[test]
fn the_folders_schema_gives_the_types() {
    let model = MadeModel::tree(&["tx_amount", "is_night", "n"], &[leaf(0, &[1.0, 3.0])]);
    write_schema(
        &model,
        &[
            ("n", "long"),
            ("tx_amount", "integer"),
            ("is_night", "double"),
        ],
    );
    let types = types(&model.load().expect("it loads"));
    assert_eq!(
        types,
        [
            FeatureType::Integer,
            FeatureType::Double,
            FeatureType::Integer
        ]
    );
}

#[test]
fn the_configured_schema_wins_over_the_folders() {
    let model = MadeModel::tree(&["a"], &[leaf(0, &[1.0, 3.0])]);
    write_schema(&model, &[("a", "double")]);
    let file = model.path().join("other.json");
    fs::write(&file, schema(&[("a", "short")])).expect("written");
    let options = ModelOptions {
        input_schema: Some(file),
        ..ModelOptions::default()
    };
    let loaded = Model::load(model.path(), &options).expect("it loads");
    assert_eq!(types(&loaded), [FeatureType::Integer]);
}

#[test]
fn a_schema_that_does_not_fit_is_refused() {
    let cases = [
        (
            ("A", "double"),
            "schema.json: has no field \"a\", which the pipeline reads; it has \"A\", but names are case-sensitive",
        ),
        (
            ("a", "float"),
            "field \"a\" is a float, which transactions can't carry exactly; cast it to double before fitting",
        ),
        (
            ("a", "boolean"),
            "field \"a\" is of type boolean, which transactions can't carry; cast it to integer, double or string before fitting",
        ),
        (("a", "string"), "reads \"a\", a string, as a number"),
    ];
    for (field, expected) in cases {
        let model = MadeModel::tree(&["a"], &[leaf(0, &[1.0, 3.0])]);
        write_schema(&model, &[field]);
        let error = model.error();
        assert!(error.ends_with(expected), "{error}");
    }
}

#[test]
fn a_schema_that_is_none_is_named() {
    let model = MadeModel::tree(&["a"], &[leaf(0, &[1.0, 3.0])]);
    fs::write(model.path().join("schema.json"), "{}").expect("written");
    let error = model.error();
    assert!(
        error.contains("schema.json: not a schema as df.schema.json() writes it"),
        "{error}"
    );
}

fn types(model: &Model) -> Vec<FeatureType> {
    model
        .transaction_schema()
        .features
        .iter()
        .map(|feature| feature.feature_type)
        .collect()
}

fn write_schema(model: &MadeModel, fields: &[(&str, &str)]) {
    fs::write(model.path().join("schema.json"), schema(fields)).expect("written");
}

fn schema(fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, data_type)| json!({"name": name, "type": data_type, "nullable": true, "metadata": {}}))
        .collect();
    json!({"type": "struct", "fields": fields}).to_string()
}
