//! Scores against those of Spark itself, line by line: of the models in
//! `tests/fixtures`, and of a model for each stage and option in
//! `tests/goldens`, which `models/make-goldens` makes.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fraud_model::{Model, ModelOptions};
use schema::result::{self, ResultRecord};

use crate::support::{expected_lines, goldens, lines, load, score_lines};

/// Models of the fixtures.
const FIXTURES: [&str; 12] = [
    "categorical-forest",
    "decision-tree",
    "gradient-boosted-trees",
    "imputed-buckets",
    "logistic-regression",
    "random-forest",
    "random-forest-100x8",
    "random-forest-keep",
    "spark-4.2.0/categorical-forest",
    "spark-4.2.0/gradient-boosted-trees",
    "spark-4.2.0/logistic-regression",
    "spark-4.2.0/random-forest",
];

/// Spark's answer where its query dies of a line.
const DIES: &str = "null";
/// Spark's answer where `handleInvalid` leaves a line out.
const LEAVES_OUT: &str = "\"skipped\"";

#[test]
fn the_fixtures_are_scored_as_spark_scored_them() {
    for name in FIXTURES {
        let outputs = score_lines(&load(name), &expected_lines(name, "input.jsonl"));
        assert_as_spark(name, &outputs, &expected_lines(name, "output.jsonl"));
    }
}

#[test]
fn every_stage_computes_what_spark_computes() {
    let mut folders: Vec<_> = fs::read_dir(goldens())
        .expect("the goldens are there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    folders.sort();
    for folder in folders {
        let name = folder.file_name().expect("a name").to_string_lossy();
        let options = ModelOptions {
            input_schema: Some(folder.join("schema.json")),
            ..ModelOptions::default()
        };
        let model = Model::load(&folder.join("model"), &options);
        let model = Arc::new(model.unwrap_or_else(|error| panic!("{name}: {error}")));
        let outputs = score_lines(&model, &lines(&folder.join("input.jsonl")));
        assert_as_spark(&name, &outputs, &lines(&folder.join("output.jsonl")));
    }
}

#[test]
fn the_default_model_gives_the_bytes_that_spark_gave() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/fraud-classifier");
    let model = Model::load(&folder, &ModelOptions::default()).expect("it loads");
    let parity = folder.join("parity");
    let outputs = score_lines(&Arc::new(model), &lines(&parity.join("input.jsonl")));
    assert_eq!(outputs, lines(&parity.join("output.jsonl")));
}

/// Trees and forests give the same bytes. Where exponentials or sums of
/// products are computed, Spark itself differs between machines: nine lines in
/// ten are the same, and the rest but for the last bits.
fn assert_as_spark(name: &str, outputs: &[String], expected: &[String]) {
    assert_eq!(outputs.len(), expected.len(), "{name}");
    let differing: Vec<_> = (1..)
        .zip(outputs.iter().zip(expected))
        .filter(|(_, (output, expected))| !is_same(output, expected))
        .collect();
    println!(
        "{name}: {} of {} lines differ",
        differing.len(),
        outputs.len()
    );
    let only_trees = name.contains("forest") || name.contains("decision-tree");
    let allowed = if only_trees { 0 } else { expected.len() / 10 };
    for (line, (output, expected)) in &differing {
        println!("  line {line}: {output}\n  Spark: {expected}");
    }
    assert!(differing.len() <= allowed, "{name}: {}", differing.len());
    for (_, (output, expected)) in differing {
        assert_near(output, expected);
    }
}

fn is_same(output: &str, expected: &str) -> bool {
    match expected {
        DIES => output == "invalid_feature",
        LEAVES_OUT => output == "skipped",
        _ => output == expected,
    }
}

/// The same but for the last bits of the probabilities.
pub(crate) fn assert_near(output: &str, expected: &str) {
    let (output, expected) = (result(output), result(expected));
    let probabilities = output
        .probability
        .iter()
        .flatten()
        .zip(expected.probability.iter().flatten());
    for (output, expected) in probabilities {
        assert!(
            (output - expected).abs() <= 4.5e-16,
            "{output} instead of {expected}"
        );
    }
    let with_probability = ResultRecord {
        probability: expected.probability.clone(),
        ..output
    };
    assert_eq!(with_probability, expected);
}

fn result(line: &str) -> ResultRecord {
    result::parse(Some(line.as_bytes())).expect("a result")
}
