use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use clap::Parser;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::{Source, local};
use crate::cli::{Cli, Command};
use crate::config::ProducerConfig;
use crate::sample::Sample;
use crate::simulate;

const EXPECTED: &str = "../../tests/fixtures/expected/random-forest/input.jsonl";
pub(super) const TRANSACTIONS: &str = "../../tests/fixtures/transactions.parquet";
/// The lines after these hold altered features.
const UNALTERED_LINES: usize = 400;

#[test]
fn int96_files_of_spark_become_what_spark_writes_to_kafka() {
    let source = open(&fixture(TRANSACTIONS)).unwrap();
    assert_eq!(source.row_count(), 20_000);
    let messages: HashMap<_, _> = messages(&source, &Sample::All).into_iter().collect();

    let expected = fs::read_to_string(fixture(EXPECTED)).unwrap();
    let mut compared = 0;
    for line in expected.lines().take(UNALTERED_LINES) {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = value["transaction_id"].as_i64().unwrap();
        if let Some(message) = messages.get(&id) {
            assert_eq!(message, line);
            compared += 1;
        }
    }
    assert_eq!(compared, 126);
}

#[test]
fn a_sample_is_what_reading_all_rows_shows_at_its_places() {
    let source = open(&fixture(TRANSACTIONS)).unwrap();
    let all = messages(&source, &Sample::All);
    let rows = vec![0, 1, 4_095, 4_096, 9_999, 10_000, 15_000, 19_999];
    let expected: Vec<_> = rows.iter().map(|row| all[*row as usize].clone()).collect();
    assert_eq!(messages(&source, &Sample::Rows(rows)), expected);
}

#[test]
fn partitions_are_read_in_order_and_what_is_hidden_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(&root.join("month=10/day=2/part-00000.parquet"), &minimal(5));
    write(&root.join("month=9/day=10/part-00001.parquet"), &minimal(4));
    write(&root.join("month=9/day=10/part-00000.parquet"), &minimal(3));
    write(&root.join("month=9/day=9/part-00000.parquet"), &minimal(2));
    write(&root.join("_temporary/part-00000.parquet"), &minimal(7));
    fs::write(root.join("_SUCCESS"), "").unwrap();
    fs::write(root.join("month=9/day=9/.part-00000.parquet.crc"), "crc").unwrap();

    assert_eq!(ids(&root.to_string_lossy()), [2, 3, 4, 5]);
    assert_eq!(ids(&root.join("month=9").to_string_lossy()), [2, 3, 4]);
    assert_eq!(
        ids(&root
            .join("month=9/day=9/part-00000.parquet")
            .to_string_lossy()),
        [2]
    );
}

#[test]
fn timestamps_of_any_unit_and_columns_in_any_order_make_the_same_message() {
    let folder = tempfile::tempdir().unwrap();
    let seconds = 1_573_396_986; // 2019-11-10T14:43:06Z
    let timestamps: [(&str, ArrayRef); 4] = [
        (
            "1",
            Arc::new(TimestampMillisecondArray::from(vec![seconds * 1_000])),
        ),
        (
            "2",
            Arc::new(TimestampMicrosecondArray::from(vec![seconds * 1_000_000])),
        ),
        (
            "3",
            Arc::new(TimestampNanosecondArray::from(vec![
                seconds * 1_000_000_000,
            ])),
        ),
        (
            "4",
            Arc::new(
                TimestampMicrosecondArray::from(vec![seconds * 1_000_000]).with_timezone("UTC"),
            ),
        ),
    ];
    for (name, timestamp) in timestamps {
        let amount: ArrayRef = Arc::new(Float64Array::from(vec![76.12]));
        let id: ArrayRef = Arc::new(Int64Array::from(vec![125_713_051]));
        let unused: ArrayRef = Arc::new(StringArray::from(vec!["a secret"]));
        let batch = RecordBatch::try_from_iter([
            ("card", unused),
            ("tx_amount", amount),
            ("ts", timestamp),
            ("transaction_id", id),
        ])
        .unwrap();
        write(&folder.path().join(name), &batch);
    }
    let config = config(
        &folder.path().to_string_lossy(),
        &["transaction_id", "ts", "tx_amount"],
    );
    let sent = messages(&check(&config).unwrap(), &Sample::All);
    let expected =
        r#"{"transaction_id":125713051,"ts":"2019-11-10T14:43:06.000Z","tx_amount":76.12}"#;
    assert_eq!(sent, vec![(125_713_051, expected.to_owned()); 4]);
}

#[test]
fn every_file_is_checked_and_the_bad_one_is_named() {
    let with_text = |name: &str, values: Vec<&str>| {
        let mut columns = columns_of(&minimal(1));
        columns.retain(|(column, _)| column != name);
        columns.push((
            name.to_owned(),
            Arc::new(StringArray::from(values)) as ArrayRef,
        ));
        RecordBatch::try_from_iter(columns).unwrap()
    };
    let as_long = {
        let mut columns = columns_of(&minimal(1));
        columns[0].1 = Arc::new(Int64Array::from(vec![1]));
        RecordBatch::try_from_iter(columns).unwrap()
    };
    let cases: [(RecordBatch, &[&str]); 4] = [
        (
            minimal(1).project(&[0]).unwrap(),
            &["b.parquet", "no column \"ts\"", "transaction_id"],
        ),
        (
            with_text("ts", vec!["2019"]),
            &["b.parquet", "column \"ts\" is Utf8", "a timestamp"],
        ),
        (
            with_text("transaction_id", vec!["1"]),
            &["b.parquet", "an integer"],
        ),
        (
            as_long,
            &[
                "b.parquet",
                "is Int64, but Int32 in",
                "a.parquet",
                "must agree",
            ],
        ),
    ];
    for (batch, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("a.parquet"), &minimal(1));
        write(&folder.path().join("b.parquet"), &batch);
        let config = config(&folder.path().to_string_lossy(), &["transaction_id", "ts"]);
        let error = format!("{:#}", check(&config).err().unwrap());
        for part in expected {
            assert!(error.contains(part), "{error:?} lacks {part:?}");
        }
    }
}

#[test]
fn a_column_of_the_contract_with_another_type_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let source = open(&fixture(TRANSACTIONS)).unwrap();
    let group = source.row_groups().next().unwrap();
    let (_, mut batches) = group.read(Sample::All.within(group.rows())).unwrap();
    let mut columns = columns_of(&batches.next().unwrap().unwrap());
    let rows = columns[2].1.len();
    columns[2].1 = Arc::new(StringArray::from(vec!["76.12"; rows]));
    write(&path, &RecordBatch::try_from_iter(columns).unwrap());

    let error = format!("{:#}", open(&path.to_string_lossy()).err().unwrap());
    assert!(
        error.contains("column \"tx_amount\" is Utf8, expected a number"),
        "{error}"
    );
}

#[test]
fn what_is_no_data_set_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("empty/_temporary")).unwrap();
    fs::write(root.join("empty/_SUCCESS"), "").unwrap();
    fs::write(root.join("notes.txt"), "not Parquet at all").unwrap();
    write(&root.join("no-rows.parquet"), &minimal(1).slice(0, 0));
    write(&root.join("whole.parquet"), &minimal(1));
    let whole = fs::read(root.join("whole.parquet")).unwrap();
    fs::write(root.join("half.parquet"), &whole[..whole.len() / 2]).unwrap();

    let cases = [
        ("missing", "cannot read"),
        ("empty", "holds no Parquet files"),
        ("notes.txt", "notes.txt: not a whole Parquet file"),
        ("half.parquet", "half.parquet: not a whole Parquet file"),
        ("no-rows.parquet", "holds no rows"),
    ];
    for (name, expected) in cases {
        let config = config(
            &root.join(name).to_string_lossy(),
            &["transaction_id", "ts"],
        );
        let error = format!("{:#}", check(&config).err().unwrap());
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn rows_are_described_by_file_and_number_across_row_groups() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(2))
        .build();
    let batch = arrow::compute::concat_batches(
        &minimal(0).schema(),
        &(0..5).map(minimal).collect::<Vec<_>>(),
    )
    .unwrap();
    let mut writer = ArrowWriter::try_new(
        File::create(&path).unwrap(),
        batch.schema(),
        Some(properties),
    )
    .unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();

    let config = config(&path.to_string_lossy(), &["transaction_id", "ts"]);
    let source = check(&config).unwrap();
    let sample = Sample::Rows(vec![1, 3]);
    let described: Vec<_> = source
        .row_groups()
        .filter(|group| !sample.within(group.rows()).is_empty())
        .map(|group| group.describe_row(sample.within(group.rows()).place(0)))
        .collect();
    let name = path.display();
    assert_eq!(
        described,
        [format!("{name}, row 2"), format!("{name}, row 4")]
    );
    assert_eq!(
        messages(&source, &sample)
            .iter()
            .map(|(id, _)| *id)
            .collect::<Vec<_>>(),
        [1, 3]
    );
}

#[test]
fn what_simulate_writes_is_sent_in_order_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let out = format!("--out={}", folder.path().display());
    let arguments = [
        "producer-svc",
        "simulate",
        &out,
        "--customers=50",
        "--days=3",
        "--start=2019-12-30",
    ];
    let Some(Command::Simulate(options)) = Cli::parse_from(arguments).command else {
        panic!("the command is given");
    };
    let summary = simulate::simulate(&options).unwrap();

    let source = open(&folder.path().to_string_lossy()).unwrap();
    let sent = messages(&source, &Sample::All);
    assert_eq!(sent.len() as u64, summary.transactions);
    assert!(sent.iter().map(|(id, _)| *id).eq(0..sent.len() as i64));
    let times: Vec<_> = sent
        .iter()
        .map(|(_, message)| {
            let value: serde_json::Value = serde_json::from_str(message).unwrap();
            assert_eq!(value.as_object().unwrap().len(), 18);
            value["ts"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(times.is_sorted());
    assert!(times[0].starts_with("2019-12-30T"));
    assert!(times[times.len() - 1].starts_with("2020-01-01T"));
}

pub(super) fn fixture(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(path)
        .to_string_lossy()
        .into_owned()
}

pub(super) fn config(source: &str, columns: &[&str]) -> ProducerConfig {
    ProducerConfig {
        source: source.to_owned(),
        columns: columns.iter().copied().map(String::from).collect(),
        sample: 0,
        seed: 0,
        rate: 0.0,
        repeat: false,
        print: false,
        send_timeout: Duration::from_secs(1),
    }
}

fn check(config: &ProducerConfig) -> anyhow::Result<Source> {
    Source::check(config, local::list(&config.source)?)
}

fn open(source: &str) -> anyhow::Result<Source> {
    check(&config(source, &[]))
}

fn ids(source: &str) -> Vec<i64> {
    let source = check(&config(source, &["transaction_id", "ts"])).unwrap();
    messages(&source, &Sample::All)
        .into_iter()
        .map(|(id, _)| id)
        .collect()
}

pub(super) fn messages(source: &Source, sample: &Sample) -> Vec<(i64, String)> {
    let mut messages = Vec::new();
    for group in source.row_groups() {
        let selected = sample.within(group.rows());
        if selected.is_empty() {
            continue;
        }
        let (writer, batches) = group.read(selected).unwrap();
        for batch in batches {
            let batch = batch.unwrap();
            for row in 0..batch.num_rows() {
                let mut value = Vec::new();
                let id = writer.write(&batch, row, &mut value).unwrap();
                messages.push((id, String::from_utf8(value).unwrap()));
            }
        }
    }
    messages
}

/// One row of `transaction_id` and `ts`.
pub(super) fn minimal(id: i32) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int32Array::from(vec![id]));
    let timestamps: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![0]));
    RecordBatch::try_from_iter([("transaction_id", ids), ("ts", timestamps)]).unwrap()
}

fn columns_of(batch: &RecordBatch) -> Vec<(String, ArrayRef)> {
    let names = batch
        .schema_ref()
        .fields()
        .iter()
        .map(|field| field.name().clone());
    names.zip(batch.columns().iter().cloned()).collect()
}

fn write(path: &Path, batch: &RecordBatch) {
    fs::create_dir_all(path.parent().map(PathBuf::from).unwrap()).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}
