//! A table as Spark's `Dataset.show` prints it: cells of at most 20 characters,
//! aligned right, of the first 20 rows.

use std::io::{self, Write};

/// Rows that are shown; of more, it is only said that there are more.
pub const SHOWN_ROWS: usize = 20;
/// Longer cells are cut to this, three dots included.
const WIDEST: usize = 20;
/// Spark's narrowest column.
const NARROWEST: usize = 3;

/// Keeps the rows that will be shown.
#[derive(Debug)]
pub struct ShowTable<const N: usize> {
    header: [&'static str; N],
    rows: Vec<[String; N]>,
    has_more: bool,
}

impl<const N: usize> ShowTable<N> {
    /// A table without rows.
    pub fn new(header: [&'static str; N]) -> Self {
        Self {
            header,
            rows: Vec::new(),
            has_more: false,
        }
    }

    /// Adds the row that `cells` makes, unless the table is full.
    pub fn push(&mut self, cells: impl FnOnce() -> [String; N]) {
        if self.rows.len() == SHOWN_ROWS {
            self.has_more = true;
            return;
        }
        self.rows.push(cells().map(cut));
    }

    /// Whether a row came that isn't shown.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.has_more = false;
    }

    /// Writes the table and the empty line that Spark prints after it.
    ///
    /// # Errors
    ///
    /// What `out` fails with.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let mut widths = self.header.map(|name| name.len().max(NARROWEST));
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let columns = widths.map(|width| "-".repeat(width));
        let rule = format!("+{}+", columns.join("+"));
        let header = line(&widths, &self.header);
        writeln!(out, "{rule}\n{header}\n{rule}")?;
        for row in &self.rows {
            writeln!(out, "{}", line(&widths, row))?;
        }
        writeln!(out, "{rule}")?;
        if self.has_more {
            writeln!(out, "only showing top {SHOWN_ROWS} rows")?;
        }
        writeln!(out)
    }
}

fn line<const N: usize>(widths: &[usize; N], cells: &[impl AsRef<str>; N]) -> String {
    let mut line = "|".to_owned();
    for (width, cell) in widths.iter().zip(cells) {
        line.push_str(&format!("{:>width$}|", cell.as_ref()));
    }
    line
}

fn cut(cell: String) -> String {
    if cell.chars().count() <= WIDEST {
        return cell;
    }
    cell.chars().take(WIDEST - 3).chain("...".chars()).collect()
}
