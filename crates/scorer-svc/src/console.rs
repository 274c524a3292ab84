//! What Spark's console sink would print: the schema, then a table a batch.

mod cells;
mod table;
mod tree;

use std::io::{self, Write};

use schema::result::ScoredTransaction;
use schema::transaction::TransactionSchema;

/// Rows that a batch shows.
const SHOWN_ROWS: usize = 20;
const COLUMNS: [&str; 5] = [
    "transaction_id",
    "ts",
    "tx_fraud",
    "probability",
    "prediction",
];

/// Prints batches of results; keeps the first rows of the batch at hand.
#[derive(Debug)]
pub(crate) struct Console {
    next_batch: u64,
    rows: Vec<[String; 5]>,
    has_more: bool,
}

impl Console {
    /// Prints the schema of the input and an empty first batch, as Spark does
    /// when its query starts.
    pub(crate) fn start(out: &mut impl Write, schema: &TransactionSchema) -> io::Result<Self> {
        writeln!(out, "{}", tree::schema_tree(schema))?;
        let mut console = Self {
            next_batch: 0,
            rows: Vec::new(),
            has_more: false,
        };
        console.print(out)?;
        Ok(console)
    }

    /// Adds a row to the batch.
    pub(crate) fn push(&mut self, scored: &ScoredTransaction<'_>) {
        if self.rows.len() == SHOWN_ROWS {
            self.has_more = true;
            return;
        }
        self.rows.push(cells::row(scored));
    }

    /// Prints the batch and begins the next.
    pub(crate) fn print(&mut self, out: &mut impl Write) -> io::Result<()> {
        let line = "-------------------------------------------";
        write!(out, "{line}\nBatch: {}\n{line}\n", self.next_batch)?;
        out.write_all(table::render(&COLUMNS, &self.rows).as_bytes())?;
        if self.has_more {
            writeln!(out, "only showing top {SHOWN_ROWS} rows")?;
        }
        writeln!(out)?;
        out.flush()?;
        self.next_batch += 1;
        self.clear();
        Ok(())
    }

    /// Forgets the rows of the batch.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.has_more = false;
    }
}

#[cfg(test)]
mod tests;
