//! `MultilayerPerceptronClassificationModel`: layers of sums of products, with
//! a sigmoid after each but the last, which ends in a softmax.

use arrow::array::Int32Array;

use super::classifier::{Classifier, dividing_softmax, outputs};
use super::{Fact, Loaded, Stage};
use crate::ModelError;
use crate::blas::Blas;
use crate::columns::Columns;
use crate::saved::{MAX_WIDTH, Record, SavedStage, SavedVector, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct MultilayerPerceptron {
    classifier: Classifier,
    blas: Blas,
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    inputs: usize,
    /// One row of `inputs` weights a neuron.
    weights: Vec<f64>,
    biases: Vec<f64>,
}

impl MultilayerPerceptron {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let sizes = layer_sizes(stage, &row)?;
        let weights = SavedVector::read(&row, "weights")?.values;
        let layers = layers(&sizes, &weights).ok_or_else(|| {
            let found = weights.len();
            row.error(format!(
                "has {found} weights, which layers of {sizes:?} don't take"
            ))
        })?;
        let (features, classes) = (sizes[0], sizes[sizes.len() - 1]);
        Ok(Box::new(Self {
            classifier: Classifier::load(stage, columns, features, classes)?,
            blas: columns.blas,
            layers,
        }))
    }
}

/// The width of each layer: a parameter, or before Spark 3.0 a field.
fn layer_sizes(stage: &SavedStage, row: &Record<'_>) -> Result<Vec<usize>, ModelError> {
    let saved = if row.has("layers") {
        let sizes = row.list::<Int32Array>("layers")?.integers(0);
        sizes.iter().copied().map(i64::from).collect()
    } else {
        stage.integers("layers")?.unwrap_or_default()
    };
    let size = |size: &i64| {
        usize::try_from(*size)
            .ok()
            .filter(|size| (1..=MAX_WIDTH).contains(size))
    };
    let sizes: Option<Vec<_>> = saved.iter().map(size).collect();
    let sizes = sizes.filter(|sizes| sizes.len() >= 2);
    sizes.ok_or_else(|| stage.error(format!("can't have the layers {saved:?}")))
}

/// Weights stand layer by layer, in each input by input, and the biases last.
fn layers(sizes: &[usize], weights: &[f64]) -> Option<Vec<Layer>> {
    let mut rest = weights;
    let mut layers = Vec::new();
    for sizes in sizes.windows(2) {
        let (inputs, neurons) = (sizes[0], sizes[1]);
        let (by_input, after) = rest.split_at_checked(inputs.checked_mul(neurons)?)?;
        let (biases, after) = after.split_at_checked(neurons)?;
        rest = after;
        let weight = |at| by_input[at % inputs * neurons + at / inputs];
        layers.push(Layer {
            inputs,
            weights: (0..by_input.len()).map(weight).collect(),
            biases: biases.to_vec(),
        });
    }
    rest.is_empty().then_some(layers)
}

impl Layer {
    fn forward(&self, blas: Blas, values: &[f64], neurons: &mut Vec<f64>) {
        neurons.clear();
        let weights = self.weights.chunks_exact(self.inputs);
        let weighted = weights.zip(&self.biases);
        neurons.extend(weighted.map(|(weights, bias)| blas.neuron(*bias, weights, values)));
    }
}

impl Stage for MultilayerPerceptron {
    /// The raw prediction is what the last layer gives before its softmax.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        columns: &mut [ComputedColumn],
    ) {
        let features = self.classifier.features(inputs, outcomes);
        let mut outputs = outputs(columns);
        let (mut values, mut neurons) = (Vec::new(), Vec::new());
        for row in 0..inputs.rows() {
            values.clear();
            values.extend_from_slice(features.row(row));
            for (number, layer) in self.layers.iter().enumerate() {
                if number > 0 {
                    let sigmoid = |value: &mut f64| *value = 1.0 / (1.0 + (-*value).exp());
                    values.iter_mut().for_each(sigmoid);
                }
                layer.forward(self.blas, &values, &mut neurons);
                std::mem::swap(&mut values, &mut neurons);
            }
            outputs.raw.row_mut(row).copy_from_slice(&values);
        }
        // This one divides in all versions.
        self.classifier.decide(&mut outputs, dividing_softmax);
    }

    fn facts(&self) -> Vec<Fact> {
        let first = self.layers.iter().take(1).map(|layer| layer.inputs);
        let sizes = first.chain(self.layers.iter().map(|layer| layer.biases.len()));
        let sizes: Vec<_> = sizes.map(|size| size.to_string()).collect();
        let mut facts = vec![("layers", sizes.join(", "))];
        facts.extend(self.classifier.facts());
        facts
    }

    fn classifier(&self) -> Option<&Classifier> {
        Some(&self.classifier)
    }
}
