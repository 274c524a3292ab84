//! Folders that MLflow's `spark` flavour wrote.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fraud_model::{Model, ModelError, ModelOptions};
use schema::transaction::FeatureType;

use crate::made::{MadeModel, leaf};
use crate::support::{copy_folder, expected_lines, fixture, score_lines};

/// What a signature says of the columns `a` and `b`.
const SIGNATURE: &str = r#"[{"type": "long", "name": "a", "required": true}, {"type": "double", "name": "b", "required": false}]"#;

#[test]
fn a_logged_model_scores_as_spark_did_and_is_the_pipeline_in_it() {
    let logged = fixture("mlflow/random-forest");
    let model = load(&logged).expect("it loads");
    let inputs = expected_lines("random-forest", "input.jsonl");
    let outputs = expected_lines("random-forest", "output.jsonl");
    assert_eq!(score_lines(&Arc::new(model), &inputs), outputs);

    let (logged, bare) = (load(&logged), load(&logged.join("sparkml")));
    let (logged, bare) = (logged.expect("it loads"), bare.expect("it loads"));
    assert_eq!(logged.identity().name, "random-forest");
    assert_eq!(logged.identity().hash, bare.identity().hash);
    assert_eq!(logged.identity().version, bare.identity().version);
    let description = logged.describe().to_string();
    assert!(
        description.contains("random-forest/MLmodel\n"),
        "{description}"
    );
}

#[test]
fn the_signature_gives_the_types() {
    let model = logged(&mlmodel(SIGNATURE));
    let loaded = load(model.path()).expect("it loads");
    assert_eq!(types(&loaded), [FeatureType::Integer, FeatureType::Double]);
}

#[test]
fn a_schema_wins_over_the_signature_and_the_nearest_schema_wins() {
    let schema = |a: &str| {
        let b = r#"{"name": "b", "type": "integer"}"#;
        format!(r#"{{"fields": [{{"name": "a", "type": "{a}"}}, {b}]}}"#)
    };
    let model = logged(&mlmodel(SIGNATURE));
    fs::write(model.path().join("schema.json"), schema("double")).expect("written");
    let beside = load(model.path()).expect("it loads");
    assert_eq!(types(&beside), [FeatureType::Double, FeatureType::Integer]);

    fs::write(model.path().join("sparkml/schema.json"), schema("integer")).expect("written");
    let inside = load(model.path()).expect("it loads");
    assert_eq!(types(&inside), [FeatureType::Integer; 2]);
}

#[test]
fn a_signature_without_names_says_nothing_of_types() {
    for inputs in [
        "[{\"type\": \"any\", \"required\": true}]",
        "[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"float64\", \"shape\": [-1, 2]}}]",
        "[]",
    ] {
        let model = logged(&mlmodel(inputs));
        assert_eq!(
            types(&load(model.path()).expect("it loads")),
            [FeatureType::Double; 2]
        );
    }
    let model = logged("flavors: {spark: {model_data: sparkml}}\nsignature: null\n");
    assert!(load(model.path()).is_ok());
}

#[test]
fn another_flavour_is_refused_with_what_is_there() {
    let model = logged("flavors:\n  python_function: {}\n  sklearn: {pickled_model: model.pkl}\n");
    let error = load(model.path()).expect_err("no Spark").to_string();
    let expected = "MLmodel: has no flavour spark, only python_function and sklearn; \
                    log the pipeline with mlflow.spark.log_model";
    assert!(error.ends_with(expected), "{error}");
    for none in ["flavors: {}\n", "flavors:\n", "run_id: x\n", ""] {
        let error = load(logged(none).path())
            .expect_err("no flavour")
            .to_string();
        let expected = "MLmodel: has no flavour spark, nor any other; \
                        log the pipeline with mlflow.spark.log_model";
        assert!(error.ends_with(expected), "{error}");
    }
}

#[test]
fn a_broken_mlmodel_is_named() {
    // Each of 24 lists holds the one before nine times.
    let lists = (1..25).map(|level| {
        let before = vec![format!("*l{}", level - 1); 9].join(", ");
        format!("l{level}: &l{level} [{before}]\n")
    });
    let bomb = format!("l0: &l0 [1]\n{}flavors: *l24\n", lists.collect::<String>());
    let cases = [
        (
            "flavors: {spark: {model_data: ../sparkml}}",
            "model_data of the flavour spark is not a folder in the model's",
        ),
        (
            "flavors: {spark: {model_data: /etc}}",
            "model_data of the flavour spark",
        ),
        ("flavors: {spark: null}", "model_data of the flavour spark"),
        (
            "flavors: {spark: {model_data: sparkml}}\nsignature: {inputs: x}",
            "signature.inputs is not MLflow's",
        ),
        ("flavors: [", "not MLflow's"),
        (&bomb, "not MLflow's"),
    ];
    for (text, expected) in cases {
        let model = logged(text);
        let error = load(model.path()).expect_err("broken").to_string();
        assert!(error.contains("MLmodel: "), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_path_in_an_error_can_be_given_as_seen_from_the_models_folder() {
    let model = logged("flavors: {spark: {model_data: sparkml}}");
    fs::remove_dir_all(model.path().join("sparkml/metadata")).expect("removed");
    let error = load(model.path())
        .expect_err("broken")
        .seen_from(model.path());
    assert!(
        error
            .to_string()
            .starts_with("sparkml/metadata: is missing"),
        "{error}"
    );
}

fn load(folder: &Path) -> Result<Model, ModelError> {
    Model::load(folder, &ModelOptions::default())
}

fn types(model: &Model) -> Vec<FeatureType> {
    let features = &model.transaction_schema().features;
    features
        .iter()
        .map(|feature| feature.feature_type)
        .collect()
}

fn mlmodel(inputs: &str) -> String {
    format!("flavors:\n  spark:\n    model_data: sparkml\nsignature:\n  inputs: '{inputs}'\n")
}

/// A tree over `a` and `b` in an MLflow folder with this `MLmodel`.
fn logged(mlmodel: &str) -> tempfile::TempDir {
    let pipeline = MadeModel::tree(&["a", "b"], &[leaf(0, &[1.0, 3.0])]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    copy_folder(pipeline.path(), &folder.path().join("sparkml"));
    fs::write(folder.path().join("MLmodel"), mlmodel).expect("written");
    folder
}

#[test]
fn brackets_without_end_are_refused_before_they_are_read() {
    let nested = format!(
        "flavors: {{spark: {{model_data: sparkml, z: {}}}}}",
        "[".repeat(900_000)
    );
    let model = logged(&nested);
    let error = load(model.path()).unwrap_err().to_string();
    assert!(error.contains("is nested too deeply"), "{error}");
}
