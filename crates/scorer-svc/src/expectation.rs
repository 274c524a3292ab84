//! Spark's result lines, read along with ours.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use fraud_model::{Agreement, Comparison, Difference, Parity};

/// A file of Spark's results, compared line by line up to the first difference.
pub(crate) struct Expectation {
    path: PathBuf,
    lines: BufReader<File>,
    line: Vec<u8>,
    comparison: Comparison,
    difference: Option<Difference>,
}

impl Expectation {
    /// Opens the file.
    pub(crate) fn open(path: &Path, parity: Parity) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            lines: BufReader::new(file),
            line: Vec::new(),
            comparison: Comparison::new(parity),
            difference: None,
        })
    }

    /// Compares the next result with the next line.
    pub(crate) fn compare(&mut self, found: &[u8]) -> anyhow::Result<()> {
        if self.differs() {
            return Ok(());
        }
        let expected = self.read_line()?.then_some(self.line.as_slice());
        self.difference = self.comparison.compare(expected, Some(found)).err();
        Ok(())
    }

    /// Whether a difference was found, so that nothing after it matters.
    pub(crate) fn differs(&self) -> bool {
        self.difference.is_some()
    }

    /// The verdict once there are no more results.
    pub(crate) fn verdict(mut self) -> anyhow::Result<Result<Agreement, Difference>> {
        if !self.differs() && self.read_line()? {
            self.difference = self.comparison.compare(Some(&self.line), None).err();
        }
        Ok(match self.difference {
            Some(difference) => Err(difference),
            None => self.comparison.finish(),
        })
    }

    fn read_line(&mut self) -> anyhow::Result<bool> {
        self.line.clear();
        let length = self
            .lines
            .read_until(b'\n', &mut self.line)
            .with_context(|| format!("cannot read {}", self.path.display()))?;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        }
        Ok(length > 0)
    }
}
