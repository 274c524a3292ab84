//! `LogisticRegressionModel`, binomial.

use arrow::array::{BooleanArray, Int32Array};

use super::classifier::{Classifier, Decision, outputs};
use super::multinomial_regression::MultinomialRegression;
use super::{Fact, LinearMargin, Loaded, Stage};
use crate::ModelError;
use crate::columns::Columns;
use crate::saved::{SavedMatrix, SavedStage, SavedVector, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct LogisticRegression {
    classifier: Classifier,
    margin: LinearMargin,
    /// Class 1 is predicted where its probability is above.
    threshold: f64,
    /// Whether the probability of class 1 is what that of class 0 leaves. Before
    /// Spark 3.1 it was computed as that is.
    complements: bool,
}

impl LogisticRegression {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let matrix = SavedMatrix::read(&row, "coefficientMatrix")?;
        let intercept = SavedVector::read(&row, "interceptVector")?.values;
        if row.array::<BooleanArray>("isMultinomial")?.value(0) {
            return MultinomialRegression::of(stage, columns, matrix, intercept);
        }
        let features = row.array::<Int32Array>("numFeatures")?.value(0);
        let [intercept] = intercept[..] else {
            return Err(row.error(format!("has {} intercepts, expected 1", intercept.len())));
        };
        if matrix.rows != 1 || i32::try_from(matrix.columns) != Ok(features) {
            return Err(row.error(format!(
                "has {} x {} coefficients, expected 1 x {features}",
                matrix.rows, matrix.columns
            )));
        }
        let classifier = Classifier::load(stage, columns, matrix.columns, 2)?;
        let threshold = threshold(stage)?;
        Ok(Box::new(Self {
            classifier: classifier.with_decision(decision(stage, threshold)?),
            margin: LinearMargin {
                blas: columns.blas,
                coefficients: SavedVector {
                    values: matrix.row(0).to_vec(),
                    sparse: matrix.sparse,
                },
                intercept,
            },
            threshold,
            complements: !stage.is_before([3, 1]),
        }))
    }
}

impl Stage for LogisticRegression {
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        columns: &mut [ComputedColumn],
    ) {
        let features = self.classifier.features(inputs, outcomes);
        let mut outputs = outputs(columns);
        outputs.set_margins(|row| self.margin.of(features, row));
        self.classifier.decide(&mut outputs, |raw, probability| {
            let of_margin = |margin: f64| 1.0 / (1.0 + (-margin).exp());
            probability[0] = of_margin(raw[0]);
            probability[1] = match self.complements {
                true => 1.0 - probability[0],
                false => of_margin(raw[1]),
            };
        });
    }

    fn facts(&self) -> Vec<Fact> {
        vec![
            self.margin.fact(),
            ("threshold", self.threshold.to_string()),
        ]
    }

    fn classifier(&self) -> Option<&Classifier> {
        Some(&self.classifier)
    }
}

/// Spark's `getThreshold`: two `thresholds` amount to one.
fn threshold(stage: &SavedStage) -> Result<f64, ModelError> {
    match stage.doubles("thresholds")?.as_deref() {
        Some([first, second]) => Ok(1.0 / (1.0 + first / second)),
        _ => stage.double_or("threshold", 0.5),
    }
}

/// Spark compares the raw prediction where it is given out.
fn decision(stage: &SavedStage, threshold: f64) -> Result<Decision, ModelError> {
    if stage.required_text("rawPredictionCol")?.is_empty() {
        return Ok(Decision::ProbabilityAbove(threshold));
    }
    // The logarithm is −∞ at 0 and ∞ at 1, as Spark sets it.
    Ok(Decision::RawAbove((threshold / (1.0 - threshold)).ln()))
}
