//! Odd and broken messages on the topic: a result or a dead letter, then the stream
//! goes on.

use std::collections::BTreeMap;

use anyhow::Result;
use local_stack::{Message, Record, send};

use crate::support::Stream;
use crate::support::fixtures::{json_lines, lines};
use crate::support::stream::source;

/// The cases of `edge-cases.jsonl` that the wire contract refuses; the others give
/// the result that Spark gave.
const REFUSED: [(&str, &str); 25] = [
    ("bad ts", "invalid_timestamp"),
    ("null ts", "invalid_timestamp"),
    ("NaN string", "invalid_feature"),
    ("number in a string", "wrong_type"),
    ("double for int", "wrong_type"),
    ("string for int", "wrong_type"),
    ("feature missing", "invalid_feature"),
    ("feature null", "invalid_feature"),
    ("two null", "invalid_feature"),
    ("no id", "missing_field"),
    ("bool for int", "wrong_type"),
    ("object for double", "wrong_type"),
    ("truncated", "invalid_json"),
    ("empty", "invalid_json"),
    ("not json", "invalid_json"),
    ("array", "invalid_json"),
    ("json null", "invalid_json"),
    ("number", "invalid_json"),
    ("empty object", "missing_field"),
    ("duplicate key", "duplicate_field"),
    ("trailing", "invalid_json"),
    ("bom", "invalid_json"),
    ("NaN bare", "invalid_json"),
    ("tombstone", "tombstone"),
    ("not utf-8", "invalid_json"),
];

/// What Spark can't read into its 32-bit column is an id like any other here.
const WIDE_ID: &str = "int overflow";

#[test]
fn every_edge_case_gives_the_result_or_the_dead_letter_of_the_contract() -> Result<()> {
    let mut cases: Vec<(String, Option<Vec<u8>>)> = json_lines("edge-cases.jsonl")
        .iter()
        .map(|case| (text(&case["case"]), Some(text(&case["value"]).into_bytes())))
        .collect();
    cases.push(("tombstone".to_owned(), None));
    cases.push((
        "not utf-8".to_owned(),
        Some(b"{\"transaction_id\":1,\"ts\":\"\xff\"}".to_vec()),
    ));
    // The stream goes on.
    cases.push(("last".to_owned(), cases[0].1.clone()));

    let stream = Stream::new("edge-cases")?;
    let mut scorer = stream.scorer().start()?;
    let messages: Vec<_> = cases
        .iter()
        .map(|(name, value)| Message {
            key: Some(name.as_bytes()),
            value: value.as_deref(),
            partition: Some(0),
            ..Message::default()
        })
        .collect();
    send(&stream.broker, &stream.topic("transactions"), &messages)?;

    let refused: BTreeMap<_, _> = REFUSED.into_iter().collect();
    let letters = stream.exactly("transactions.dead-letter", refused.len())?;
    let results = stream.exactly("results", cases.len() - refused.len())?;

    let mut codes = BTreeMap::new();
    for letter in &letters {
        let (name, value) = &cases[usize::try_from(original_offset(letter))?];
        assert_eq!(letter.key.as_deref(), Some(name.as_bytes()));
        assert_eq!(&letter.value, value, "{name}");
        assert_eq!(
            letter.header("__connect.errors.topic"),
            Some(stream.topic("transactions"))
        );
        assert_eq!(
            letter.header("__connect.errors.partition").as_deref(),
            Some("0")
        );
        let code = letter
            .header("__connect.errors.exception.class.name")
            .unwrap_or_default();
        let stage = if code == "invalid_feature" {
            "score"
        } else {
            "parse"
        };
        assert_eq!(
            letter.header("__connect.errors.stage").as_deref(),
            Some(stage),
            "{name}"
        );
        codes.insert(name.as_str(), code);
    }
    let expected: BTreeMap<_, _> = refused
        .iter()
        .map(|(&name, &code)| (name, code.to_owned()))
        .collect();
    assert_eq!(codes, expected);

    let outputs = spark_outputs();
    for result in &results {
        let (name, _) = &cases[usize::try_from(source(result).1)?];
        assert_eq!(&result.text(), &outputs[name], "{name}");
    }
    assert!(scorer.terminate(crate::support::PATIENCE)?.success());
    Ok(())
}

#[test]
fn a_dead_letter_names_the_field_and_never_its_value() -> Result<()> {
    let stream = Stream::new("no-values")?;
    let _scorer = stream.scorer().start()?;
    let line = &lines("expected/random-forest/input.jsonl")[0];
    stream.send_transactions(&[
        line.replace("\"is_night\":1", "\"is_night\":\"secret-7\""),
        line.replace("\"ts\":\"2019", "\"ts\":\"secret-7"),
    ])?;
    let mut letters = stream.exactly("transactions.dead-letter", 2)?;
    letters.sort_by_key(original_offset);
    let named: Vec<_> = letters.iter().map(message).collect();
    assert!(named[0].contains("is_night"), "{named:?}");
    assert!(named[1].contains("ts"), "{named:?}");
    assert!(!named.concat().contains("secret-7"), "{named:?}");
    Ok(())
}

fn original_offset(letter: &Record) -> i64 {
    let offset = letter
        .header("__connect.errors.offset")
        .expect("a dead letter knows its offset");
    offset.parse().expect("a number")
}

fn message(letter: &Record) -> String {
    letter
        .header("__connect.errors.exception.message")
        .unwrap_or_default()
}

/// By case; the last message is the first again.
fn spark_outputs() -> BTreeMap<String, String> {
    let expected = json_lines("expected/random-forest/edge-cases.jsonl");
    let mut outputs: BTreeMap<_, _> = expected
        .iter()
        .filter_map(|case| Some((text(&case["case"]), case["output"].as_str()?.to_owned())))
        .collect();
    let wide = outputs[WIDE_ID].replacen('{', "{\"transaction_id\":2147483648,", 1);
    outputs.insert(WIDE_ID.to_owned(), wide);
    outputs.insert("last".to_owned(), outputs["as sent"].clone());
    outputs
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().expect("a string").to_owned()
}
