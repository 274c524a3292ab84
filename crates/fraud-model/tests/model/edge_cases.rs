//! Odd messages: what Spark made of each, and what the wire contract makes of it.

use std::collections::BTreeMap;

use fraud_model::{Comparison, Model, Parity};
use serde_json::Value;
use std::sync::Arc;

use crate::support::{expected_lines, fixture, load, score_lines};

const MODELS: [&str; 9] = [
    "categorical-forest",
    "decision-tree",
    "gradient-boosted-trees",
    "imputed-buckets",
    "logistic-regression",
    "random-forest",
    "random-forest-100x8",
    "random-forest-keep",
    "spark-4.2.0/random-forest",
];

/// Spark reads the id as 32 bits and gives null; the contract has 64.
const WIDER_ID: &str = "int overflow";

#[test]
fn a_message_is_scored_as_spark_scored_it_or_rejected() {
    for name in MODELS {
        let model = load(name);
        for (case, spark) in expected_lines(name, "edge-cases.jsonl")
            .iter()
            .map(|line| case(line))
        {
            let output = output(&model, &case);
            let context = format!("{name}, {case}: {output}");
            match (output.starts_with('{'), spark) {
                (true, Some(expected)) if case != WIDER_ID => assert_near(&output, &expected),
                (true, None) => panic!("{context}, where Spark died"),
                _ => {}
            }
        }
    }
}

#[test]
fn a_null_or_nan_feature_is_what_handle_invalid_says() {
    let cases = ["feature missing", "feature null", "two null", "NaN string"];
    for case in cases {
        assert_eq!(
            output(&load("random-forest"), case),
            "invalid_feature",
            "{case}"
        );
        let (_, spark) = expected_lines("random-forest-keep", "edge-cases.jsonl")
            .iter()
            .map(|line| self::case(line))
            .find(|(name, _)| name == case)
            .expect("a case of the fixtures");
        assert_eq!(
            Some(output(&load("random-forest-keep"), case)),
            spark,
            "{case}"
        );
    }
    let imputed = load("imputed-buckets");
    for case in ["feature missing", "feature null", "NaN string"] {
        let imputed = output(&imputed, case);
        assert!(imputed.starts_with('{'), "{case}: {imputed}");
    }
    assert_eq!(output(&imputed, "two null"), "invalid_feature");
}

/// A case's name and what Spark answered.
fn case(line: &str) -> (String, Option<String>) {
    let line: BTreeMap<String, Value> = serde_json::from_str(line).expect("JSON");
    let output = line["output"].as_str().map(str::to_owned);
    (line["case"].as_str().expect("a name").to_owned(), output)
}

fn output(model: &Arc<Model>, case: &str) -> String {
    let text = std::fs::read_to_string(fixture("edge-cases.jsonl")).expect("the fixture is there");
    let mut lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let line = lines
        .find(|line| line["case"] == case)
        .expect("a case of the fixtures");
    let value = line["value"].as_str().expect("a text");
    score_lines(model, &[value]).remove(0)
}

/// The same but for the last bits of the probabilities.
fn assert_near(output: &str, expected: &str) {
    Comparison::new(Parity::LastBits)
        .compare(Some(expected.as_bytes()), Some(output.as_bytes()))
        .unwrap_or_else(|difference| panic!("{difference}"));
}
