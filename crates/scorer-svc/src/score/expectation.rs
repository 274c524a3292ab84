//! What Spark wrote, line by line.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A file of result lines, read along with the results.
pub(super) struct Expectation {
    path: PathBuf,
    lines: BufReader<File>,
    line: Vec<u8>,
    agreed: u64,
    difference: Option<Verdict>,
}

/// What a comparison came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All lines are the same, and as many.
    Agrees {
        /// How many.
        lines: u64,
    },
    /// The first line that isn't.
    Differs {
        /// Its number in the expected file, from 1.
        line: u64,
        /// The expected line; `None` after the file's end.
        expected: Option<String>,
        /// The result; `None` after the last.
        got: Option<String>,
    },
}

impl Expectation {
    /// Opens the file.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            lines: BufReader::new(file),
            line: Vec::new(),
            agreed: 0,
            difference: None,
        })
    }

    /// Compares the next result with the next line.
    pub(super) fn compare(&mut self, got: &[u8]) -> anyhow::Result<()> {
        if self.differs() {
            return Ok(());
        }
        if !self.read_line()? {
            self.differ(None, Some(got));
        } else if self.line == got {
            self.agreed += 1;
        } else {
            let expected = std::mem::take(&mut self.line);
            self.differ(Some(&expected), Some(got));
        }
        Ok(())
    }

    /// Whether a difference was found.
    pub(super) fn differs(&self) -> bool {
        self.difference.is_some()
    }

    /// The verdict once there are no more results.
    pub(super) fn verdict(mut self) -> anyhow::Result<Verdict> {
        if !self.differs() && self.read_line()? {
            let expected = std::mem::take(&mut self.line);
            self.differ(Some(&expected), None);
        }
        Ok(self
            .difference
            .unwrap_or(Verdict::Agrees { lines: self.agreed }))
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

    fn differ(&mut self, expected: Option<&[u8]>, got: Option<&[u8]>) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.difference = Some(Verdict::Differs {
            line: self.agreed + 1,
            expected: expected.map(text),
            got: got.map(text),
        });
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agrees { lines } => write!(f, "{lines} lines agree"),
            Self::Differs {
                line,
                expected,
                got,
            } => {
                let or_nothing = |text: &Option<String>| {
                    text.clone().unwrap_or_else(|| "nothing more".to_owned())
                };
                write!(
                    f,
                    "line {line} differs\nexpected: {}\n     got: {}",
                    or_nothing(expected),
                    or_nothing(got)
                )
            }
        }
    }
}
