//! Arrow rows to JSON as Spark's `to_json` writes them, and back.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int32Array, Int64Array, LargeStringArray, NullArray, RecordBatch,
    StringArray, StringViewArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow::datatypes::{Field, Int8Type, Schema};
use proptest::prelude::*;
use schema::transaction::{
    ColumnError, Feature, FeatureColumn, TransactionBatch, TransactionParser, TransactionWriter,
};

use crate::support::{handbook_schema, small_schema};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .map(|(name, column)| (name, column, true)),
    )
    .expect("columns of one length")
}

/// An id and a time, for batches of one row.
fn with_id_and_time(mut more: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("transaction_id", Arc::new(Int32Array::from(vec![7]))),
        ("ts", Arc::new(TimestampMillisecondArray::from(vec![0]))),
    ];
    columns.append(&mut more);
    batch(columns)
}

fn writer(batch: &RecordBatch, features: &[Feature]) -> Result<TransactionWriter, ColumnError> {
    let schema = batch.schema();
    let names: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    TransactionWriter::new(&schema, &names, features)
}

/// The rows of a batch with the ids that the writer returned.
fn rows(batch: &RecordBatch) -> Vec<(String, Option<i64>)> {
    let writer = writer(batch, &[]).expect("columns that can be written");
    let row = |row| {
        let mut out = Vec::new();
        let id = writer.write(batch, row, &mut out);
        (String::from_utf8(out).expect("UTF-8"), id)
    };
    (0..batch.num_rows()).map(row).collect()
}

/// How the one value of a column is written, behind its key.
fn value(column: ArrayRef) -> String {
    let batch = with_id_and_time(vec![("x", column)]);
    let (row, _) = rows(&batch).remove(0);
    let start = r#"{"transaction_id":7,"ts":"1970-01-01T00:00:00.000Z","x":"#;
    let value = row
        .strip_prefix(start)
        .and_then(|value| value.strip_suffix('}'));
    value.unwrap_or_else(|| panic!("{row}")).to_owned()
}

#[test]
fn every_type_is_written_as_spark_writes_it() {
    let dictionary: DictionaryArray<Int8Type> = vec!["a", "b"].into_iter().collect();
    let cases: [(ArrayRef, &str); 22] = [
        (Arc::new(Int8Array::from(vec![-128])), "-128"),
        (
            Arc::new(Int64Array::from(vec![i64::MIN])),
            "-9223372036854775808",
        ),
        (
            Arc::new(UInt64Array::from(vec![u64::MAX])),
            "18446744073709551615",
        ),
        (Arc::new(BooleanArray::from(vec![true])), "true"),
        (Arc::new(BooleanArray::from(vec![false])), "false"),
        (Arc::new(Float64Array::from(vec![1e-5])), "1.0E-5"),
        (Arc::new(Float64Array::from(vec![100.0])), "100.0"),
        (Arc::new(Float64Array::from(vec![f64::NAN])), r#""NaN""#),
        (Arc::new(Float32Array::from(vec![0.1])), "0.1"),
        (Arc::new(Float32Array::from(vec![1e10])), "1.0E10"),
        (
            Arc::new(Float32Array::from(vec![f32::NEG_INFINITY])),
            r#""-Infinity""#,
        ),
        (decimal(-1250, 2), "-12.50"),
        (decimal(5, 3), "0.005"),
        (
            Arc::new(StringArray::from(vec![
                "a\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}Ж😀",
            ])),
            "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001F\u{7f}Ж😀\"",
        ),
        (Arc::new(LargeStringArray::from(vec![""])), r#""""#),
        (
            Arc::new(StringViewArray::from(vec!["longer than twelve"])),
            r#""longer than twelve""#,
        ),
        (Arc::new(dictionary.slice(1, 1)), r#""b""#),
        (Arc::new(Date32Array::from(vec![18_210])), r#""2019-11-10""#),
        (
            Arc::new(TimestampSecondArray::from(vec![-1])),
            r#""1969-12-31T23:59:59.000Z""#,
        ),
        (
            Arc::new(TimestampMicrosecondArray::from(vec![-1])),
            r#""1969-12-31T23:59:59.999Z""#,
        ),
        (
            Arc::new(
                TimestampMicrosecondArray::from(vec![1_573_396_986_123_999])
                    .with_timezone("Europe/Moscow"),
            ),
            r#""2019-11-10T14:43:06.123Z""#,
        ),
        (
            Arc::new(TimestampNanosecondArray::from(vec![
                1_573_396_986_000_000_001,
            ])),
            r#""2019-11-10T14:43:06.000Z""#,
        ),
    ];
    for (column, expected) in cases {
        let shown = format!("{column:?}");
        assert_eq!(value(column), expected, "{shown}");
    }
}

fn decimal(unscaled: i128, scale: i8) -> ArrayRef {
    let column = Decimal128Array::from(vec![unscaled]).with_precision_and_scale(10, scale);
    Arc::new(column.expect("a precision that Arrow has"))
}

#[test]
fn null_fields_are_left_out_and_a_row_without_an_id_has_none() {
    let dictionary: DictionaryArray<Int8Type> = vec![Some("a"), None].into_iter().collect();
    let batch = batch(vec![
        (
            "transaction_id",
            Arc::new(Int64Array::from(vec![Some(7), None])),
        ),
        (
            "amount",
            Arc::new(Float64Array::from(vec![None, Some(1.5)])),
        ),
        (
            "ts",
            Arc::new(TimestampMillisecondArray::from(vec![Some(0), None])),
        ),
        ("merchant", Arc::new(dictionary)),
        ("tx_fraud", Arc::new(NullArray::new(2))),
    ]);
    assert_eq!(
        rows(&batch),
        [
            (
                r#"{"transaction_id":7,"ts":"1970-01-01T00:00:00.000Z","merchant":"a"}"#.to_owned(),
                Some(7)
            ),
            (r#"{"amount":1.5}"#.to_owned(), None),
        ]
    );
}

#[test]
fn an_id_beyond_64_signed_bits_is_written_but_not_returned() {
    let batch = batch(vec![
        (
            "transaction_id",
            Arc::new(UInt64Array::from(vec![u64::MAX])),
        ),
        ("ts", Arc::new(TimestampMillisecondArray::from(vec![0]))),
    ]);
    let (row, id) = rows(&batch).remove(0);
    assert!(row.contains("18446744073709551615"));
    assert_eq!(id, None);
}

#[test]
fn columns_are_written_in_the_order_asked_for_and_others_are_left() {
    let batch = with_id_and_time(vec![
        ("terminal_id", Arc::new(Int32Array::from(vec![3]))),
        ("tx_amount", Arc::new(Int32Array::from(vec![5]))),
    ]);
    let names = ["tx_amount", "ts", "transaction_id"].map(str::to_owned);
    let features = handbook_schema().features;
    let writer = TransactionWriter::new(&batch.schema(), &names, &features).unwrap();
    let mut out = b"before".to_vec();
    writer.write(&batch, 0, &mut out);
    let expected = r#"before{"tx_amount":5,"ts":"1970-01-01T00:00:00.000Z","transaction_id":7}"#;
    assert_eq!(str::from_utf8(&out).unwrap(), expected);
}

#[test]
fn all_missing_columns_are_named_at_once() {
    let names = ["transaction_id", "ts", "amount", "count"].map(str::to_owned);
    let batch = with_id_and_time(vec![("Amount", Arc::new(Int32Array::from(vec![5])))]);
    let error = TransactionWriter::new(&batch.schema(), &names, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"no column "amount", "count"; the file has transaction_id, ts, Amount"#
    );
}

#[test]
fn columns_without_which_a_transaction_is_rejected_must_be_sent_once() {
    let schema = with_id_and_time(Vec::new()).schema();
    for (names, problem) in [
        (vec!["ts"], "lack \"transaction_id\""),
        (vec!["transaction_id"], "lack \"ts\""),
        (
            vec!["transaction_id", "ts", "ts"],
            "\"ts\" is to be sent twice",
        ),
    ] {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let error = TransactionWriter::new(&schema, &names, &[]).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn a_column_of_a_type_that_the_scorer_rejects_is_named_with_what_would_do() {
    let double: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
    let integer: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    for (name, column, problem) in [
        (
            "count",
            &double,
            "column \"count\" is Float64, expected an integer",
        ),
        (
            "count",
            &text,
            "column \"count\" is Utf8, expected an integer",
        ),
        (
            "amount",
            &text,
            "column \"amount\" is Utf8, expected a number",
        ),
        (
            "merchant",
            &integer,
            "column \"merchant\" is Int32, expected text",
        ),
        (
            "tx_fraud",
            &double,
            "column \"tx_fraud\" is Float64, expected an integer",
        ),
    ] {
        let batch = with_id_and_time(vec![(name, Arc::clone(column))]);
        let error = writer(&batch, &small_schema().features).unwrap_err();
        assert_eq!(error.to_string(), problem);
    }
    for (name, column) in [("transaction_id", &text), ("ts", &integer)] {
        let schema = Schema::new(vec![
            Field::new("transaction_id", column.data_type().clone(), true),
            Field::new("ts", column.data_type().clone(), true),
        ]);
        let names = ["transaction_id", "ts"].map(str::to_owned);
        let error = TransactionWriter::new(&schema, &names, &[]).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_parsed_to_the_same_values(
        id: i64,
        time in -62_135_596_800_000..253_402_300_800_000_i64,
        label in prop::option::of(0..3_i32),
        amount in prop::option::of(any::<u64>().prop_map(f64::from_bits)),
        count: Option<i32>,
        merchant: Option<String>,
    ) {
        let batch = batch(vec![
            ("merchant", Arc::new(StringArray::from(vec![merchant.clone()]))),
            ("transaction_id", Arc::new(Int64Array::from(vec![id]))),
            ("amount", Arc::new(Float64Array::from(vec![amount]))),
            ("ts", Arc::new(TimestampMillisecondArray::from(vec![time]))),
            ("tx_fraud", Arc::new(Int32Array::from(vec![label]))),
            ("count", Arc::new(Int32Array::from(vec![count]))),
        ]);
        let schema = small_schema();
        let mut message = Vec::new();
        let written = writer(&batch, &schema.features).unwrap().write(&batch, 0, &mut message);
        prop_assert_eq!(written, Some(id));

        let mut parsed = TransactionBatch::new(&schema);
        TransactionParser::new(&schema).parse(Some(&message), &mut parsed).unwrap();
        prop_assert_eq!((parsed.ids[0], parsed.timestamps[0], parsed.labels[0]), (id, time, label));
        for column in &parsed.features {
            match column {
                FeatureColumn::Double(column) => {
                    let read = column.valid[0].then_some(column.values[0]);
                    // Debug text, as NaN doesn't equal itself.
                    prop_assert_eq!(format!("{read:?}"), format!("{amount:?}"));
                }
                FeatureColumn::Integer(column) => {
                    prop_assert_eq!(column.valid[0].then_some(column.values[0]), count);
                }
                FeatureColumn::String(column) => {
                    prop_assert_eq!(column.valid[0].then_some(&column.values[0]), merchant.as_ref());
                }
            }
        }
    }
}
