//! `FMClassificationModel`: a linear margin, and one of all pairs of features.

use arrow::array::Float64Array;

use super::classifier::{Classifier, outputs};
use super::{Fact, LinearMargin, Loaded, Stage};
use crate::columns::Columns;
use crate::saved::{SavedMatrix, SavedStage, SavedVector, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes, VectorColumn};

#[derive(Debug)]
pub(crate) struct FactorizationMachine {
    classifier: Classifier,
    linear: LinearMargin,
    /// One row a feature.
    factors: SavedMatrix,
}

impl FactorizationMachine {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let linear = SavedVector::read(&row, "linear")?;
        let factors = SavedMatrix::read(&row, "factors")?;
        let features = linear.values.len();
        if factors.rows != features {
            let found = factors.rows;
            return Err(row.error(format!(
                "has factors of {found} features, expected {features}"
            )));
        }
        Ok(Box::new(Self {
            classifier: Classifier::load(stage, columns, features, 2)?,
            linear: LinearMargin {
                blas: columns.blas,
                coefficients: linear,
                intercept: row.array::<Float64Array>("intercept")?.value(0),
            },
            factors,
        }))
    }

    /// The margin of class 1 (`FactorizationMachines.getRawPrediction` in
    /// Spark's sources): factor by factor, half of what the square of the sum
    /// is greater than the sum of the squares.
    fn margin(&self, features: &VectorColumn, row: usize) -> f64 {
        let mut margin = self.linear.of(features, row);
        let x = features.row(row);
        for factor in 0..self.factors.columns {
            let (mut sum, mut squares) = (0.0, 0.0);
            for (feature, value) in x.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                let product = self.factors.row(feature)[factor] * value;
                squares += product * product;
                sum += product;
            }
            margin += 0.5 * (sum * sum - squares);
        }
        margin
    }
}

impl Stage for FactorizationMachine {
    /// Spark computes the probability of class 1, and that of class 0 is what
    /// it leaves.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        columns: &mut [ComputedColumn],
    ) {
        let features = self.classifier.features(inputs, outcomes);
        let mut outputs = outputs(columns);
        outputs.set_margins(|row| self.margin(features, row));
        self.classifier.decide(&mut outputs, |raw, probability| {
            probability[1] = 1.0 / (1.0 + (-raw[1]).exp());
            probability[0] = 1.0 - probability[1];
        });
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![
            self.linear.fact(),
            ("factors", self.factors.columns.to_string()),
        ];
        facts.extend(self.classifier.facts());
        facts
    }

    fn classifier(&self) -> Option<&Classifier> {
        Some(&self.classifier)
    }
}
