//! The keys and values that are sent, as Spark's `Dataset.show` shows them.

use std::io::{self, Write};

/// Rows that are shown.
const SHOWN_ROWS: usize = 20;
/// Longer cells are cut to this, three dots included.
const WIDEST: usize = 20;
/// Spark's narrowest column.
const NARROWEST: usize = 3;
const HEADER: [&str; 2] = ["key", "value"];

/// Collects the first rows and prints them once.
#[derive(Debug, Default)]
pub(crate) struct KeyValueTable {
    rows: Vec<[String; 2]>,
    is_printed: bool,
}

impl KeyValueTable {
    /// Adds a row; the first that finds the table full has it printed.
    pub(crate) fn push(&mut self, out: &mut impl Write, key: &str, value: &[u8]) -> io::Result<()> {
        if self.is_printed {
            return Ok(());
        }
        if self.rows.len() == SHOWN_ROWS {
            return self.print(out, true);
        }
        self.rows
            .push([cell(key), cell(&String::from_utf8_lossy(value))]);
        Ok(())
    }

    /// Prints what there is, unless it is printed.
    pub(crate) fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.is_printed {
            Ok(())
        } else {
            self.print(out, false)
        }
    }

    fn print(&mut self, out: &mut impl Write, has_more: bool) -> io::Result<()> {
        self.is_printed = true;
        let widths = [0, 1].map(|column| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells
                .chain([HEADER[column].len(), NARROWEST])
                .max()
                .unwrap_or(NARROWEST)
        });
        let rule = format!("+{}+{}+", "-".repeat(widths[0]), "-".repeat(widths[1]));
        let line = |[key, value]: [&str; 2]| {
            format!(
                "|{key:>key_width$}|{value:>value_width$}|",
                key_width = widths[0],
                value_width = widths[1]
            )
        };
        writeln!(out, "{rule}\n{}\n{rule}", line(HEADER))?;
        for [key, value] in &self.rows {
            writeln!(out, "{}", line([key, value]))?;
        }
        writeln!(out, "{rule}")?;
        if has_more {
            writeln!(out, "only showing top {SHOWN_ROWS} rows")?;
        }
        writeln!(out)?;
        out.flush()
    }
}

fn cell(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        return text.to_owned();
    }
    text.chars().take(WIDEST - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_rows_are_shown_at_the_end() {
        let mut out = Vec::new();
        let mut table = KeyValueTable::default();
        table
            .push(
                &mut out,
                "125713051",
                br#"{"transaction_id":125713051,"ts":"2019"}"#,
            )
            .unwrap();
        table.push(&mut out, "7", br#"{"short":1}"#).unwrap();
        assert!(out.is_empty());
        table.finish(&mut out).unwrap();
        let expected = "\
+---------+--------------------+
|      key|               value|
+---------+--------------------+
|125713051|{\"transaction_id\"...|
|        7|         {\"short\":1}|
+---------+--------------------+

";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn twenty_rows_are_shown_once_as_soon_as_there_are_more() {
        let mut out = Vec::new();
        let mut table = KeyValueTable::default();
        for key in 0..20 {
            table.push(&mut out, &key.to_string(), b"{}").unwrap();
        }
        assert!(out.is_empty());
        for key in 20..50 {
            table.push(&mut out, &key.to_string(), b"{}").unwrap();
        }
        table.finish(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.ends_with("| 19|   {}|\n+---+-----+\nonly showing top 20 rows\n\n"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 4 + 20 + 2);
    }

    #[test]
    fn exactly_twenty_rows_are_all() {
        let mut out = Vec::new();
        let mut table = KeyValueTable::default();
        for key in 0..20 {
            table.push(&mut out, &key.to_string(), b"{}").unwrap();
        }
        table.finish(&mut out).unwrap();
        assert!(!String::from_utf8(out).unwrap().contains("only showing"));
    }
}
