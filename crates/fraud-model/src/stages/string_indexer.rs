//! `StringIndexerModel`: the number of a label, the most frequent one's first
//! or in whatever order was chosen while fitting.

use std::collections::HashMap;

use arrow::array::{ListArray, StringArray};
use schema::transaction::FeatureType;

use super::{Fact, HandleInvalid, Loaded, Stage, column_pairs, listed};
use crate::ModelError;
use crate::columns::{ColumnId, ColumnKind, Columns};
use crate::saved::{Record, SavedStage, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes, Values};

#[derive(Debug)]
pub(crate) struct StringIndexer {
    columns: Vec<IndexedColumn>,
    handle_invalid: HandleInvalid,
}

#[derive(Debug)]
struct IndexedColumn {
    column: ColumnId,
    label: String,
    indices: Indices,
    labels: usize,
}

/// Labels and their numbers. Spark compares the texts of numbers: `17` of an
/// integer, `17.0` of a double.
#[derive(Debug)]
enum Indices {
    Strings(HashMap<String, usize>),
    Integers(HashMap<i32, usize>),
    /// By their bits: 0.0 and -0.0 are two texts, NaN is one.
    Doubles(HashMap<u64, usize>),
}

impl StringIndexer {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let handle_invalid = HandleInvalid::load(stage)?;
        let pairs = column_pairs(stage, columns)?;
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let labels = read_labels(&row)?;
        if labels.len() != pairs.len() {
            let (found, read) = (labels.len(), pairs.len());
            return Err(row.error(format!(
                "has labels of {found} columns, but the stage reads {read}"
            )));
        }
        let mut indexed = Vec::new();
        for (pair, labels) in pairs.into_iter().zip(labels) {
            if !pair.is_loaded {
                continue;
            }
            let (input, output) = (pair.input, pair.output);
            let (column, kind) = columns.read(stage, &input, FeatureType::String)?;
            let indices = match kind {
                ColumnKind::String => Indices::strings(&labels),
                ColumnKind::Integer => Indices::integers(&labels),
                ColumnKind::Double => Indices::doubles(&labels),
                ColumnKind::Vector(_) => {
                    return Err(stage.error(format!("reads {input:?}, a vector, as a string")));
                }
            };
            let unknown = usize::from(handle_invalid == HandleInvalid::Keep);
            columns.add_category(stage, &output, labels.len() + unknown, column)?;
            indexed.push(IndexedColumn {
                column,
                label: columns.label(column),
                indices,
                labels: labels.len(),
            });
        }
        Ok(Box::new(Self {
            columns: indexed,
            handle_invalid,
        }))
    }
}

impl Indices {
    fn strings(labels: &[&str]) -> Self {
        Self::Strings(numbered(labels, |label| Some(label.to_owned())))
    }

    fn integers(labels: &[&str]) -> Self {
        let integer = |label: &str| {
            label
                .parse()
                .ok()
                .filter(|value: &i32| value.to_string() == label)
        };
        Self::Integers(numbered(labels, integer))
    }

    fn doubles(labels: &[&str]) -> Self {
        Self::Doubles(numbered(labels, |label| match label {
            "NaN" => Some(f64::NAN.to_bits()),
            "Infinity" => Some(f64::INFINITY.to_bits()),
            "-Infinity" => Some(f64::NEG_INFINITY.to_bits()),
            // Java's text of any other double has a point.
            _ if label.contains('.') => label.parse::<f64>().ok().map(f64::to_bits),
            _ => None,
        }))
    }

    fn index(&self, values: &Values<'_>, row: usize) -> Option<usize> {
        let index = match (self, values) {
            (Self::Strings(indices), Values::String(values, valid)) => {
                indices.get(&values[row]).filter(|_| valid[row])
            }
            (Self::Integers(indices), Values::Integer(values, valid)) => {
                indices.get(&values[row]).filter(|_| valid[row])
            }
            (Self::Doubles(indices), Values::Double(values, valid)) => {
                let value = if values[row].is_nan() {
                    f64::NAN
                } else {
                    values[row]
                };
                indices.get(&value.to_bits()).filter(|_| valid[row])
            }
            _ => unreachable!("labels were read for the column's type"),
        };
        index.copied()
    }
}

fn numbered<K: Eq + std::hash::Hash>(
    labels: &[&str],
    key: impl Fn(&str) -> Option<K>,
) -> HashMap<K, usize> {
    let keys = labels.iter().enumerate();
    keys.filter_map(|(index, label)| Some((key(label)?, index)))
        .collect()
}

/// The labels of each column: `labelsArray`, or `labels` of the one column
/// before Spark 3.0.
fn read_labels<'a>(row: &Record<'a>) -> Result<Vec<Vec<&'a str>>, ModelError> {
    let texts = |items: &'a StringArray, range: std::ops::Range<usize>| -> Vec<&'a str> {
        range.map(|index| items.value(index)).collect()
    };
    if row.has("labels") {
        let (items, range) = row.list::<StringArray>("labels")?.row(0);
        return Ok(vec![texts(items, range)]);
    }
    const NAME: &str = "labelsArray";
    let (lists, columns) = row.list::<ListArray>(NAME)?.row(0);
    let items = row.cast::<StringArray>(NAME, lists.values())?;
    let offsets = lists.value_offsets();
    let at = |index: usize| usize::try_from(offsets[index]).unwrap_or(0);
    Ok(columns
        .map(|column| texts(items, at(column)..at(column + 1)))
        .collect())
}

impl Stage for StringIndexer {
    /// A null is as invalid as a label not seen before. `skip` also leaves out
    /// NaN, even where that is a label.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        for (at, (indexed, output)) in self.columns.iter().zip(outputs).enumerate() {
            outcomes.turn_to_column(at);
            let values = inputs.column(indexed.column);
            for (row, target) in output.doubles().values.iter_mut().enumerate() {
                let mut index = indexed.indices.index(&values, row);
                if self.handle_invalid == HandleInvalid::Skip && is_nan(&values, row) {
                    index = None;
                }
                let index = index.unwrap_or_else(|| {
                    let message = || format!("{} is null or not seen before", indexed.label);
                    self.handle_invalid.excludes(outcomes, row, message);
                    indexed.labels
                });
                *target = index as f64;
            }
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let labels = |column: &IndexedColumn| format!("{} {}", column.label, column.labels);
        let labels: Vec<_> = self.columns.iter().map(labels).collect();
        vec![("labels", listed(&labels)), self.handle_invalid.fact()]
    }
}

fn is_nan(values: &Values<'_>, row: usize) -> bool {
    matches!(values, Values::Double(values, valid) if valid[row] && values[row].is_nan())
}
