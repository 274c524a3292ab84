//! Result lines to stdout or against an expectation, notes to stderr.

use std::fmt;
use std::io::{self, BufWriter, StderrLock, StdoutLock, Write};
use std::path::Path;

use fraud_model::Parity;

use crate::expectation::Expectation;

/// Results or notes can't be written: a disk that is full, or a reader that has gone.
#[derive(Debug)]
pub(super) struct CannotWrite(pub(super) io::Error);

impl fmt::Display for CannotWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write: {}", self.0)
    }
}

impl std::error::Error for CannotWrite {}

/// Where results and notes go.
pub(super) struct Output {
    results: Results,
    notes: BufWriter<StderrLock<'static>>,
}

enum Results {
    Printed(BufWriter<StdoutLock<'static>>),
    Compared(Expectation),
}

impl Output {
    /// Prints results, or compares them with the lines of `expect`.
    pub(super) fn new(expect: Option<&Path>, parity: Parity) -> anyhow::Result<Self> {
        Ok(Self {
            results: match expect {
                None => Results::Printed(BufWriter::new(io::stdout().lock())),
                Some(path) => Results::Compared(Expectation::open(path, parity)?),
            },
            notes: BufWriter::new(io::stderr().lock()),
        })
    }

    /// A result line, without its newline.
    pub(super) fn result(&mut self, line: &[u8]) -> anyhow::Result<()> {
        match &mut self.results {
            Results::Printed(out) => {
                out.write_all(line).map_err(CannotWrite)?;
                out.write_all(b"\n").map_err(CannotWrite)?;
            }
            Results::Compared(expectation) => expectation.compare(line)?,
        }
        Ok(())
    }

    /// What became of an input line that has no result.
    pub(super) fn note(&mut self, line: u64, text: &str) -> anyhow::Result<()> {
        writeln!(self.notes, "line {line}: {text}").map_err(CannotWrite)?;
        Ok(())
    }

    /// Whether a difference was found, so that nothing after it matters.
    pub(super) fn differs(&self) -> bool {
        match &self.results {
            Results::Printed(_) => false,
            Results::Compared(expectation) => expectation.differs(),
        }
    }

    /// Writes what is left, and the verdict of a comparison; whether it found a difference.
    pub(super) fn finish(mut self) -> anyhow::Result<bool> {
        self.notes.flush().map_err(CannotWrite)?;
        match self.results {
            Results::Printed(mut out) => {
                out.flush().map_err(CannotWrite)?;
                Ok(false)
            }
            Results::Compared(expectation) => {
                let verdict = expectation.verdict()?;
                match &verdict {
                    Ok(agreement) => writeln!(io::stdout(), "{agreement}"),
                    Err(difference) => writeln!(io::stdout(), "{difference}"),
                }
                .map_err(CannotWrite)?;
                Ok(verdict.is_err())
            }
        }
    }
}
