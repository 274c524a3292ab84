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
    assert!(
        error.starts_with("error: cannot load model no/such/model: "),
        "{error}"
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
fn a_model_that_lives_elsewhere_is_refused_with_what_is_supported() {
    for location in ["s3://bucket/model", "models:/fraud@champion"] {
        let error = error_of(location);
        assert!(error.starts_with(&format!("error: cannot load model {location}: ")));
        assert!(error.contains("only a folder on this machine"), "{error}");
    }
}
