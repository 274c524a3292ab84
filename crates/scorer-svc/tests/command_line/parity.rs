//! Results are what Spark wrote, byte for byte.

use std::fs;
use std::path::Path;

use crate::support::{fixtures, scorer, text};

#[test]
fn trees_and_forests_score_byte_for_byte_as_spark_did() {
    let fixtures = fixtures();
    for model in [
        "random-forest",
        "random-forest-keep",
        "random-forest-100x8",
        "decision-tree",
    ] {
        assert_parity(&fixtures, model);
    }
    assert_parity(&fixtures.join("spark-4.2.0"), "random-forest");
}

fn assert_parity(root: &Path, model: &str) {
    let folder = root.join("models").join(model);
    let input = root.join("expected").join(model).join("input.jsonl");
    let output = root.join("expected").join(model).join("output.jsonl");

    let printed = scorer()
        .arg("score")
        .arg("--model")
        .arg(&folder)
        .arg(&input)
        .output()
        .unwrap();
    assert_eq!(text(&printed.stderr), "", "{model}");
    assert!(printed.status.success(), "{model}");
    assert!(
        printed.stdout == fs::read(&output).unwrap(),
        "{model} differs"
    );

    let compared = scorer()
        .arg("score")
        .arg("--model")
        .arg(&folder)
        .arg(&input)
        .arg("--expect")
        .arg(&output)
        .output()
        .unwrap();
    let lines = fs::read_to_string(&output).unwrap().lines().count();
    assert_eq!(text(&compared.stdout), format!("{lines} lines agree\n"));
    assert!(compared.status.success());
}
