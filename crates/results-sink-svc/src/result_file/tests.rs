use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type, TimestampMillisecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use schema::result::{ResultRecord, Source};

use super::*;
use crate::row::Origin;
use crate::testing::{NOON, PARTITION, name, record, row};

/// The file's rows, as one batch.
fn read(file: &EncodedFile) -> RecordBatch {
    let content = Bytes::from(file.parts.concat());
    let reader = ParquetRecordBatchReaderBuilder::try_new(content).unwrap();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn open() -> ResultFile {
    let first_row = FirstRow {
        transaction_id: 0,
        kafka_timestamp: Some(NOON),
    };
    ResultFile::open(&FileFormat::new(), "cluster-a", name(0), first_row).unwrap()
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a dyn Array {
    batch.column_by_name(name).unwrap().as_ref()
}

#[test]
fn every_column_is_read_back_as_it_was_written() {
    let full = record(125_713_051);
    let mut full_row = row(&full, 76, Some(NOON + 5));
    full_row.origin = Origin {
        model: Some(b"fraud-classifier@3f2a"),
        source: Some(Source {
            partition: 4,
            offset: 1234,
            timestamp: Some(NOON + 1),
        }),
    };
    let sparse = ResultRecord {
        transaction_id: i64::MIN,
        timestamp: -1,
        tx_fraud: None,
        probability: None,
        prediction: 1.0,
    };
    let mut sparse_row = row(&sparse, 77, None);
    sparse_row.fraud_probability = None;

    let mut file = open();
    file.append(&full_row).unwrap();
    file.append(&sparse_row).unwrap();
    let batch = read(&file.finish(77).unwrap());

    assert_eq!(
        batch.schema().fields(),
        schema::result_file::arrow_schema().fields()
    );
    let int64 = |name| {
        column(&batch, name)
            .as_primitive::<Int64Type>()
            .values()
            .to_vec()
    };
    let int32 = |name| column(&batch, name).as_primitive::<Int32Type>();
    let double = |name| column(&batch, name).as_primitive::<Float64Type>();
    let time = |name| column(&batch, name).as_primitive::<TimestampMillisecondType>();
    let text = |name| column(&batch, name).as_string::<i32>();
    assert_eq!(int64("transaction_id"), [125_713_051, i64::MIN]);
    assert_eq!(time("ts").values(), &[NOON, -1]);
    assert_eq!(
        int32("tx_fraud").iter().collect::<Vec<_>>(),
        [Some(1), None]
    );
    let probability = column(&batch, "probability").as_list::<i32>();
    assert!(probability.is_null(1));
    assert_eq!(
        probability.value(0).as_primitive::<Float64Type>().values(),
        &[0.75, 0.25]
    );
    assert_eq!(
        double("fraud_probability").iter().collect::<Vec<_>>(),
        [Some(0.25), None]
    );
    assert_eq!(double("prediction").values(), &[0.0, 1.0]);
    assert_eq!(
        text("model_name").iter().collect::<Vec<_>>(),
        [Some("fraud-classifier"), None]
    );
    assert_eq!(
        text("model_version").iter().collect::<Vec<_>>(),
        [Some("3f2a"), None]
    );
    assert_eq!(int32("kafka_partition").values(), &[PARTITION, PARTITION]);
    assert_eq!(int64("kafka_offset"), [76, 77]);
    assert_eq!(
        time("kafka_timestamp").iter().collect::<Vec<_>>(),
        [Some(NOON + 5), None]
    );
    assert_eq!(
        int32("source_partition").iter().collect::<Vec<_>>(),
        [Some(4), None]
    );
    assert_eq!(
        column(&batch, "source_offset")
            .as_primitive::<Int64Type>()
            .iter()
            .collect::<Vec<_>>(),
        [Some(1234), None]
    );
    assert_eq!(
        time("source_timestamp").iter().collect::<Vec<_>>(),
        [Some(NOON + 1), None]
    );
}

#[test]
fn all_rows_of_many_batches_arrive_in_order() {
    let mut file = open();
    let rows = 2 * BATCH_ROWS as i64 + 7;
    for offset in 0..rows {
        file.append(&row(&record(offset), offset, Some(NOON)))
            .unwrap();
    }
    let encoded = file.finish(rows).unwrap();
    assert_eq!(encoded.summary.rows, rows as u64);
    let batch = read(&encoded);
    let offsets = column(&batch, "kafka_offset").as_primitive::<Int64Type>();
    assert!(offsets.values().iter().copied().eq(0..rows));
}

#[test]
fn the_estimated_length_is_near_the_true_one() {
    let mut file = open();
    for offset in 0..100 * BATCH_ROWS as i64 {
        // Digits that don't compress.
        let mut record = record(offset.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64));
        record.probability = Some(vec![(offset as f64).sin(), (offset as f64).cos()]);
        file.append(&row(&record, offset, Some(NOON))).unwrap();
    }
    assert!(file.is_batch_complete());
    let (estimate, memory) = (file.encoded_bytes(), file.memory());
    let bytes = file.finish(0).unwrap().bytes();
    assert!(
        estimate.abs_diff(bytes) < bytes / 3,
        "{estimate} for {bytes}"
    );
    assert!(memory < 3 * bytes, "{memory} for {bytes}");
}

#[test]
fn long_rows_are_encoded_before_they_fill_the_memory() {
    let mut file = open();
    for offset in 0..200 {
        let mut record = record(offset);
        // 80 kB, all zeros: a sparse vector says that in a few bytes.
        record.probability = Some(vec![0.0; 10_000]);
        file.append(&row(&record, offset, Some(NOON))).unwrap();
        assert!(file.columns.bytes() < BATCH_BYTES);
    }
    assert_eq!(file.finish(199).unwrap().summary.rows, 200);
}

#[test]
fn rows_with_long_names_of_models_are_too() {
    let mut file = open();
    let model = [&[b'm'; 100_000], &b"@1"[..]].concat();
    for offset in 0..200 {
        let record = record(offset);
        let mut row = row(&record, offset, Some(NOON));
        row.origin.model = Some(&model);
        file.append(&row).unwrap();
        assert!(file.columns.bytes() < BATCH_BYTES);
    }
    assert!(file.memory() < 20 << 20, "{}", file.memory());
    assert_eq!(file.finish(199).unwrap().summary.rows, 200);
}
