//! What the contract rejects as a transaction, beyond each bound, and with
//! which code.

use schema::RejectionCode;
use schema::transaction::{TransactionBatch, TransactionParser};

use crate::support::{parse, small_schema, with};

#[test]
fn each_wrong_field_has_its_code_and_is_named_without_its_value() {
    use RejectionCode::*;
    for (member, code, name) in [
        (r#""amount":"12.5""#, WrongType, "amount"),
        (r#""amount":"inf""#, WrongType, "amount"),
        (r#""amount":true"#, WrongType, "amount"),
        (r#""amount":[12.5]"#, WrongType, "amount"),
        (r#""count":12.5"#, WrongType, "count"),
        (r#""count":125e2"#, WrongType, "count"),
        (r#""count":"125""#, WrongType, "count"),
        (r#""count":false"#, WrongType, "count"),
        (r#""count":2147483648"#, OutOfRange, "count"),
        (r#""count":-2147483649"#, OutOfRange, "count"),
        (
            r#""count":125125125125125125125125125125125125125125125"#,
            OutOfRange,
            "count",
        ),
        (r#""merchant":125"#, WrongType, "merchant"),
        (r#""merchant":{"a":125}"#, WrongType, "merchant"),
        (r#""tx_fraud":3"#, InvalidLabel, "tx_fraud"),
        (r#""tx_fraud":-1"#, InvalidLabel, "tx_fraud"),
        (r#""tx_fraud":1.0"#, InvalidLabel, "tx_fraud"),
        (r#""tx_fraud":"125""#, InvalidLabel, "tx_fraud"),
        (r#""tx_fraud":4294967296"#, InvalidLabel, "tx_fraud"),
        (r#""amount":1,"amount":1"#, DuplicateField, "amount"),
        (r#""amount":null,"amount":1"#, DuplicateField, "amount"),
        (r#""amount":1,"amou\u006et":true"#, DuplicateField, "amount"),
        (
            r#""tx_fraud":null,"tx_fraud":1"#,
            DuplicateField,
            "tx_fraud",
        ),
        (r#""transaction_id":7"#, DuplicateField, "transaction_id"),
        (r#""ts":"2019-11-10""#, DuplicateField, "ts"),
    ] {
        let rejection = parse(with(&format!("{member},"))).unwrap_err();
        assert_eq!(rejection.code, code, "{member}");
        assert!(rejection.message.contains(name), "{member}: {rejection}");
        assert!(!rejection.message.contains("125"), "{member}: {rejection}");
        assert!(!rejection.message.contains("12.5"), "{member}: {rejection}");
    }
}

#[test]
fn id_and_time_must_be_there() {
    use RejectionCode::*;
    for (message, code) in [
        (r#"{}"#, MissingField),
        (r#"{"ts":"2019-11-10"}"#, MissingField),
        (r#"{"ts":"2019-11-10","transaction_id":null}"#, MissingField),
        (r#"{"ts":"2019-11-10","transaction_id":"7"}"#, WrongType),
        (r#"{"ts":"2019-11-10","transaction_id":7.0}"#, WrongType),
        (
            r#"{"ts":"2019-11-10","transaction_id":9223372036854775808}"#,
            OutOfRange,
        ),
        (
            r#"{"ts":"2019-11-10","transaction_id":-9223372036854775809}"#,
            OutOfRange,
        ),
        (r#"{"transaction_id":7}"#, InvalidTimestamp),
        (r#"{"transaction_id":7,"ts":null}"#, InvalidTimestamp),
        (r#"{"transaction_id":7,"ts":1573396986}"#, InvalidTimestamp),
        (r#"{"transaction_id":7,"ts":"yesterday"}"#, InvalidTimestamp),
        (
            r#"{"transaction_id":7,"TS":"2019-11-10"}"#,
            InvalidTimestamp,
        ),
    ] {
        assert_eq!(parse(message).unwrap_err().code, code, "{message}");
    }
    for id in [i64::MIN, -1, i64::MAX] {
        let message = format!(r#"{{"ts":"2019\u002d11-10","transaction_id":{id}}}"#);
        assert_eq!(parse(&message).unwrap().ids, [id]);
    }
}

#[test]
fn of_several_faults_invalid_json_wins_then_the_first_field_then_what_is_missing() {
    use RejectionCode::*;
    for (message, code) in [
        (r#"{"count":true,"transaction_id":7.5"#, InvalidJson),
        (r#"{"count":true,"tx_fraud":9}"#, WrongType),
        (r#"{"tx_fraud":9,"count":true}"#, InvalidLabel),
        (r#"{"count":1,"count":1,"tx_fraud":9}"#, DuplicateField),
        (r#"{"unknown":1,"unknown":2}"#, MissingField),
    ] {
        assert_eq!(parse(message).unwrap_err().code, code, "{message}");
    }
}

#[test]
fn unknown_fields_are_skipped_but_must_be_json() {
    let nested = |depth: usize| format!(r#""x":{}{},"#, "[".repeat(depth), "]".repeat(depth));
    for members in [
        r#""x":{"amount":[{},[],[[{"a":{"b":null}}],1e5,"\u0041"],true,false]},"#,
        r#""Amount":"text","amount ":[],"#,
        r#""":0,"#,
        &nested(127),
    ] {
        assert!(parse(with(members)).is_ok(), "{members}");
    }
    for members in [
        r#""x":nul,"#,
        r#""x":[1,],"#,
        r#""x":[1 2],"#,
        r#""x":{"a"},"#,
        r#""x":{"a":},"#,
        r#""x":{"a":1,},"#,
        r#""x":{1:1},"#,
        r#""x":[1},"#,
        r#""x":{"a":1],"#,
        r#""x":01,"#,
        r#""x":1.,"#,
        r#""x":.5,"#,
        r#""x":+1,"#,
        r#""x":-,"#,
        r#""x":1e,"#,
        r#""x":1e+,"#,
        r#""x":NaN,"#,
        r#""x":"\x","#,
        r#""x":"\u12g4","#,
        r#""x":"\u12","#,
        r#""x":"\ud800","#,
        r#""x":"\udc00\ud800","#,
        r#""x":"\ud800\u0041","#,
        "\"x\":\"a\nb\",",
        r#"'x':1,"#,
        r#"x:1,"#,
        r#""x" 1,"#,
        r#",""#,
        "\u{feff}",
        "\u{a0}",
        &nested(128),
        &nested(100_000),
    ] {
        let rejection = parse(with(members)).unwrap_err();
        assert_eq!(rejection.code, RejectionCode::InvalidJson, "{members}");
    }
}

#[test]
fn a_message_must_be_one_object_in_utf_8() {
    let schema = small_schema();
    let mut parser = TransactionParser::new(&schema);
    let mut batch = TransactionBatch::new(&schema);
    let fine = with("");
    let messages: [&[u8]; 9] = [
        b"",
        b" ",
        b"{",
        b"{\"",
        b"[]",
        b"{\"x\":\"\xff\"}",
        b"{\"x\":\"\xed\xa0\x80\"}",
        &[fine.as_bytes(), b"{}"].concat(),
        &[fine.as_bytes(), b"\0"].concat(),
    ];
    for message in messages {
        let rejection = parser.parse(Some(message), &mut batch).unwrap_err();
        assert_eq!(rejection.code, RejectionCode::InvalidJson, "{message:?}");
    }
    let rejection = parser.parse(None, &mut batch).unwrap_err();
    assert_eq!(rejection.code, RejectionCode::Tombstone);
    assert!(batch.is_empty());
}

#[test]
fn a_rejected_message_leaves_the_batch_as_it_was() {
    let schema = small_schema();
    let mut parser = TransactionParser::new(&schema);
    let mut batch = TransactionBatch::new(&schema);
    let fine = with(r#""amount":1.5,"merchant":"a","#);
    parser.parse(Some(fine.as_bytes()), &mut batch).unwrap();
    let before = batch.clone();
    for members in [
        r#""merchant":"b","amount":2.5,"ts":"no","#,
        r#""merchant":"b","tx_fraud":1,"amount":true,"#,
        r#""merchant":"b","amount":2.5,,"#,
    ] {
        let message = with(members);
        parser
            .parse(Some(message.as_bytes()), &mut batch)
            .unwrap_err();
        assert_eq!(batch, before);
    }
    parser.parse(Some(fine.as_bytes()), &mut batch).unwrap();
    assert_eq!(batch.len(), 2);
    batch.clear();
    assert_eq!(batch, TransactionBatch::new(&schema));
}
