//! `NaiveBayesModel`: multinomial, complement, Bernoulli and Gaussian.

use super::classifier::{Classifier, dividing_softmax, outputs, softmax};
use super::{Fact, Loaded, Stage};
use crate::ModelError;
use crate::blas::Blas;
use crate::columns::Columns;
use crate::saved::{Record, SavedMatrix, SavedStage, SavedVector, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct NaiveBayes {
    classifier: Classifier,
    blas: Blas,
    kind: Kind,
    /// Spark 2 took any features for the multinomial kind, and added up the parts of
    /// Bernoulli's in another order.
    of_spark_2: bool,
    /// Before Spark 3.2 one that divides by the sum.
    softmax: fn(&[f64], &mut [f64]),
}

/// What the raw prediction is computed from; matrices have one row a class.
#[derive(Debug)]
enum Kind {
    /// Logarithms of the classes' shares, and of the features' in each.
    Multinomial {
        classes: Vec<f64>,
        features: SavedMatrix,
    },
    Complement {
        features: SavedMatrix,
    },
    /// Logarithms of the classes' shares, what the features add if all are 0, and
    /// what one that is 1 adds to that.
    Bernoulli {
        classes: Vec<f64>,
        without: Vec<f64>,
        features: SavedMatrix,
    },
    Gaussian {
        classes: Vec<f64>,
        means: SavedMatrix,
        variances: SavedMatrix,
        log_variances: Vec<f64>,
    },
}

impl NaiveBayes {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let classes = SavedVector::read(&row, "pi")?.values;
        let features = SavedMatrix::read(&row, "theta")?;
        check_rows(&row, &features, classes.len(), features.columns)?;
        let classifier = Classifier::load(stage, columns, features.columns, classes.len())?;
        let kind = match stage.text("modelType")?.as_deref() {
            None | Some("multinomial") => Kind::Multinomial { classes, features },
            Some("complement") => Kind::Complement { features },
            Some("bernoulli") => Kind::bernoulli(columns.blas, classes, &features),
            Some("gaussian") => {
                let variances = SavedMatrix::read(&row, "sigma")?;
                check_rows(&row, &variances, classes.len(), features.columns)?;
                Kind::gaussian(classes, features, variances)
            }
            Some(other) => return Err(stage.error(format!("modelType {other:?} is unknown"))),
        };
        Ok(Box::new(Self {
            classifier,
            blas: columns.blas,
            kind,
            of_spark_2: stage.is_before([3, 0]),
            softmax: match stage.is_before([3, 2]) {
                true => dividing_softmax,
                false => softmax,
            },
        }))
    }
}

fn check_rows(
    row: &Record<'_>,
    matrix: &SavedMatrix,
    classes: usize,
    features: usize,
) -> Result<(), ModelError> {
    if (matrix.rows, matrix.columns) == (classes, features) {
        return Ok(());
    }
    Err(row.error(format!(
        "has a matrix of {} x {} values, expected {classes} x {features}",
        matrix.rows, matrix.columns
    )))
}

impl Kind {
    fn bernoulli(blas: Blas, classes: Vec<f64>, features: &SavedMatrix) -> Self {
        let log_of_zero = |log_of_one: &f64| (-log_of_one.exp()).ln_1p();
        let zeros: Vec<_> = features.values.iter().map(log_of_zero).collect();
        let differences = features
            .values
            .iter()
            .zip(&zeros)
            .map(|(one, zero)| one - zero);
        let with = |values: Vec<f64>| SavedMatrix {
            values,
            ..features.clone()
        };
        let differences = with(differences.collect());
        let mut without = vec![0.0; classes.len()];
        let ones = vec![1.0; features.columns];
        blas.add_product(&with(zeros), &ones, false, &mut without);
        Self::Bernoulli {
            classes,
            without,
            features: differences,
        }
    }

    fn gaussian(classes: Vec<f64>, means: SavedMatrix, variances: SavedMatrix) -> Self {
        let log_variance = |class| {
            let variances = variances.row(class).iter();
            variances.fold(0.0, |sum, variance| sum + variance.ln())
        };
        Self::Gaussian {
            log_variances: (0..classes.len()).map(log_variance).collect(),
            classes,
            means,
            variances,
        }
    }
}

impl NaiveBayes {
    /// Whether the kind takes these features.
    fn takes(&self, features: &[f64]) -> bool {
        match self.kind {
            Kind::Multinomial { .. } | Kind::Complement { .. } => {
                self.of_spark_2 || features.iter().all(|value| *value >= 0.0)
            }
            Kind::Bernoulli { .. } => features.iter().all(|value| *value == 0.0 || *value == 1.0),
            Kind::Gaussian { .. } => true,
        }
    }

    /// Sets `raw` to the raw prediction of the features `x`.
    fn predict(&self, x: &[f64], sparse: bool, raw: &mut [f64]) {
        let blas = self.blas;
        match &self.kind {
            Kind::Multinomial { classes, features } => {
                raw.copy_from_slice(classes);
                blas.add_product(features, x, sparse, raw);
            }
            Kind::Bernoulli {
                classes,
                without,
                features,
            } if self.of_spark_2 => {
                raw.fill(0.0);
                blas.add_product(features, x, sparse, raw);
                add(raw, classes);
                add(raw, without);
            }
            Kind::Bernoulli {
                classes,
                without,
                features,
            } => {
                raw.copy_from_slice(classes);
                add(raw, without);
                blas.add_product(features, x, sparse, raw);
            }
            Kind::Complement { features } => {
                raw.fill(0.0);
                blas.add_product(features, x, sparse, raw);
                let max = raw
                    .iter()
                    .fold(f64::NEG_INFINITY, |max, value| max.max(*value));
                let sum = raw.iter().fold(0.0, |sum, value| sum + (value - max).exp());
                let log_of_sum = sum.ln() + max;
                raw.iter_mut().for_each(|value| *value -= log_of_sum);
            }
            Kind::Gaussian {
                classes,
                means,
                variances,
                log_variances,
            } => {
                for (class, raw) in raw.iter_mut().enumerate() {
                    let mut distance = 0.0;
                    let features = means.row(class).iter().zip(variances.row(class));
                    for (x, (mean, variance)) in x.iter().zip(features) {
                        let difference = x - mean;
                        distance += difference * difference / variance;
                    }
                    *raw = classes[class] - (distance + log_variances[class]) / 2.0;
                }
            }
        }
    }
}

fn add(sums: &mut [f64], values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

impl Stage for NaiveBayes {
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        columns: &mut [ComputedColumn],
    ) {
        let features = self.classifier.features(inputs, outcomes);
        let mut outputs = outputs(columns);
        for row in 0..inputs.rows() {
            let x = features.row(row);
            if !self.takes(x) {
                outcomes.reject(row, || {
                    "a feature is none that naive Bayes takes".to_owned()
                });
            }
            self.predict(x, features.sparse[row], outputs.raw.row_mut(row));
        }
        self.classifier.decide(&mut outputs, self.softmax);
    }

    fn facts(&self) -> Vec<Fact> {
        let kind = match self.kind {
            Kind::Multinomial { .. } => "multinomial",
            Kind::Complement { .. } => "complement",
            Kind::Bernoulli { .. } => "bernoulli",
            Kind::Gaussian { .. } => "gaussian",
        };
        let mut facts = vec![("modelType", kind.to_owned())];
        facts.extend(self.classifier.facts());
        facts
    }

    fn classifier(&self) -> Option<&Classifier> {
        Some(&self.classifier)
    }
}
