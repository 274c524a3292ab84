//! Models that can't be loaded: one line that names what is wrong, exit code 2.

use std::fs;

use crate::support::{copy_folder, model, scorer, text};

fn error_of(model: &str) -> String {
    let ended = scorer().args(["score", "--model", model]).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(text(&ended.stdout), "");
    let error = text(&ended.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    error.to_owned()
}

#[test]
fn a_missing_folder_is_named() {
    let error = error_of("no/such/model");
    assert_eq!(
        error,
        "error: cannot load model no/such/model: doesn't exist\n"
    );
}

#[test]
fn a_half_copied_folder_says_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("half");
    copy_folder(&model("decision-tree"), &copy);
    let stages = fs::read_dir(copy.join("stages")).unwrap();
    let last = stages.map(|entry| entry.unwrap().path()).max().unwrap();
    fs::remove_dir_all(last.join("data")).unwrap();

    let error = error_of(copy.to_str().unwrap());
    assert!(error.contains("DecisionTreeClassifier"), "{error}");
    assert!(error.contains("data"), "{error}");
}

#[test]
fn a_place_that_is_none_is_refused_with_those_that_are() {
    let error = error_of("gs://bucket/model");
    assert!(
        error.contains("give a folder, s3://bucket/prefix or models:/name@alias"),
        "{error}"
    );
    for place in ["", "s3:/bucket/model"] {
        let error = error_of(place);
        assert!(
            error.contains("give a folder, s3://bucket/prefix or models:/name@alias"),
            "{error}"
        );
    }
    for model in ["models:/fraud", "models:fraud/1"] {
        let error = error_of(model);
        assert!(
            error.contains("is not a registered model: models:/name@alias"),
            "{error}"
        );
    }
    let error = error_of("file://models/fraud");
    assert!(
        error.contains("is no folder of this machine: file:///srv/model is one"),
        "{error}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("MLmodel"), [0xff]).unwrap();
    let error = error_of(folder.path().to_str().unwrap());
    assert_eq!(error.matches("UTF-8").count(), 1, "{error}");
}

#[test]
fn a_name_that_no_header_can_bear_is_refused() {
    let described = scorer()
        .args(["describe", "--model-name", "fraud\nmodel", "--model"])
        .arg(model("random-forest"))
        .output()
        .unwrap();
    assert_eq!(described.status.code(), Some(2));
    let error = text(&described.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        error.contains(r#"can't be called "fraud\nmodel" in headers and metrics"#),
        "{error}"
    );
}

#[test]
fn a_registry_that_nobody_named_is_asked_for() {
    let error = error_of("models:/fraud@champion");
    assert!(
        error.contains("mlflow.tracking_uri must be set for a models:/ URL"),
        "{error}"
    );
}
