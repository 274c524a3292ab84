//! Transactions from JSON lines or Parquet.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use schema::transaction::{TransactionSchema, TransactionWriter};

const PARQUET_MAGIC: &[u8; 4] = b"PAR1";

/// Where the transactions are read from.
pub(super) enum Input {
    /// One JSON object a line.
    Lines(Box<dyn BufRead>),
    /// One row each, file by file.
    Parquet(Vec<PathBuf>),
}

impl Input {
    /// Opens the file, the folder that Spark wrote as Parquet, or stdin; a file's
    /// first bytes say whether it is Parquet.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Lines(Box::new(io::stdin().lock())));
        };
        let cannot_read = || format!("cannot read {}", path.display());
        if path.is_dir() {
            return Ok(Self::Parquet(parquet_files(path)?));
        }
        let mut file = BufReader::new(File::open(path).with_context(cannot_read)?);
        // Looked at without being read: a pipe can't be rewound.
        let start = file.fill_buf().with_context(cannot_read)?;
        Ok(if start.starts_with(PARQUET_MAGIC) {
            Self::Parquet(vec![path.to_owned()])
        } else {
            Self::Lines(Box::new(file))
        })
    }

    /// Calls `each` with the JSON of every transaction, until it returns `false`.
    /// `schema` says which columns of Parquet are read.
    pub(super) fn for_each(
        self,
        schema: &TransactionSchema,
        mut each: impl FnMut(&[u8]) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Lines(lines) => for_each_line(lines, each),
            Self::Parquet(files) => {
                for file in files {
                    let is_enough = !for_each_row(&file, schema, &mut each)
                        .with_context(|| format!("cannot read {}", file.display()))?;
                    if is_enough {
                        break;
                    }
                }
                Ok(())
            }
        }
    }
}

fn for_each_line(
    mut lines: impl BufRead,
    mut each: impl FnMut(&[u8]) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = lines
            .read_until(b'\n', &mut line)
            .context("cannot read the transactions")?;
        if length == 0 || !each(line.strip_suffix(b"\n").unwrap_or(&line))? {
            return Ok(());
        }
    }
}

fn for_each_row(
    path: &Path,
    schema: &TransactionSchema,
    each: &mut impl FnMut(&[u8]) -> anyhow::Result<bool>,
) -> anyhow::Result<bool> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let columns = columns(schema, |name| reader.schema().field_with_name(name).is_ok());
    let writer = TransactionWriter::new(reader.schema(), &columns, &schema.features)?;
    let mut json = Vec::new();
    for batch in reader.build()? {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            json.clear();
            writer.write(&batch, row, &mut json);
            if !each(&json)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The folder's files in the order of their names, without Spark's markers.
fn parquet_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let cannot_read = || format!("cannot read {}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot_read)? {
        let path = entry.with_context(cannot_read)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            files.push(path);
        }
    }
    if files.is_empty() {
        bail!(
            "cannot read {}: there is no .parquet file in it",
            folder.display()
        );
    }
    files.sort();
    Ok(files)
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
