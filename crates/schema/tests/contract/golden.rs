//! What Spark wrote and read.

use std::fs;
use std::path::PathBuf;

use crate::support::{first_value, fixtures, handbook_schema, lines};
use schema::result::{self, ScoredTransaction};
use schema::transaction::{TransactionBatch, TransactionParser};
use serde_json::Value;

/// One folder a model, of every Spark version.
fn expected_folders() -> Vec<PathBuf> {
    let roots = ["expected", "spark-4.2.0/expected"].map(|root| fixtures().join(root));
    let entries = roots
        .iter()
        .flat_map(|root| fs::read_dir(root).expect("a folder of fixtures"));
    let folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder of a model").path())
        .collect();
    assert_eq!(folders.len(), 12);
    folders
}

#[test]
fn every_transaction_of_spark_parses_to_its_own_values() {
    let schema = handbook_schema();
    let mut parser = TransactionParser::new(&schema);
    let mut batch = TransactionBatch::new(&schema);
    for folder in expected_folders() {
        for line in lines(&folder.join("input.jsonl")) {
            batch.clear();
            parser.parse(Some(line.as_bytes()), &mut batch).unwrap();

            let oracle: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(oracle["transaction_id"], batch.ids[0]);
            assert_eq!(oracle["tx_fraud"].as_i64(), batch.labels[0].map(i64::from));
            for (feature, column) in schema.features.iter().zip(&batch.features) {
                let expected = oracle.get(&feature.name).unwrap_or(&Value::Null);
                assert_eq!(first_value(column), *expected, "{}", feature.name);
            }
        }
    }
}

#[test]
fn every_result_of_spark_is_read_and_written_again_byte_for_byte() {
    for folder in expected_folders() {
        for line in lines(&folder.join("output.jsonl")) {
            let read = result::parse(Some(line.as_bytes())).unwrap();
            let mut written = Vec::new();
            let scored = ScoredTransaction {
                transaction_id: read.transaction_id,
                timestamp: read.timestamp,
                tx_fraud: read.tx_fraud,
                probability: read.probability.as_deref(),
                prediction: read.prediction,
            };
            result::write(&mut written, &scored);
            assert_eq!(str::from_utf8(&written).unwrap(), line);
        }
    }
}
