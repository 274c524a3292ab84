//! `LinearSVCModel`, which has a margin but no probability.

use arrow::array::Float64Array;

use super::classifier::{Classifier, Decision, outputs};
use super::{Fact, LinearMargin, Loaded, Stage};
use crate::columns::Columns;
use crate::saved::{SavedStage, SavedVector, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct LinearSvc {
    classifier: Classifier,
    margin: LinearMargin,
    /// Class 1 is predicted where the margin is above.
    threshold: f64,
}

impl LinearSvc {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let coefficients = SavedVector::read(&row, "coefficients")?;
        let features = coefficients.values.len();
        let classifier = Classifier::load_without_probability(stage, columns, features, 2)?;
        let threshold = stage.double_or("threshold", 0.0)?;
        Ok(Box::new(Self {
            classifier: classifier.with_decision(Decision::RawAbove(threshold)),
            margin: LinearMargin {
                blas: columns.blas,
                coefficients,
                intercept: row.array::<Float64Array>("intercept")?.value(0),
            },
            threshold,
        }))
    }
}

impl Stage for LinearSvc {
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        columns: &mut [ComputedColumn],
    ) {
        let features = self.classifier.features(inputs, outcomes);
        let mut outputs = outputs(columns);
        outputs.set_margins(|row| self.margin.of(features, row));
        self.classifier.decide(&mut outputs, |_, _| {});
    }

    fn facts(&self) -> Vec<Fact> {
        vec![
            self.margin.fact(),
            ("threshold", self.threshold.to_string()),
            ("probability", "none: results leave it out".to_owned()),
        ]
    }

    fn classifier(&self) -> Option<&Classifier> {
        Some(&self.classifier)
    }
}
