//! Scores against those of Spark itself, line by line: of the models in
//! `tests/fixtures`, and of a model for each stage and option in
//! `tests/goldens`, which `models/make-goldens` makes with several versions of
//! Spark.

use std::path::Path;
use std::sync::Arc;

use fraud_model::{Agreement, Comparison, DotOrder, Model, ModelOptions};

use crate::support::{entries, expected_lines, goldens, lines, model_folder, score_lines};

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

/// Versions of Spark that made goldens, how each adds products, and how many of
/// the stages and options it has.
const VERSIONS: [(&str, DotOrder, usize); 6] = [
    ("2.4.8", DotOrder::F2j, 40),
    ("3.0.3", DotOrder::F2j, 66),
    ("3.1.3", DotOrder::F2j, 69),
    ("3.2.4", DotOrder::Java11fma, 69),
    ("3.5.3", DotOrder::Java11fma, 69),
    ("4.2.1", DotOrder::Vector4, 69),
];

#[test]
fn the_fixtures_are_scored_as_spark_scored_them() {
    for name in FIXTURES {
        let options = ModelOptions {
            // Made where vectors have eight lanes.
            dot_order: match name.starts_with("spark-4") {
                true => DotOrder::Vector8,
                false => DotOrder::Java11fma,
            },
            ..ModelOptions::default()
        };
        let (input, output) = ("input.jsonl", "output.jsonl");
        let agreement = compare(
            &model_folder(name),
            &options,
            &expected_lines(name, input),
            &expected_lines(name, output),
        );
        println!("{name}: {agreement}");
    }
}

#[test]
fn every_stage_computes_what_spark_computes() {
    for (version, dot_order, cases) in VERSIONS {
        let folders = entries(&goldens())
            .into_iter()
            .map(|case| case.join(version));
        let folders: Vec<_> = folders.filter(|folder| folder.exists()).collect();
        assert_eq!(folders.len(), cases, "{version}");
        for folder in folders {
            let options = ModelOptions {
                input_schema: Some(folder.join("schema.json")),
                dot_order,
                ..ModelOptions::default()
            };
            let agreement = compare(
                &folder.join("model"),
                &options,
                &lines(&folder.with_file_name("input.jsonl")),
                &lines(&folder.join("output.jsonl")),
            );
            println!("{}: {agreement}", folder.display());
        }
    }
}

#[test]
fn the_default_model_gives_the_bytes_that_spark_gave() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/fraud-classifier");
    let model = Model::load(&folder, &ModelOptions::default()).expect("it loads");
    let rows = model.parity_rows().expect("they are beside it");
    let outputs = score_lines(&Arc::new(model), &lines(&rows.input));
    assert_eq!(outputs, lines(&rows.output));
}

/// Compares by the parity contract what the model makes of the lines.
fn compare(
    folder: &Path,
    options: &ModelOptions,
    input: &[String],
    expected: &[String],
) -> Agreement {
    let model = Model::load(folder, options);
    let model = Arc::new(model.unwrap_or_else(|error| panic!("{error}")));
    let outputs = score_lines(&model, input);
    assert_eq!(outputs.len(), expected.len(), "{}", folder.display());
    let mut comparison = Comparison::new(model.parity());
    for (output, expected) in outputs.iter().zip(expected) {
        let expected = match expected.as_str() {
            // Spark's query dies of the line.
            "null" => "invalid_feature",
            // `handleInvalid` leaves it out.
            "\"skipped\"" => "skipped",
            result => result,
        };
        let compared = comparison.compare(Some(expected.as_bytes()), Some(output.as_bytes()));
        compared.unwrap_or_else(|difference| panic!("{}: {difference}", folder.display()));
    }
    let agreement = comparison.finish();
    agreement.unwrap_or_else(|difference| panic!("{}: {difference}", folder.display()))
}
