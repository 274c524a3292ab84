//! `ImputerModel`: a value instead of a missing one.

use arrow::array::Float64Array;

use super::{Fact, Loaded, Stage, column_pairs};
use crate::columns::{ColumnId, Columns};
use crate::saved::{SavedStage, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct Imputer {
    columns: Vec<ImputedColumn>,
    /// What counts as missing besides null.
    missing_value: f64,
}

#[derive(Debug)]
struct ImputedColumn {
    column: ColumnId,
    name: String,
    surrogate: f64,
}

impl Imputer {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let table = Table::read(&stage.table_folder("data"))?;
        let surrogates = table.single_row()?;
        let mut imputed = Vec::new();
        let mut outputs = Vec::new();
        for pair in column_pairs(stage, columns)? {
            if !pair.is_loaded {
                continue;
            }
            // The surrogates' columns bear the names of the inputs.
            let surrogate = surrogates.array::<Float64Array>(&pair.input)?.value(0);
            let (column, kind) = columns.number(stage, &pair.input)?;
            outputs.push((pair.output, kind, column));
            imputed.push(ImputedColumn {
                column,
                name: pair.input,
                surrogate,
            });
        }
        // An output may replace an input, which is read before: that of any pair.
        for (output, kind, column) in outputs {
            columns.add_number(stage, &output, kind, column)?;
        }
        Ok(Box::new(Self {
            columns: imputed,
            missing_value: stage.double_or("missingValue", f64::NAN)?,
        }))
    }

    /// As `=` in Spark's SQL, where NaN equals NaN.
    fn is_missing(&self, value: f64) -> bool {
        value == self.missing_value || value.is_nan() && self.missing_value.is_nan()
    }
}

impl Stage for Imputer {
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        _outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        for (imputed, output) in self.columns.iter().zip(outputs) {
            let column = inputs.column(imputed.column);
            for row in 0..inputs.rows() {
                let present = column.number(row).filter(|value| !self.is_missing(*value));
                let value = present.unwrap_or(imputed.surrogate);
                match output {
                    ComputedColumn::Double(output) => output.values[row] = value,
                    // Cast back to the input's type: towards zero.
                    ComputedColumn::Integer(output) => output.values[row] = value as i32,
                    ComputedColumn::Vector(_) => unreachable!("an imputer writes numbers"),
                }
            }
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let surrogate = |column: &ImputedColumn| format!("{} {:?}", column.name, column.surrogate);
        let surrogates: Vec<_> = self.columns.iter().map(surrogate).collect();
        vec![
            ("missing", format!("null, {:?}", self.missing_value)),
            ("surrogates", surrogates.join(", ")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_missing_only_where_nan_is_the_missing_value() {
        let imputer = |missing_value| Imputer {
            columns: Vec::new(),
            missing_value,
        };
        assert!(imputer(f64::NAN).is_missing(f64::NAN));
        assert!(!imputer(f64::NAN).is_missing(0.0));
        assert!(!imputer(0.0).is_missing(f64::NAN));
        assert!(imputer(0.0).is_missing(-0.0));
    }
}
