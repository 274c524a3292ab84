//! Scores against those of Spark itself, line by line.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fraud_model::{Model, ModelOptions};
use schema::result::{self, ResultRecord};

use crate::support::{expected_lines, load, score_lines};

/// Trees and forests: the same bytes.
const EXACT: [&str; 7] = [
    "categorical-forest",
    "decision-tree",
    "random-forest",
    "random-forest-100x8",
    "random-forest-keep",
    "spark-4.2.0/categorical-forest",
    "spark-4.2.0/random-forest",
];

/// Boosted trees and regressions: as near as Spark is to itself.
const NEAR: [&str; 5] = [
    "gradient-boosted-trees",
    "imputed-buckets",
    "logistic-regression",
    "spark-4.2.0/gradient-boosted-trees",
    "spark-4.2.0/logistic-regression",
];

#[test]
fn trees_and_forests_give_the_bytes_that_spark_gave() {
    for model in EXACT {
        let outputs = score_lines(&load(model), &expected_lines(model, "input.jsonl"));
        let expected = expected_lines(model, "output.jsonl");
        assert_eq!(outputs.len(), expected.len(), "{model}");
        for (line, (output, expected)) in outputs.iter().zip(&expected).enumerate() {
            assert_eq!(output, expected, "{model}, line {}", line + 1);
        }
    }
}

#[test]
fn the_default_model_gives_the_bytes_that_spark_gave() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/fraud-classifier");
    let lines = |file: &str| -> Vec<String> {
        let text = fs::read_to_string(folder.join("parity").join(file)).expect("a parity file");
        text.lines().map(str::to_owned).collect()
    };
    let model = Model::load(&folder, &ModelOptions::default()).expect("it loads");
    let outputs = score_lines(&Arc::new(model), &lines("input.jsonl"));
    assert_eq!(outputs, lines("output.jsonl"));
}

#[test]
fn boosted_trees_and_regressions_are_as_near_to_spark_as_spark_is_to_itself() {
    for model in NEAR {
        let outputs = score_lines(&load(model), &expected_lines(model, "input.jsonl"));
        let expected = expected_lines(model, "output.jsonl");
        assert_eq!(outputs.len(), expected.len(), "{model}");
        let differing: Vec<_> = outputs
            .iter()
            .zip(&expected)
            .filter(|(output, expected)| output != expected)
            .collect();
        println!(
            "{model}: {} of {} lines differ",
            differing.len(),
            expected.len()
        );
        assert!(
            differing.len() * 10 <= expected.len(),
            "{model}: {}",
            differing.len()
        );
        for (output, expected) in differing {
            assert_near(output, expected);
        }
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
