//! What the contract accepts as a transaction, up to each bound, and as what.

use schema::RejectionCode;
use schema::transaction::{
    Feature, FeatureColumn, FeatureType, TransactionBatch, TransactionParser, TransactionSchema,
};

use crate::support::{parse, small_schema, with};

/// The value of a feature in the one row, as debug text.
fn feature(member: &str, position: usize) -> String {
    let batch = parse(with(&format!("{member},"))).expect("a right value");
    match &batch.features[position] {
        FeatureColumn::Double(column) => format!("{:?} {:?}", column.values, column.valid),
        FeatureColumn::Integer(column) => format!("{:?} {:?}", column.values, column.valid),
        FeatureColumn::String(column) => format!("{:?} {:?}", column.values, column.valid),
    }
}

#[test]
fn double_features_take_every_number_and_three_strings() {
    for (value, expected) in [
        ("1.5", "[1.5]"),
        ("-1.5e0", "[-1.5]"),
        ("100", "[100.0]"),
        ("-0", "[-0.0]"),
        ("-0.0", "[-0.0]"),
        ("1e-05", "[1e-5]"),
        ("130.65331632653061", "[130.65331632653061]"),
        ("0.1e1", "[1.0]"),
        ("9007199254740993", "[9007199254740992.0]"),
        (
            "9007199254740993.00000000000000000000001",
            "[9007199254740994.0]",
        ),
        ("18446744073709551617", "[1.8446744073709552e19]"),
        ("1e22", "[1e22]"),
        ("1e23", "[1e23]"),
        ("5e-324", "[5e-324]"),
        ("2e-324", "[0.0]"),
        ("1.7976931348623157e308", "[1.7976931348623157e308]"),
        ("1e400", "[inf]"),
        ("-1E+400", "[-inf]"),
        ("1e99999999999999999999", "[inf]"),
        ("1e-99999999999999999999", "[0.0]"),
        ("0e99999999999999999999", "[0.0]"),
        ("1e0000000000000000000001", "[10.0]"),
        (r#""NaN""#, "[NaN]"),
        (r#""Infinity""#, "[inf]"),
        (r#""-Infinity""#, "[-inf]"),
        (r#""\u004eaN""#, "[NaN]"),
    ] {
        let column = feature(&format!(r#""amount":{value}"#), 0);
        assert_eq!(column, format!("{expected} [true]"), "{value}");
    }
}

#[test]
fn integer_features_take_32_bits_written_as_integers() {
    for (value, expected) in [
        ("0", "[0]"),
        ("-0", "[0]"),
        ("2147483647", "[2147483647]"),
        ("-2147483648", "[-2147483648]"),
    ] {
        let column = feature(&format!(r#""count":{value}"#), 1);
        assert_eq!(column, format!("{expected} [true]"), "{value}");
    }
}

#[test]
fn string_features_are_unescaped() {
    for (value, expected) in [
        (r#""""#, r#"[""]"#),
        (r#""Ж—x""#, r#"["Ж—x"]"#),
        (
            r#""\"\\\/\b\f\n\r\t\u0000""#,
            r#"["\"\\/\u{8}\u{c}\n\r\t\0"]"#,
        ),
        (r#""\u0416 \uD83D\ude00.""#, r#"["Ж 😀."]"#),
        (
            r#""a long text before an escape\n""#,
            r#"["a long text before an escape\n"]"#,
        ),
    ] {
        let column = feature(&format!(r#""merchant":{value}"#), 2);
        assert_eq!(column, format!("{expected} [true]"), "{value}");
    }
}

#[test]
fn a_null_or_missing_feature_is_null_and_a_missing_label_is_none() {
    for message in [
        with(""),
        with(r#""amount":null,"count":null,"merchant":null,"tx_fraud":null,"#),
    ] {
        let batch = parse(&message).unwrap();
        assert_eq!((batch.ids[0], batch.labels[0]), (7, None));
        for column in &batch.features {
            match column {
                FeatureColumn::Double(column) => assert_eq!(column.valid, [false]),
                FeatureColumn::Integer(column) => assert_eq!(column.valid, [false]),
                FeatureColumn::String(column) => assert_eq!(column.valid, [false]),
            }
        }
    }
}

#[test]
fn a_feature_may_be_the_id_the_time_or_the_label_as_well() {
    let schema = TransactionSchema {
        features: vec![
            Feature::new("tx_fraud", FeatureType::Double),
            Feature::new("ts", FeatureType::String),
            Feature::new("transaction_id", FeatureType::Integer),
        ],
        classes: 2,
    };
    let mut parser = TransactionParser::new(&schema);
    let mut batch = TransactionBatch::new(&schema);
    let mut parse = |message: &str| parser.parse(Some(message.as_bytes()), &mut batch);
    parse(r#"{"tx_fraud":1,"transaction_id":7,"ts":"2019-11-10"}"#).unwrap();
    parse(r#"{"transaction_id":7,"ts":"2019-11-10"}"#).unwrap();
    let beyond_the_feature = parse(r#"{"transaction_id":2147483648,"ts":"2019-11-10"}"#);
    assert_eq!(
        beyond_the_feature.unwrap_err().code,
        RejectionCode::OutOfRange
    );

    assert_eq!(batch.labels, [Some(1), None]);
    let FeatureColumn::Double(labels) = &batch.features[0] else {
        panic!("made as doubles");
    };
    assert_eq!(
        (&*labels.values, &*labels.valid),
        (&[1.0, 0.0][..], &[true, false][..])
    );
    let FeatureColumn::String(times) = &batch.features[1] else {
        panic!("made as strings");
    };
    assert_eq!(times.values, ["2019-11-10", "2019-11-10"]);
    assert_eq!(batch.features[2].len(), 2);
}

#[test]
fn fields_are_found_in_whatever_order_they_come() {
    let orders = [
        r#"{"transaction_id":7,"ts":"2019-11-10","amount":1.5,"count":2,"merchant":"a"}"#,
        r#"{"merchant":"a","x":0,"count":2,"amount":1.5,"ts":"2019-11-10","transaction_id":7}"#,
        r#"{"x":0,"ts":"2019-11-10","x":0,"count":2,"merchant":"a","transaction_id":7,"amount":1.5}"#,
    ];
    let expected = parse(orders[0]).unwrap();
    let schema = small_schema();
    let mut parser = TransactionParser::new(&schema);
    let mut batch = TransactionBatch::new(&schema);
    for order in orders.iter().cycle().take(7) {
        batch.clear();
        parser.parse(Some(order.as_bytes()), &mut batch).unwrap();
        assert_eq!(batch, expected, "{order}");
    }
}
