//! `bench sink`: results to Parquet.

use std::io::BufRead;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use arrow::array::{
    ArrayRef, AsArray, Float64Array, Int32Array, Int64Array, RecordBatch, RecordBatchReader,
    StringArray, TimestampMillisecondArray,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use arrow_json::ReaderBuilder;
use bytes::Bytes;
use fraud_model::{Model, ModelOptions, Scorer};
use local_stack::checkout;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use results_sink_svc::{FileBench, ResultMessage};
use schema::result;
use schema::transaction::{TransactionBatch, TransactionParser};
use serde_json::json;

use crate::messages;
use crate::report::{Target, print_row, write_json};
use crate::rounds::{RoundsArguments, take_turns};

const R9: Target = Target {
    name: "R9",
    what: "results to Parquet, ours / arrow-json + ArrowWriter, rows/s",
    must: 1.5,
    want: 3.0,
    more_is_better: true,
};

/// Several row groups.
const ROWS: usize = 400_000;
/// Where the transactions stood.
const PARTITION: i32 = 1;
/// Of the first transaction; the others follow by milliseconds.
const FIRST_TIME: i64 = 1_573_396_986_000;
/// Rows that arrow-json decodes at once; more don't make it faster.
const DECODED_ROWS: usize = 8192;

/// Measures both, which write the same rows with the same settings. What isn't in the
/// JSON – places, times and model, of messages and headers, and the probability of fraud
/// in a column of its own – arrow-json's side is given for nothing, ready for the file.
pub(crate) fn run(arguments: &RoundsArguments) -> Result<()> {
    let values = results()?;
    let messages: Vec<_> = values
        .iter()
        .enumerate()
        .map(|(offset, value)| ResultMessage {
            value,
            model: b"fraud-classifier@0123456789ab",
            source: format!("{PARTITION}:{offset}:{}", FIRST_TIME + offset as i64).into_bytes(),
        })
        .collect();
    let lines = values.join(&b'\n');
    let others = other_columns(&values)?;
    let files = FileBench::default();
    println!(
        "{ROWS} results of {} bytes, median of {} rounds by turns, one thread",
        lines.len() / ROWS,
        arguments.rounds
    );

    let (mut our_file, mut their_file) = (Vec::new(), Vec::new());
    let times = take_turns(
        arguments.rounds,
        &mut [
            ("ours", &mut || {
                our_file = files.write(&messages).expect("results can be written");
            }),
            ("arrow-json", &mut || {
                their_file =
                    write_by_arrow(&lines, &others, &files).expect("results can be written");
            }),
        ],
    );
    let our_file = our_file.concat();
    check_equal(&our_file, &their_file)?;
    let per_second: Vec<_> = times
        .iter()
        .map(|time| ROWS as f64 / time.as_secs_f64())
        .collect();
    println!();
    print_row("", &["rows/s", "bytes a row"].map(str::to_owned));
    let names = ["ours", "arrow-json + ArrowWriter"];
    for ((name, per_second), bytes) in names
        .iter()
        .zip(&per_second)
        .zip([our_file.len(), their_file.len()])
    {
        let bytes_a_row = format!("{:.1}", bytes as f64 / ROWS as f64);
        print_row(name, &[format!("{per_second:.0}"), bytes_a_row]);
    }
    println!();
    let r9 = per_second[0] / per_second[1];
    R9.print(r9);
    write_json(
        "sink",
        &json!({
            "rounds": arguments.rounds,
            "rows": ROWS,
            "rows_per_second": names.iter().zip(&per_second).collect::<Vec<_>>(),
            "ratios": [R9.json(r9)],
        }),
    )
}

/// Results of the fixtures' transactions, over and over, as they stand on the topic.
fn results() -> Result<Vec<Vec<u8>>> {
    let folder = checkout().join("tests/fixtures/models/random-forest");
    let model = Model::load(&folder, &ModelOptions::default())?;
    let mut parser = TransactionParser::new(model.transaction_schema());
    let mut transactions = TransactionBatch::new(model.transaction_schema());
    for message in messages::transactions()? {
        parser.parse(Some(&message), &mut transactions)?;
    }
    let mut scorer = Scorer::new(Arc::new(model));
    let scores = scorer.score(&transactions);
    let values = (0..transactions.len()).map(|row| {
        let mut value = Vec::new();
        let scored = scores.result(&transactions, row);
        result::write(&mut value, &scored);
        value
    });
    let values: Vec<_> = values.collect();
    Ok(values.iter().cycle().take(ROWS).cloned().collect())
}

fn write_by_arrow(mut lines: &[u8], others: &RecordBatch, files: &FileBench) -> Result<Vec<u8>> {
    let mut decoder = ReaderBuilder::new(json_schema())
        .with_batch_size(DECODED_ROWS)
        .build_decoder()?;
    let fields = [json_schema().fields(), others.schema().fields()].map(|fields| fields.to_vec());
    let schema = Arc::new(Schema::new(fields.concat()));
    let properties = files.properties().clone();
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))?;
    let mut written = 0;
    loop {
        let available = lines.fill_buf()?;
        let decoded = decoder.decode(available)?;
        lines.consume(decoded);
        let Some(batch) = decoder.flush()? else {
            return Ok(writer.into_inner()?);
        };
        let others = others.slice(written, batch.num_rows());
        let columns = [batch.columns(), others.columns()].concat();
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
        written += batch.num_rows();
    }
}

/// What a result holds, with the types of a result file.
fn json_schema() -> SchemaRef {
    // As an offset: names of zones take a database of them.
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("+00:00".into()));
    let values = DataType::List(Arc::new(Field::new("element", DataType::Float64, true)));
    let vector = Fields::from(vec![
        Field::new("type", DataType::Int32, false),
        Field::new("values", values, false),
    ]);
    Arc::new(Schema::new(vec![
        Field::new("transaction_id", DataType::Int64, false),
        Field::new("ts", time, false),
        Field::new("tx_fraud", DataType::Int32, true),
        Field::new("probability", DataType::Struct(vector), true),
        Field::new("prediction", DataType::Float64, false),
    ]))
}

/// The columns of a result file that aren't in the JSON.
fn other_columns(values: &[Vec<u8>]) -> Result<RecordBatch> {
    let offsets = || 0..ROWS as i64;
    let numbers = || Arc::new(Int64Array::from_iter_values(offsets())) as ArrayRef;
    let times = |first: i64| {
        let times = offsets().map(|offset| first + offset);
        Arc::new(TimestampMillisecondArray::from_iter_values(times)) as ArrayRef
    };
    let partitions = |partition| Arc::new(Int32Array::from(vec![partition; ROWS])) as ArrayRef;
    let texts = |text| Arc::new(StringArray::from(vec![text; ROWS])) as ArrayRef;
    let mut fraud_probabilities = Vec::with_capacity(ROWS);
    for value in values {
        let probability = result::parse(Some(value))?.probability;
        fraud_probabilities.push(probability.map(|values| values[1]));
    }
    Ok(RecordBatch::try_from_iter([
        (
            "fraud_probability",
            Arc::new(Float64Array::from(fraud_probabilities)) as ArrayRef,
        ),
        ("model_name", texts("fraud-classifier")),
        ("model_version", texts("0123456789ab")),
        ("kafka_partition", partitions(0)),
        ("kafka_offset", numbers()),
        ("kafka_timestamp", times(0)),
        ("source_partition", partitions(PARTITION)),
        ("source_offset", numbers()),
        ("source_timestamp", times(FIRST_TIME)),
    ])?)
}

/// An error unless both files have the same rows.
fn check_equal(ours: &[u8], theirs: &[u8]) -> Result<()> {
    let (ours, theirs) = (read(ours)?, read(theirs)?);
    for (field, ours) in ours.schema().fields().iter().zip(ours.columns()) {
        let name = field.name();
        let theirs = theirs.column_by_name(name).context("a column is missing")?;
        // Theirs is the struct around the values.
        let theirs = match theirs.as_struct_opt() {
            Some(vector) => vector.column_by_name("values").context("no values")?,
            None => theirs,
        };
        let equal = without_zone(ours)? == without_zone(theirs)?;
        ensure!(equal, "the files differ in {name}");
    }
    Ok(())
}

/// A column whose times are numbers: the zone of all of them is UTC, which has two names.
fn without_zone(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Timestamp(..) => Ok(cast(column, &DataType::Int64)?),
        _ => Ok(Arc::clone(column)),
    }
}

fn read(file: &[u8]) -> Result<RecordBatch> {
    let file = Bytes::copy_from_slice(file);
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
    let schema = reader.schema();
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    Ok(concat_batches(&schema, &batches)?)
}
