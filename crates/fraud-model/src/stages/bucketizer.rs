//! `Bucketizer`, which is also what `QuantileDiscretizer` saves: the number of
//! the bucket that a value falls into.

use super::{Fact, HandleInvalid, Loaded, Stage, column_pairs};
use crate::columns::{ColumnId, Columns};
use crate::saved::SavedStage;
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct Bucketizer {
    columns: Vec<BucketedColumn>,
    handle_invalid: HandleInvalid,
}

#[derive(Debug)]
struct BucketedColumn {
    column: ColumnId,
    label: String,
    splits: Vec<f64>,
}

impl Bucketizer {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let pairs = column_pairs(stage, columns)?;
        let splits = match stage.double_lists("splitsArray")? {
            Some(lists) => lists,
            None => stage.doubles("splits")?.into_iter().collect(),
        };
        if splits.len() != pairs.len() {
            return Err(stage.error(format!(
                "has splits for {} columns, but reads {}",
                splits.len(),
                pairs.len()
            )));
        }
        let mut bucketed = Vec::new();
        for (pair, splits) in pairs.into_iter().zip(splits) {
            if !pair.is_loaded {
                continue;
            }
            if splits.len() < 3 || !splits.is_sorted_by(|before, after| before < after) {
                let input = pair.input;
                return Err(stage.error(format!("splits of {input:?} are not at least 3 in order")));
            }
            let (column, _) = columns.number(stage, &pair.input)?;
            columns.add_category(stage, &pair.output, splits.len() - 1, column)?;
            bucketed.push(BucketedColumn {
                column,
                label: columns.label(column),
                splits,
            });
        }
        Ok(Box::new(Self {
            columns: bucketed,
            handle_invalid: HandleInvalid::load(stage)?,
        }))
    }
}

impl Stage for Bucketizer {
    /// A null stays null unless it is skipped; NaN is invalid; a value outside
    /// all buckets is refused, whatever `handleInvalid` says.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        for (at, (bucketed, output)) in self.columns.iter().zip(outputs).enumerate() {
            outcomes.turn_to_column(at);
            let values = inputs.column(bucketed.column);
            let buckets = output.doubles();
            let label = &bucketed.label;
            for row in 0..inputs.rows() {
                let Some(value) = values.number(row) else {
                    buckets.valid[row] = false;
                    if self.handle_invalid == HandleInvalid::Skip {
                        outcomes.skip(row);
                    }
                    continue;
                };
                if value.is_nan() {
                    let message = || format!("{label} is NaN");
                    self.handle_invalid.excludes(outcomes, row, message);
                    buckets.values[row] = (bucketed.splits.len() - 1) as f64;
                    continue;
                }
                match bucket(&bucketed.splits, value) {
                    Some(bucket) => buckets.values[row] = bucket as f64,
                    None => outcomes.reject(row, || format!("{label} is outside all buckets")),
                }
            }
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let splits = |column: &BucketedColumn| {
            ("splits", format!("{:?} of {}", column.splits, column.label))
        };
        let mut facts: Vec<_> = self.columns.iter().map(splits).collect();
        facts.push(self.handle_invalid.fact());
        facts
    }
}

/// The bucket from each split up to the next, the last split included. The
/// search orders −0.0 below 0.0, as Java's does.
fn bucket(splits: &[f64], value: f64) -> Option<usize> {
    if splits.last() == Some(&value) {
        return Some(splits.len() - 2);
    }
    match splits.binary_search_by(|split| split.total_cmp(&value)) {
        Ok(found) => Some(found),
        Err(0) => None,
        Err(after) if after == splits.len() => None,
        Err(after) => Some(after - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_its_lower_split_and_the_last_one_its_upper_too() {
        let splits = [0.0, 1.0, 2.0];
        assert_eq!(bucket(&splits, 0.0), Some(0));
        assert_eq!(bucket(&splits, 0.5), Some(0));
        assert_eq!(bucket(&splits, 1.0), Some(1));
        assert_eq!(bucket(&splits, 2.0), Some(1));
    }

    #[test]
    fn what_lies_outside_has_no_bucket() {
        let splits = [0.0, 1.0, 2.0];
        assert_eq!(bucket(&splits, -0.1), None);
        assert_eq!(bucket(&splits, 2.1), None);
        assert_eq!(bucket(&splits, -0.0), None);
    }
}
