//! Results out and in again.

use proptest::prelude::*;
use proptest::sample::Index;
use schema::result::{ResultRecord, ScoredTransaction, parse, write};
use schema::{Rejection, RejectionCode};
use serde_json::Value;

fn written(record: &ResultRecord) -> Vec<u8> {
    let mut out = Vec::new();
    let scored = ScoredTransaction {
        transaction_id: record.transaction_id,
        timestamp: record.timestamp,
        tx_fraud: record.tx_fraud,
        probability: record.probability.as_deref(),
        prediction: record.prediction,
    };
    write(&mut out, &scored);
    out
}

/// A result with these members behind the ones that it must have.
fn with(members: &str) -> Result<ResultRecord, Rejection> {
    let message = format!(r#"{{"transaction_id":7,"ts":"2019-11-10","prediction":1.0{members}}}"#);
    parse(Some(message.as_bytes()))
}

#[test]
fn null_fields_are_left_out_and_what_is_not_finite_is_quoted() {
    let record = ResultRecord {
        transaction_id: -7,
        timestamp: 1_573_396_986_123,
        tx_fraud: None,
        probability: None,
        prediction: 0.0,
    };
    assert_eq!(
        str::from_utf8(&written(&record)).unwrap(),
        r#"{"transaction_id":-7,"ts":"2019-11-10T14:43:06.123Z","prediction":0.0}"#
    );
    let record = ResultRecord {
        tx_fraud: Some(1),
        probability: Some(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e-5]),
        ..record
    };
    assert_eq!(
        str::from_utf8(&written(&record)).unwrap(),
        concat!(
            r#"{"transaction_id":-7,"ts":"2019-11-10T14:43:06.123Z","tx_fraud":1,"probability":"#,
            r#"{"type":1,"values":["NaN","Infinity","-Infinity",1.0E-5]},"prediction":0.0}"#
        )
    );
}

#[test]
fn vectors_are_read_dense_and_sparse_with_their_members_in_any_order() {
    for (vector, expected) in [
        ("null", None),
        (r#"{"type":1,"values":[]}"#, Some(vec![])),
        (
            r#"{"values":[0.25,1,"Infinity"],"x":{},"type":1}"#,
            Some(vec![0.25, 1.0, f64::INFINITY]),
        ),
        (
            r#"{"type":1,"size":null,"indices":null,"values":[0.5]}"#,
            Some(vec![0.5]),
        ),
        (
            r#"{"type":0,"size":3,"indices":[1],"values":[0.5]}"#,
            Some(vec![0.0, 0.5, 0.0]),
        ),
        (
            r#"{"values":[],"indices":[],"size":2,"type":0}"#,
            Some(vec![0.0, 0.0]),
        ),
    ] {
        let record = with(&format!(r#","probability":{vector}"#)).unwrap();
        assert_eq!(record.probability, expected, "{vector}");
    }
}

#[test]
fn each_wrong_field_has_its_code() {
    use RejectionCode::*;
    for (members, code) in [
        (r#","probability":[0.5]"#, WrongType),
        (r#","probability":{"type":1}"#, MissingField),
        (r#","probability":{"values":[1]}"#, MissingField),
        (r#","probability":{"type":2,"values":[1]}"#, OutOfRange),
        (r#","probability":{"type":"1","values":[1]}"#, WrongType),
        (r#","probability":{"type":1,"values":[null]}"#, WrongType),
        (r#","probability":{"type":1,"values":["1"]}"#, WrongType),
        (r#","probability":{"type":1,"values":1}"#, WrongType),
        (
            r#","probability":{"type":1,"type":1,"values":[]}"#,
            DuplicateField,
        ),
        (r#","probability":{"type":0,"values":[1]}"#, MissingField),
        (
            r#","probability":{"type":0,"size":2,"values":[1]}"#,
            MissingField,
        ),
        (
            r#","probability":{"type":0,"size":2000000000,"indices":[],"values":[]}"#,
            OutOfRange,
        ),
        (
            r#","probability":{"type":0,"size":-1,"indices":[],"values":[]}"#,
            OutOfRange,
        ),
        (
            r#","probability":{"type":0,"size":2,"indices":[2],"values":[1]}"#,
            OutOfRange,
        ),
        (
            r#","probability":{"type":0,"size":2,"indices":[-1],"values":[1]}"#,
            OutOfRange,
        ),
        (
            r#","probability":{"type":0,"size":2,"indices":[1,1],"values":[1,1]}"#,
            OutOfRange,
        ),
        (
            r#","probability":{"type":0,"size":2,"indices":[1],"values":[1,1]}"#,
            OutOfRange,
        ),
        (r#","probability":{"type":1,"values":[1]"#, InvalidJson),
        (r#","probability":null,"probability":null"#, DuplicateField),
        (r#","prediction":2.0"#, DuplicateField),
        (r#","tx_fraud":-1"#, InvalidLabel),
        (r#","tx_fraud":0.0"#, InvalidLabel),
        (r#","tx_fraud":2147483648"#, InvalidLabel),
        (r#","tx_fraud":true,"x":"#, InvalidJson),
    ] {
        assert_eq!(with(members).unwrap_err().code, code, "{members}");
    }
    for (message, code) in [
        (r#"{}"#, MissingField),
        (r#"{"transaction_id":7,"prediction":1}"#, InvalidTimestamp),
        (r#"{"transaction_id":7,"ts":"2019-11-10"}"#, MissingField),
        (
            r#"{"transaction_id":7,"ts":"2019-11-10","prediction":null}"#,
            MissingField,
        ),
        (
            r#"{"transaction_id":7,"ts":"2019-11-10","prediction":"1"}"#,
            WrongType,
        ),
        (
            r#"{"transaction_id":7e0,"ts":"2019-11-10","prediction":1}"#,
            WrongType,
        ),
        (r#"[]"#, InvalidJson),
        ("", InvalidJson),
    ] {
        assert_eq!(
            parse(Some(message.as_bytes())).unwrap_err().code,
            code,
            "{message}"
        );
    }
    assert_eq!(parse(None).unwrap_err().code, Tombstone);
}

#[test]
fn labels_of_any_class_and_unknown_fields_are_accepted() {
    assert_eq!(
        with(r#","tx_fraud":2147483647"#).unwrap().tx_fraud,
        Some(i32::MAX)
    );
    assert_eq!(with(r#","tx_fraud":null"#).unwrap().tx_fraud, None);
    assert!(with(r#","x":[{"prediction":null}],"Prediction":"1""#).is_ok());
}

fn records() -> impl Strategy<Value = ResultRecord> {
    let double = prop_oneof![any::<u64>().prop_map(f64::from_bits), 0.0..=1.0, Just(1.0)];
    let probability = prop::option::of(prop::collection::vec(double.clone(), 0..4));
    let timestamp = -62_135_596_800_000..253_402_300_800_000_i64;
    let fields = (
        any::<i64>(),
        timestamp,
        prop::option::of(0..i32::MAX),
        probability,
        double,
    );
    fields.prop_map(
        |(transaction_id, timestamp, tx_fraud, probability, prediction)| ResultRecord {
            transaction_id,
            timestamp,
            tx_fraud,
            probability,
            prediction,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn every_result_is_json_and_reads_back(record in records()) {
        let message = written(&record);
        let read = parse(Some(&message)).unwrap();
        // Debug text, as NaN doesn't equal itself.
        prop_assert_eq!(format!("{read:?}"), format!("{record:?}"));

        let oracle: Value = serde_json::from_slice(&message).unwrap();
        prop_assert_eq!(&oracle["transaction_id"], record.transaction_id);
        if record.prediction.is_finite() {
            let prediction = oracle["prediction"].as_f64().unwrap();
            prop_assert_eq!(prediction.to_bits(), record.prediction.to_bits());
        }
    }

    /// Whitespace in front keeps a message from being read as it nearly always is.
    #[test]
    fn a_result_reads_the_same_however_it_is_spaced(
        record in records(),
        damage in prop::option::of((any::<Index>(), prop::sample::select(b"{}[]\",:.0e-1 ".to_vec()))),
    ) {
        let mut message = written(&record);
        if let Some((position, byte)) = damage {
            let position = position.index(message.len());
            message[position] = byte;
        }
        let spaced = [b" ", message.as_slice()].concat();
        let read = |message: &[u8]| match parse(Some(message)) {
            Ok(record) => format!("{record:?}"),
            Err(rejection) => rejection.code.to_string(),
        };
        prop_assert_eq!(read(&message), read(&spaced));
    }
}
