//! `LogisticRegressionModel`, multinomial: a margin for each class.

use super::classifier::{Classifier, outputs, softmax};
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
        self.classifier.decide(&mut outputs, softmax);
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
