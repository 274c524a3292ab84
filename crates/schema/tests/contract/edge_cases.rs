//! The odd messages that were also sent to Spark.

use schema::transaction::{TransactionBatch, TransactionParser};
use schema::{RejectionCode, timestamp};
use serde_json::Value;

use crate::support::{fixtures, handbook_schema, lines};

/// Each case with what the contract makes of it; `None` is accepted. A NaN or a
/// null is a value here: whether it can be scored is the pipeline's to say.
const OUTCOMES: [(&str, Option<RejectionCode>); 46] = {
    use RejectionCode::*;
    [
        ("as sent", None),
        ("unlabelled", None),
        ("null label", None),
        ("extra field", None),
        ("micros", None),
        ("no zone", None),
        ("offset", None),
        ("space ts", None),
        ("date only", None),
        ("bad ts", Some(InvalidTimestamp)),
        ("null ts", Some(InvalidTimestamp)),
        ("negative zero", None),
        ("tiny", None),
        ("huge", None),
        ("negative", None),
        ("denormal", None),
        ("int for double", None),
        ("NaN string", None),
        ("Infinity string", None),
        ("-Infinity string", None),
        ("number in a string", Some(WrongType)),
        ("double for int", Some(WrongType)),
        ("string for int", Some(WrongType)),
        ("int overflow", None), // of an id, which has 64 bits here and 32 in Spark's schema
        ("max int", None),
        ("negative id", None),
        ("feature missing", None),
        ("feature null", None),
        ("two null", None),
        ("no id", Some(MissingField)),
        ("bool for int", Some(WrongType)),
        ("object for double", Some(WrongType)),
        ("truncated", Some(InvalidJson)),
        ("empty", Some(InvalidJson)),
        ("not json", Some(InvalidJson)),
        ("array", Some(InvalidJson)),
        ("json null", Some(InvalidJson)),
        ("number", Some(InvalidJson)),
        ("empty object", Some(MissingField)),
        ("spaced", None),
        ("reordered", None),
        ("escaped key", None),
        ("duplicate key", Some(DuplicateField)), // Spark takes the last
        ("trailing", Some(InvalidJson)),         // Spark doesn't look
        ("bom", Some(InvalidJson)),
        ("NaN bare", Some(InvalidJson)),
    ]
};

#[test]
fn every_edge_case_ends_as_the_contract_says() {
    let schema = handbook_schema();
    let mut parser = TransactionParser::new(&schema);
    let cases = lines(&fixtures().join("edge-cases.jsonl"));
    assert_eq!(cases.len(), OUTCOMES.len());
    for (line, (name, outcome)) in cases.iter().zip(OUTCOMES) {
        let case: Value = serde_json::from_str(line).unwrap();
        assert_eq!(case["case"], name);
        let message = case["value"].as_str().unwrap();

        let mut batch = TransactionBatch::new(&schema);
        let parsed = parser.parse(Some(message.as_bytes()), &mut batch);
        assert_eq!(
            parsed.err().map(|rejection| rejection.code),
            outcome,
            "{name}"
        );
        assert_eq!(batch.len(), usize::from(outcome.is_none()), "{name}");
    }
}

#[test]
fn what_spark_scored_of_the_edge_cases_has_the_same_id_time_and_label_here() {
    let schema = handbook_schema();
    let mut parser = TransactionParser::new(&schema);
    let sent = lines(&fixtures().join("edge-cases.jsonl"));
    let scored = lines(&fixtures().join("expected/random-forest/edge-cases.jsonl"));
    for (sent, scored) in sent.iter().zip(&scored) {
        let sent: Value = serde_json::from_str(sent).unwrap();
        let scored: Value = serde_json::from_str(scored).unwrap();
        assert_eq!(sent["case"], scored["case"]);

        let mut batch = TransactionBatch::new(&schema);
        let message = sent["value"].as_str().unwrap().as_bytes();
        let parsed = parser.parse(Some(message), &mut batch);
        let (Ok(()), Some(output)) = (parsed, scored["output"].as_str()) else {
            continue;
        };
        let output: Value = serde_json::from_str(output).unwrap();
        if let Some(id) = output.get("transaction_id") {
            assert_eq!(*id, batch.ids[0]);
        }
        let mut time = Vec::new();
        timestamp::write(&mut time, batch.timestamps[0]);
        assert_eq!(output["ts"].as_str().unwrap().as_bytes(), time);
        assert_eq!(output["tx_fraud"].as_i64(), batch.labels[0].map(i64::from));
    }
}
