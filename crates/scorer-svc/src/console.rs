//! What Spark's console sink would print: the schema, then a table a batch.

mod cells;
mod tree;

use std::io::{self, Write};

use schema::result::ScoredTransaction;
use schema::show_table::ShowTable;
use schema::transaction::TransactionSchema;

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
    table: ShowTable<5>,
}

impl Console {
    /// Prints the schema of the input and an empty first batch, as Spark does
    /// when its query starts.
    pub(crate) fn start(out: &mut impl Write, schema: &TransactionSchema) -> io::Result<Self> {
        writeln!(out, "{}", tree::schema_tree(schema))?;
        let mut console = Self {
            next_batch: 0,
            table: ShowTable::new(COLUMNS),
        };
        console.print(out)?;
        Ok(console)
    }

    /// Adds a row to the batch.
    pub(crate) fn push(&mut self, scored: &ScoredTransaction<'_>) {
        self.table.push(|| cells::row(scored));
    }

    /// Prints the batch and begins the next.
    pub(crate) fn print(&mut self, out: &mut impl Write) -> io::Result<()> {
        let line = "-------------------------------------------";
        write!(out, "{line}\nBatch: {}\n{line}\n", self.next_batch)?;
        self.table.print(out)?;
        out.flush()?;
        self.next_batch += 1;
        self.clear();
        Ok(())
    }

    /// Forgets the rows of the batch.
    pub(crate) fn clear(&mut self) {
        self.table.clear();
    }
}

#[cfg(test)]
mod tests;
