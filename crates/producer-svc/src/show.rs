//! The keys and values that are sent, as Spark's `Dataset.show` shows them.

use std::io::{self, Write};

use schema::show_table::ShowTable;

/// Collects the first rows and prints them once.
#[derive(Debug)]
pub(crate) struct KeyValueTable {
    table: ShowTable<2>,
    is_printed: bool,
}

impl Default for KeyValueTable {
    fn default() -> Self {
        Self {
            table: ShowTable::new(["key", "value"]),
            is_printed: false,
        }
    }
}

impl KeyValueTable {
    /// Adds a row; the first that finds the table full has it printed.
    pub(crate) fn push(&mut self, out: &mut impl Write, key: &str, value: &[u8]) -> io::Result<()> {
        if self.is_printed {
            return Ok(());
        }
        self.table
            .push(|| [key.to_owned(), String::from_utf8_lossy(value).into_owned()]);
        if self.table.has_more() {
            return self.finish(out);
        }
        Ok(())
    }

    /// Prints what there is, unless it is printed.
    pub(crate) fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.is_printed {
            return Ok(());
        }
        self.is_printed = true;
        self.table.print(out)?;
        out.flush()
    }
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
