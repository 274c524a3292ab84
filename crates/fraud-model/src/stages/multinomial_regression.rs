//! `LogisticRegressionModel`, multinomial: a margin for each class.

use super::classifier::{Classifier, exponential_shares, greatest, outputs, softmax};
use super::{Fact, Loaded, Stage};
use crate::blas::Blas;
use crate::columns::Columns;
use crate::saved::{SavedMatrix, SavedStage};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct MultinomialRegression {
    classifier: Classifier,
    blas: Blas,
    /// One row a class.
    coefficients: SavedMatrix,
    intercepts: Vec<f64>,
    /// Before Spark 3.2 one of this classifier's own.
    softmax: fn(&[f64], &mut [f64]),
}

impl MultinomialRegression {
    pub(crate) fn of(
        stage: &SavedStage,
        columns: &mut Columns,
        coefficients: SavedMatrix,
        intercepts: Vec<f64>,
    ) -> Loaded {
        if coefficients.rows != intercepts.len() {
            return Err(stage.error(format!(
                "has coefficients of {} classes and intercepts of {}",
                coefficients.rows,
                intercepts.len()
            )));
        }
        let (features, classes) = (coefficients.columns, coefficients.rows);
        Ok(Box::new(Self {
            classifier: Classifier::load(stage, columns, features, classes)?,
            blas: columns.blas,
            coefficients,
            intercepts,
            softmax: match stage.is_before([3, 2]) {
                true => own_softmax,
                false => softmax,
            },
        }))
    }
}

impl Stage for MultinomialRegression {
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        columns: &mut [ComputedColumn],
    ) {
        let features = self.classifier.features(inputs, outcomes);
        let mut outputs = outputs(columns);
        for row in 0..inputs.rows() {
            let margins = outputs.raw.row_mut(row);
            margins.copy_from_slice(&self.intercepts);
            let (x, sparse) = (features.row(row), features.sparse[row]);
            self.blas
                .add_product(&self.coefficients, x, sparse, margins);
        }
        self.classifier.decide(&mut outputs, self.softmax);
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![("intercepts", format!("{:?}", self.intercepts))];
        facts.extend(self.classifier.facts());
        facts
    }

    fn classifier(&self) -> Option<&Classifier> {
        Some(&self.classifier)
    }
}

/// Before Spark 3.2, margins are exponentiated as they are if none is above 0.
fn own_softmax(raw: &[f64], probability: &mut [f64]) {
    let class = greatest(raw);
    if raw[class] == f64::INFINITY {
        probability.fill(0.0);
        probability[class] = 1.0;
        return;
    }
    let subtracted = if raw[class] > 0.0 { raw[class] } else { 0.0 };
    exponential_shares(raw, subtracted, probability);
}

#[cfg(test)]
mod tests {
    use super::own_softmax;
    use crate::stages::classifier::softmax;

    #[test]
    fn margins_below_zero_are_exponentiated_as_spark_3_1_and_3_2_do() {
        let margins = [-1.3, -2.7, -0.9];
        let mut probability = [0.0; 3];
        own_softmax(&margins, &mut probability);
        assert_eq!(probability[0], 0.36517385690776877);
        assert_eq!(probability[2], 0.5447753786679287);
        softmax(&margins, &mut probability);
        assert_eq!(probability[0], 0.3651738569077689);
        assert_eq!(probability[2], 0.5447753786679288);
    }

    #[test]
    fn margins_that_are_not_finite_are_taken_as_spark_3_1_and_3_2_do() {
        let mut probability = [0.0; 3];
        own_softmax(&[-800.0, -801.0, -802.0], &mut probability);
        assert!(probability.iter().all(|value| value.is_nan()));
        own_softmax(&[f64::NAN, f64::INFINITY, 0.0], &mut probability);
        assert!(probability.iter().all(|value| value.is_nan()));
        softmax(&[f64::NAN, f64::INFINITY, 0.0], &mut probability);
        assert!(probability[0].is_nan());
        assert_eq!(probability[1..], [1.0, 0.0]);
        softmax(&[0.0, f64::INFINITY, f64::NEG_INFINITY], &mut probability);
        assert_eq!(probability[..2], [0.0, 1.0]);
        assert!(probability[2].is_nan());
    }
}
