//! What all classifiers share: the columns that they read and write, and how a
//! class is chosen (`ProbabilisticClassificationModel` in Spark's sources).

use schema::transaction::Column;

use super::{Fact, VectorInput};
use crate::ModelError;
use crate::columns::{Columns, Slot};
use crate::saved::SavedStage;
use crate::table::{ComputedColumn, Inputs, Outcomes, VectorColumn};

/// A classifier's columns and its way to choose. It writes three columns: raw
/// prediction, probability, prediction.
#[derive(Debug)]
pub(crate) struct Classifier {
    pub(crate) classes: usize,
    features: VectorInput,
    decision: Decision,
    has_probability: bool,
}

/// How the predicted class follows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// The greatest raw prediction, the first of equal ones.
    GreatestRaw,
    /// The greatest probability, the first of equal ones.
    GreatestProbability,
    /// The greatest probability over threshold.
    Thresholds(Vec<f64>),
    /// Class 1 where its raw prediction is above this.
    RawAbove(f64),
    /// Class 1 where its probability is above this.
    ProbabilityAbove(f64),
}

/// The columns that a classifier writes.
#[derive(Debug)]
pub(crate) struct Outputs<'a> {
    pub(crate) raw: &'a mut VectorColumn,
    pub(crate) probability: &'a mut VectorColumn,
    pub(crate) prediction: &'a mut Column<f64>,
}

impl Outputs<'_> {
    /// Sets the raw predictions of two classes: a row's margin is that of class 1, and
    /// its negative that of class 0.
    pub(crate) fn set_margins(&mut self, margin: impl Fn(usize) -> f64) {
        for (row, raw) in self.raw.values.chunks_exact_mut(2).enumerate() {
            let margin = margin(row);
            raw.copy_from_slice(&[-margin, margin]);
        }
    }
}

impl Classifier {
    /// How many columns a classifier writes.
    pub(crate) const COLUMNS: usize = 3;

    /// Resolves the features, which must be `features` wide, and adds the
    /// columns that the classifier writes.
    pub(crate) fn load(
        stage: &SavedStage,
        columns: &mut Columns,
        features: usize,
        classes: usize,
    ) -> Result<Self, ModelError> {
        let raw = stage.required_text("rawPredictionCol")?;
        let probability = stage.required_text("probabilityCol")?;
        if raw.is_empty() && probability.is_empty() {
            return Err(stage.error(
                "rawPredictionCol and probabilityCol are both empty, so that there is no \
                 probability of fraud; name one of them",
            ));
        }
        Self::with_columns(stage, columns, features, classes, &probability)
    }

    /// The same for a classifier that has no probability.
    pub(crate) fn load_without_probability(
        stage: &SavedStage,
        columns: &mut Columns,
        features: usize,
        classes: usize,
    ) -> Result<Self, ModelError> {
        Self::with_columns(stage, columns, features, classes, "")
    }

    fn with_columns(
        stage: &SavedStage,
        columns: &mut Columns,
        features: usize,
        classes: usize,
        probability: &str,
    ) -> Result<Self, ModelError> {
        let (input, slots) = VectorInput::load(stage, columns, "featuresCol")?;
        if slots.len() != features {
            return Err(stage.error(format!(
                "was fitted on {features} features, but {:?} has {}",
                input.name,
                slots.len()
            )));
        }
        let raw = stage.required_text("rawPredictionCol")?;
        let prediction = stage.required_text("predictionCol")?;
        let slots = vec![Slot::of("".into()); classes];
        columns.add_vector(stage, &raw, slots.clone())?;
        columns.add_vector(stage, probability, slots)?;
        columns.add_prediction(stage, &prediction)?;
        Ok(Self {
            classes,
            features: input,
            decision: decision(stage, classes, !raw.is_empty())?,
            has_probability: !probability.is_empty(),
        })
    }

    /// The features of the rows; rows without any are refused.
    pub(crate) fn features<'a>(
        &self,
        inputs: &Inputs<'a>,
        outcomes: &mut Outcomes<'_>,
    ) -> &'a VectorColumn {
        self.features.read(inputs, outcomes)
    }

    /// Sets probabilities and predictions by the raw predictions.
    pub(crate) fn decide(
        &self,
        outputs: &mut Outputs<'_>,
        probability_of: impl Fn(&[f64], &mut [f64]),
    ) {
        for (row, prediction) in outputs.prediction.values.iter_mut().enumerate() {
            let raw = outputs.raw.row(row);
            let probability = outputs.probability.row_mut(row);
            probability_of(raw, probability);
            *prediction = self.decision.class(raw, probability) as f64;
        }
    }

    /// Chooses by `decision` instead of by Spark's general rule.
    pub(crate) fn with_decision(mut self, decision: Decision) -> Self {
        self.decision = decision;
        self
    }

    /// Whether the pipeline gives the probability out.
    pub(crate) fn has_probability(&self) -> bool {
        self.has_probability
    }

    pub(crate) fn facts(&self) -> Vec<Fact> {
        match &self.decision {
            Decision::Thresholds(thresholds) => vec![("thresholds", format!("{thresholds:?}"))],
            _ => Vec::new(),
        }
    }
}

/// Spark decides by the raw prediction where it is given out and there are no
/// thresholds.
fn decision(stage: &SavedStage, classes: usize, has_raw: bool) -> Result<Decision, ModelError> {
    match stage.doubles("thresholds")? {
        Some(thresholds) if thresholds.len() == classes => Ok(Decision::Thresholds(thresholds)),
        Some(thresholds) => Err(stage.error(format!(
            "has {} thresholds for {classes} classes",
            thresholds.len()
        ))),
        None if has_raw => Ok(Decision::GreatestRaw),
        None => Ok(Decision::GreatestProbability),
    }
}

impl Decision {
    fn class(&self, raw: &[f64], probability: &[f64]) -> usize {
        match self {
            Self::GreatestRaw => greatest(raw),
            Self::GreatestProbability => greatest(probability),
            Self::Thresholds(thresholds) => {
                let mut best = (0, f64::NEG_INFINITY);
                for (class, (probability, threshold)) in
                    probability.iter().zip(thresholds).enumerate()
                {
                    // 0/0 is NaN, which is never greater.
                    let scaled = probability / threshold;
                    if scaled > best.1 {
                        best = (class, scaled);
                    }
                }
                best.0
            }
            Self::RawAbove(threshold) => usize::from(raw[1] > *threshold),
            Self::ProbabilityAbove(threshold) => usize::from(probability[1] > *threshold),
        }
    }
}

/// Sets `probability` to the exponentials of `raw` times one over their sum, as
/// `Utils.softmax` does in Spark's sources since 3.2.
pub(crate) fn softmax(raw: &[f64], probability: &mut [f64]) {
    if let Some(infinite) = raw.iter().position(|value| *value == f64::INFINITY) {
        for (probability, raw) in probability.iter_mut().zip(raw) {
            *probability = raw * 0.0;
        }
        probability[infinite] = 1.0;
        return;
    }
    exponential_shares(raw, greatest_value(raw), probability);
}

/// Sets `probability` to the exponentials of what `raw` is above `subtracted`, times
/// one over their sum.
pub(crate) fn exponential_shares(raw: &[f64], subtracted: f64, probability: &mut [f64]) {
    let sum = exponentials(raw, subtracted, probability);
    for probability in probability {
        *probability *= 1.0 / sum;
    }
}

/// Sets `probability` to the exponentials of `raw` divided by their sum, which gives
/// other last bits.
pub(crate) fn dividing_softmax(raw: &[f64], probability: &mut [f64]) {
    let sum = exponentials(raw, greatest_value(raw), probability);
    for probability in probability {
        *probability /= sum;
    }
}

fn exponentials(raw: &[f64], subtracted: f64, probability: &mut [f64]) -> f64 {
    let mut sum = 0.0;
    for (probability, raw) in probability.iter_mut().zip(raw) {
        *probability = (raw - subtracted).exp();
        sum += *probability;
    }
    sum
}

fn greatest_value(raw: &[f64]) -> f64 {
    let larger = |max: f64, value: &f64| if *value > max { *value } else { max };
    raw.iter().fold(f64::MIN, larger)
}

/// The first of the greatest values; 0 if the first is NaN, as in Spark's
/// `Vector.argmax`.
pub(crate) fn greatest(values: &[f64]) -> usize {
    let mut best = 0;
    for (class, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = class;
        }
    }
    best
}

/// The columns that [`Classifier::load`] added.
pub(crate) fn outputs(columns: &mut [ComputedColumn]) -> Outputs<'_> {
    match columns {
        [raw, probability, prediction] => Outputs {
            raw: raw.vectors(),
            probability: probability.vectors(),
            prediction: prediction.doubles(),
        },
        _ => unreachable!("a classifier writes three columns"),
    }
}
