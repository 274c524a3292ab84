//! Transactions as they stand on the topic, without one.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use fraud_model::{Model, ModelOptions};
use local_stack::checkout;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use schema::transaction::TransactionWriter;

/// The 20,000 transactions of the fixtures as JSON: the contract's 18 fields.
pub(crate) fn transactions() -> Result<Vec<Vec<u8>>> {
    let folder = checkout().join("tests/fixtures/transactions.parquet");
    let entries = folder
        .read_dir()
        .with_context(|| format!("reading {}", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|is| is == "parquet"));
    paths.sort();
    let model = Model::load(
        &checkout().join("models/fraud-classifier"),
        &ModelOptions::default(),
    )?;
    let features = model.transaction_schema().features.iter();
    let columns: Vec<String> = ["transaction_id", "ts"]
        .into_iter()
        .chain(features.map(|feature| feature.name.as_str()))
        .chain(["tx_fraud"])
        .map(str::to_owned)
        .collect();
    let mut messages = Vec::new();
    for path in paths {
        read(&path, &columns, &mut messages)
            .with_context(|| format!("reading {}", path.display()))?;
    }
    Ok(messages)
}

fn read(path: &Path, columns: &[String], messages: &mut Vec<Vec<u8>>) -> Result<()> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let schema = reader.schema().clone();
    let writer = TransactionWriter::new(&schema, columns, &[])?;
    for batch in reader.build()? {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            let mut message = Vec::new();
            writer.write(&batch, row, &mut message);
            messages.push(message);
        }
    }
    Ok(())
}
