//! serde_json, with `float_roundtrip`, as the oracle over generated messages
//! and over the same with a few bytes changed.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::Index;
use schema::transaction::{FeatureColumn, TransactionBatch, TransactionParser};
use schema::{RejectionCode, result, timestamp};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::support::{first_value, parse, small_schema};

/// An object as serde_json reads it, with the keys that occur twice.
#[derive(Debug)]
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// What serde_json says: the members, or that it isn't JSON. `None` where it
/// can't tell: it refuses numbers beyond the doubles, and forgets how one was
/// written that fits no 64 bits.
fn oracle(message: &[u8]) -> Option<Result<Members, serde_json::Error>> {
    match serde_json::from_slice::<Members>(message) {
        Err(error) if error.to_string().contains("number out of range") => None,
        Ok(Members(members)) if members.iter().any(has_unknown_notation) => None,
        outcome => Some(outcome),
    }
}

/// Whether an integer field holds `-0` or an integer that serde_json made a
/// double, or just such a double.
fn has_unknown_notation((name, value): &(String, Value)) -> bool {
    let double = value
        .as_f64()
        .filter(|_| value.is_f64() && name != "amount");
    double.is_some_and(|double| double == 0.0 || double.abs() >= 9.2e18)
}

/// What the contract makes of a member, from the oracle's value.
fn expected_code(name: &str, value: &Value) -> Option<RejectionCode> {
    use RejectionCode::*;
    let outcome = match (name, value) {
        ("transaction_id", Value::Null) => Err(MissingField),
        ("transaction_id", value) => integer_code(value, i64::MIN, i64::MAX),
        ("ts", Value::String(text)) if timestamp::parse(text.as_bytes()).is_some() => Ok(()),
        ("ts", _) => Err(InvalidTimestamp),
        (_, Value::Null) => Ok(()),
        ("tx_fraud", value) => integer_code(value, 0, 2).map_err(|_| InvalidLabel),
        ("amount", Value::Number(_)) => Ok(()),
        ("amount", Value::String(text)) if is_nonfinite(text) => Ok(()),
        ("count", value) => integer_code(value, i32::MIN.into(), i32::MAX.into()),
        ("merchant", Value::String(_)) => Ok(()),
        ("amount" | "merchant", _) => Err(WrongType),
        _ => Ok(()),
    };
    outcome.err()
}

fn is_nonfinite(text: &str) -> bool {
    ["NaN", "Infinity", "-Infinity"].contains(&text)
}

fn integer_code(value: &Value, lowest: i64, highest: i64) -> Result<(), RejectionCode> {
    match value.as_i64() {
        Some(integer) if (lowest..=highest).contains(&integer) => Ok(()),
        Some(_) => Err(RejectionCode::OutOfRange),
        None if value.is_u64() => Err(RejectionCode::OutOfRange),
        None => Err(RejectionCode::WrongType),
    }
}

/// What the contract makes of a message, from the oracle's members.
fn expected_outcome(Members(members): &Members) -> Option<RejectionCode> {
    let known = [
        "transaction_id",
        "ts",
        "tx_fraud",
        "amount",
        "count",
        "merchant",
    ];
    let mut seen = Vec::new();
    for (name, value) in members.iter().filter(|(name, _)| known.contains(&&**name)) {
        if seen.contains(&name) {
            return Some(RejectionCode::DuplicateField);
        }
        seen.push(name);
        if let Some(code) = expected_code(name, value) {
            return Some(code);
        }
    }
    let has = |wanted: &str| seen.iter().any(|name| *name == wanted);
    match (has("transaction_id"), has("ts")) {
        (false, _) => Some(RejectionCode::MissingField),
        (true, false) => Some(RejectionCode::InvalidTimestamp),
        (true, true) => None,
    }
}

/// Compares the one row with the oracle's values.
fn assert_values(batch: &TransactionBatch, Members(members): &Members) {
    let value = |wanted: &str| {
        let member = members.iter().find(|(name, _)| name == wanted);
        member.map_or(&Value::Null, |(_, value)| value)
    };
    let time = |text: &str| timestamp::parse(text.as_bytes());
    assert_eq!(*value("transaction_id"), batch.ids[0]);
    assert_eq!(
        value("ts").as_str().and_then(time),
        Some(batch.timestamps[0])
    );
    assert_eq!(value("tx_fraud").as_i64(), batch.labels[0].map(i64::from));

    let FeatureColumn::Double(amount) = &batch.features[0] else {
        panic!("made as doubles");
    };
    match value("amount") {
        Value::String(text) => assert_eq!(format!("{:?}", amount.values[0]), debug_text(text)),
        number => assert_eq!(number.as_f64(), amount.valid[0].then_some(amount.values[0])),
    }
    assert_eq!(*value("count"), first_value(&batch.features[1]));
    assert_eq!(*value("merchant"), first_value(&batch.features[2]));
}

/// The debug text of the double that a string of the contract stands for.
fn debug_text(text: &str) -> String {
    text.replace("Infinity", "inf")
}

/// The text of a value of any type, valid as a rule.
fn values() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?",
        any::<f64>()
            .prop_filter("JSON has no others", |value| value.is_finite())
            .prop_map(|value| format!("{value:?}")),
        any::<i32>().prop_map(|value| value.to_string()),
        (-1..4_i32).prop_map(|value| value.to_string()),
        r#""([a-zЖ—😀 ]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}){0,12}""#,
        prop::sample::select(vec![
            "null",
            "true",
            "false",
            r#""NaN""#,
            r#""2019-11-10T14:43:06Z""#
        ])
        .prop_map(str::to_owned),
    ];
    scalar.prop_recursive(3, 12, 3, |value| {
        let member =
            ("\"[a-c]\"", value.clone()).prop_map(|(key, value)| format!("{key} :{value}"));
        prop_oneof![
            prop::collection::vec(value, 0..3)
                .prop_map(|values| format!("[{}]", values.join(", "))),
            prop::collection::vec(member, 0..3)
                .prop_map(|members| format!("{{{}}}", members.join(" ,"))),
        ]
    })
}

/// An object with known and unknown fields, of right and wrong types.
fn messages() -> impl Strategy<Value = String> {
    let right = prop::sample::select(vec![
        r#""transaction_id":-125"#,
        r#""ts" : "2019-11-10 14:43:06.5""#,
        r#""tx_fraud":2"#,
        r#""tx\u005ffraud":null"#,
        r#""amount":"-Infinity""#,
        r#""amount":130.65331632653061"#,
        r#""count":null"#,
        r#""merchant":"a\u00e9\n""#,
    ]);
    let names = vec![
        "transaction_id",
        "ts",
        "tx_fraud",
        "amount",
        "count",
        "merchant",
        "x",
        "Amount",
    ];
    let any_type = (prop::sample::select(names), values())
        .prop_map(|(name, value)| format!("\"{name}\":\n{value}"));
    let member = prop_oneof![2 => right.prop_map(str::to_owned), 1 => any_type];
    let base = prop::sample::select(vec![
        vec![],
        vec![
            r#""transaction_id":1"#.to_owned(),
            r#""ts":"2019-11-10""#.to_owned(),
        ],
    ]);
    (base, prop::collection::vec(member, 0..4), any::<Index>()).prop_map(
        |(mut members, more, first)| {
            members.extend(more);
            let middle = if members.is_empty() {
                0
            } else {
                first.index(members.len())
            };
            members.rotate_left(middle);
            format!(" {{ {} }}\r\n", members.join(" ,\t"))
        },
    )
}

/// A byte to put somewhere, and how: in the place of another, between, or not at all,
/// where another is taken away.
type Damage = (Index, u8, i32);

/// Up to three of them.
fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let bytes = prop::sample::select(b"{}[]\",:\\/ue0129.-+ \n\x00\x1f\x7f\xc3\xa9\xff".to_vec());
    prop::collection::vec((any::<Index>(), bytes, 0..3), 1..4)
}

fn damage(message: &str, damages: Vec<Damage>) -> Vec<u8> {
    let mut message = message.as_bytes().to_vec();
    for (position, byte, how) in damages {
        let position = position.index(message.len());
        match how {
            0 => message[position] = byte,
            1 => message.insert(position, byte),
            _ => drop(message.remove(position)),
        }
    }
    message
}

fn damaged_messages() -> impl Strategy<Value = Vec<u8>> {
    (messages(), damages()).prop_map(|(message, damages)| damage(&message, damages))
}

/// A few messages whose bytes are nearly alike, as the ones before them let expect.
fn similar_messages() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let several = prop::collection::vec(damages(), 1..6);
    (messages(), several).prop_map(|(message, several)| {
        let damaged = several.into_iter().map(|damages| damage(&message, damages));
        damaged
            .flat_map(|damaged| [message.clone().into_bytes(), damaged])
            .collect()
    })
}

/// Compares the parser with the oracle.
fn check(message: &[u8]) {
    let Some(oracle) = oracle(message) else {
        return;
    };
    let shown = String::from_utf8_lossy(message);
    let parsed = parse(message);
    let code = parsed.as_ref().err().map(|rejection| rejection.code);
    match oracle {
        Err(_) => assert_eq!(code, Some(RejectionCode::InvalidJson), "{shown}"),
        Ok(members) => {
            assert_eq!(code, expected_outcome(&members), "{shown}");
            if let Ok(batch) = parsed {
                assert_values(&batch, &members);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn generated_messages_end_as_the_oracle_says(message in messages()) {
        check(message.as_bytes());
    }

    #[test]
    fn damaged_messages_end_as_the_oracle_says(message in damaged_messages()) {
        check(&message);
    }

    #[test]
    fn a_message_ends_the_same_whatever_came_before_it(messages in similar_messages()) {
        let schema = small_schema();
        let mut parser = TransactionParser::new(&schema);
        for message in messages {
            let mut batch = TransactionBatch::new(&schema);
            let outcome = parser.parse(Some(&message), &mut batch).map(|()| batch);
            // As text: NaN differs from itself.
            prop_assert_eq!(format!("{outcome:?}"), format!("{:?}", parse(&message)));
        }
    }

    #[test]
    fn numbers_are_rounded_as_the_standard_library_rounds_them(
        number in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?",
    ) {
        let message = format!(r#"{{"transaction_id":1,"ts":"2019-11-10","amount":{number}}}"#);
        let batch = parse(message.as_bytes()).unwrap();
        let FeatureColumn::Double(amount) = &batch.features[0] else { unreachable!() };
        prop_assert_eq!(amount.values[0].to_bits(), number.parse::<f64>().unwrap().to_bits());
    }

    #[test]
    fn arbitrary_bytes_are_rejected_without_a_panic(bytes: Vec<u8>) {
        prop_assert!(parse(&bytes).is_err());
        prop_assert!(result::parse(Some(&bytes)).is_err());
        prop_assert!(timestamp::parse(&bytes).is_none());
    }

    #[test]
    fn damaged_messages_are_no_results_and_no_panic(message in damaged_messages()) {
        prop_assert!(result::parse(Some(&message)).is_err());
    }
}
