//! Transactions from JSON lines or Parquet.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use anyhow::Context as _;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use schema::transaction::{TransactionSchema, TransactionWriter};

const PARQUET_MAGIC: &[u8; 4] = b"PAR1";

/// Where the transactions are read from.
pub(super) enum Input {
    /// One JSON object a line.
    Lines(Box<dyn BufRead>),
    /// One row each.
    Parquet(ParquetRecordBatchReader, TransactionWriter),
}

impl Input {
    /// Opens the file, or stdin; a file's first bytes say whether it is Parquet.
    /// `schema` says which of its columns are read.
    pub(super) fn open(file: Option<&Path>, schema: &TransactionSchema) -> anyhow::Result<Self> {
        let Some(path) = file else {
            return Ok(Self::Lines(Box::new(io::stdin().lock())));
        };
        let cannot_read = || format!("cannot read {}", path.display());
        let mut file = File::open(path).with_context(cannot_read)?;
        if !is_parquet(&mut file).with_context(cannot_read)? {
            return Ok(Self::Lines(Box::new(BufReader::new(file))));
        }
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).with_context(cannot_read)?;
        let columns = columns(schema, |name| reader.schema().field_with_name(name).is_ok());
        let writer = TransactionWriter::new(reader.schema(), &columns, &schema.features)
            .with_context(cannot_read)?;
        Ok(Self::Parquet(
            reader.build().with_context(cannot_read)?,
            writer,
        ))
    }

    /// Calls `each` with the JSON of every transaction, until it returns `false`.
    pub(super) fn for_each(
        &mut self,
        mut each: impl FnMut(&[u8]) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let mut json = Vec::new();
        match self {
            Self::Lines(lines) => loop {
                json.clear();
                let length = lines
                    .read_until(b'\n', &mut json)
                    .context("cannot read the transactions")?;
                if length == 0 || !each(json.strip_suffix(b"\n").unwrap_or(&json))? {
                    return Ok(());
                }
            },
            Self::Parquet(batches, writer) => {
                for batch in batches {
                    let batch = batch.context("cannot read the transactions")?;
                    for row in 0..batch.num_rows() {
                        json.clear();
                        writer.write(&batch, row, &mut json);
                        if !each(&json)? {
                            return Ok(());
                        }
                    }
                }
                Ok(())
            }
        }
    }
}

fn is_parquet(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.by_ref()
        .take(PARQUET_MAGIC.len() as u64)
        .read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start == PARQUET_MAGIC)
}

/// The columns that are read; a label is, where there is one.
fn columns(schema: &TransactionSchema, is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let mut columns = vec!["transaction_id".to_owned(), "ts".to_owned()];
    for feature in &schema.features {
        if !columns.contains(&feature.name) {
            columns.push(feature.name.clone());
        }
    }
    let label = "tx_fraud".to_owned();
    if is_there(&label) && !columns.contains(&label) {
        columns.push(label);
    }
    columns
}
