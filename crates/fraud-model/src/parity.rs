//! When results count as Spark's own, and the rows that prove it.
//!
//! Trees and forests only compare, add and divide, so that their results are
//! Spark's byte for byte. Where products are added and exponentials taken,
//! Spark itself differs between processors and versions (Spark 4.2 from 3.5 in
//! up to one line in ten, by up to 4.4e-16), and "as near as Spark is to
//! itself" is the bound.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use schema::double::write_java_double;
use schema::result::{self, ResultRecord};

use crate::ModelError;

/// How far a probability may be from Spark's.
const LAST_BITS: f64 = 4.5e-16;
/// One line in so many may differ at all.
const LINES_PER_DIFFERENCE: u64 = 10;
/// A line that is no result may be anything: this much of it is shown.
const MAX_SHOWN: usize = 400;

/// How near a model's results must be to Spark's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// Every byte is the same: of trees and forests.
    Bytes,
    /// Every prediction is the same, nine lines in ten are, and the
    /// probabilities of the others are within 4.5e-16: of all other classifiers.
    LastBits,
}

/// Transactions and the results that Spark gave them, line by line, as
/// `models/parity.py` writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParityRows {
    /// One transaction a line.
    pub input: PathBuf,
    /// Spark's result of each.
    pub output: PathBuf,
}

impl ParityRows {
    /// The folder beside a model's pipeline; it isn't part of the model's hash.
    const FOLDER: &str = "parity";

    /// Those in the first of the model's folders that has any. Whatever is called
    /// `parity` there counts, a broken link too: rows that can't be read aren't passed
    /// over.
    pub fn beside<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Option<Self> {
        let folders = folders.into_iter();
        let mut named = folders.map(|folder| folder.join(Self::FOLDER));
        let folder = named.find(|folder| folder.symlink_metadata().is_ok())?;
        Some(Self::in_folder(&folder))
    }

    /// `input.jsonl` and `output.jsonl` in `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            input: folder.join("input.jsonl"),
            output: folder.join("output.jsonl"),
        }
    }

    /// How many transactions there are, where both files can be read.
    pub fn count(&self) -> Result<usize, ModelError> {
        count_lines(&self.output).map_err(|error| ModelError::io(&self.output, error))?;
        count_lines(&self.input).map_err(|error| ModelError::io(&self.input, error))
    }
}

/// Result lines compared with Spark's, by a model's [`Parity`].
#[derive(Debug)]
pub struct Comparison {
    parity: Parity,
    lines: u64,
    near: u64,
    first_near: Option<Difference>,
}

/// What a comparison without a [`Difference`] comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// All lines.
    pub lines: u64,
    /// Those of them that aren't the same, but near enough.
    pub near: u64,
}

/// A result that isn't Spark's: its line, its field and both values, in one
/// line of text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Difference(String);

impl Comparison {
    /// Of no lines yet.
    pub fn new(parity: Parity) -> Self {
        Self {
            parity,
            lines: 0,
            near: 0,
            first_near: None,
        }
    }

    /// Compares the next line with Spark's; `None` is the end of either. Lines
    /// are without their newline, and count from 1.
    pub fn compare(
        &mut self,
        expected: Option<&[u8]>,
        found: Option<&[u8]>,
    ) -> Result<(), Difference> {
        self.lines += 1;
        if expected == found {
            return Ok(());
        }
        let results = expected
            .zip(found)
            .and_then(|(expected, found)| Some((read_result(expected)?, read_result(found)?)));
        let difference = Difference::at(self.lines, expected, found, results.as_ref());
        match results {
            Some((expected, found))
                if self.parity == Parity::LastBits && is_near(&expected, &found) =>
            {
                self.near += 1;
                self.first_near.get_or_insert(difference);
                Ok(())
            }
            _ => Err(difference),
        }
    }

    /// The verdict after the last line.
    pub fn finish(self) -> Result<Agreement, Difference> {
        let Self { lines, near, .. } = self;
        match self.first_near {
            Some(first) if near * LINES_PER_DIFFERENCE > lines => Err(Difference(format!(
                "{near} of {lines} lines differ in the last bits, where one in \
                 {LINES_PER_DIFFERENCE} may; the first is {first}"
            ))),
            _ => Ok(Agreement { lines, near }),
        }
    }
}

fn count_lines(file: &Path) -> io::Result<usize> {
    let lines = BufReader::new(File::open(file)?).split(b'\n');
    lines.map(|line| line.map(|_| 1)).sum()
}

impl Difference {
    fn at(
        line: u64,
        expected: Option<&[u8]>,
        found: Option<&[u8]>,
        results: Option<&(ResultRecord, ResultRecord)>,
    ) -> Self {
        let field = results.and_then(|(expected, found)| first_field(expected, found));
        Self(match (field, expected, found) {
            (Some(field), ..) => format!("line {line}: {field}"),
            (None, Some(expected), Some(found)) => {
                let (expected, found) = (shown(expected), shown(found));
                format!("line {line}: found {found}, but Spark's is {expected}")
            }
            (None, Some(expected), None) => {
                let expected = shown(expected);
                format!("line {line}: found no more results, but Spark's is {expected}")
            }
            (None, None, _) => format!("line {line}: found a result, but Spark has no more"),
        })
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines agree", self.lines)?;
        if self.near > 0 {
            write!(f, ", {} of them but for the last bits", self.near)?;
        }
        Ok(())
    }
}

impl fmt::Display for Parity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "byte for byte as Spark's",
            Self::LastBits => "as Spark's but for the last bits of one line in ten",
        })
    }
}

fn read_result(line: &[u8]) -> Option<ResultRecord> {
    result::parse(Some(line)).ok()
}

/// Whether two results are the same but for the last bits of probabilities.
fn is_near(expected: &ResultRecord, found: &ResultRecord) -> bool {
    let near = |(expected, found): (&f64, &f64)| (expected - found).abs() <= LAST_BITS;
    match (&expected.probability, &found.probability) {
        (Some(first), Some(second)) if first.len() == second.len() => {
            let without = |result: &ResultRecord| ResultRecord {
                probability: None,
                ..result.clone()
            };
            without(expected) == without(found) && first.iter().zip(second).all(near)
        }
        _ => expected == found,
    }
}

/// The first field in which two results differ, with both values.
fn first_field(expected: &ResultRecord, found: &ResultRecord) -> Option<String> {
    let (expected, found) = (fields(expected), fields(found));
    if expected.len() != found.len() {
        return Some(format!(
            "probability has {} values, but Spark's has {}",
            found.len() - BEFORE_PROBABILITY,
            expected.len() - BEFORE_PROBABILITY
        ));
    }
    let mut pairs = expected.into_iter().zip(found);
    let ((field, expected), (_, found)) = pairs.find(|(expected, found)| expected != found)?;
    Some(format!("{field} is {found}, but Spark's is {expected}"))
}

const BEFORE_PROBABILITY: usize = 4;

/// Names and values of a result's fields; the prediction comes before the
/// probabilities, because a wrong one matters more.
fn fields(result: &ResultRecord) -> Vec<(String, String)> {
    let label = result.tx_fraud.map(|label| label.to_string());
    let mut fields = vec![
        (
            "transaction_id".to_owned(),
            result.transaction_id.to_string(),
        ),
        ("ts".to_owned(), format!("{} ms", result.timestamp)),
        (
            "tx_fraud".to_owned(),
            label.unwrap_or_else(|| "missing".to_owned()),
        ),
        ("prediction".to_owned(), java_double(result.prediction)),
    ];
    debug_assert_eq!(fields.len(), BEFORE_PROBABILITY);
    let probability = result.probability.iter().flatten();
    fields.extend(
        (0..)
            .zip(probability)
            .map(|(class, value)| (format!("probability[{class}]"), java_double(*value))),
    );
    fields
}

fn java_double(value: f64) -> String {
    let mut text = Vec::new();
    write_java_double(&mut text, value);
    String::from_utf8_lossy(&text).into_owned()
}

fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown: String = text.chars().take(MAX_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
