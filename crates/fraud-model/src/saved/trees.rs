//! Decision trees: one row a node, `NodeData` in Spark's sources.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{Float64Array, Int32Array};

use super::{MAX_WIDTH, Record, SavedStage, Table};
use crate::ModelError;

/// The trees of a stage.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedEnsemble {
    /// In the order of their ids.
    pub(crate) trees: Vec<SavedTree>,
    /// What the splits of each tree gained by each feature: gain times weight
    /// of the training rows, added up.
    pub(crate) gains: Vec<BTreeMap<usize, f64>>,
}

/// What is predicted, which decides how a node's training rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TreeKind {
    /// A class; the statistics are the weight of each.
    Classification,
    /// A number; the first statistic is the weight of all rows.
    Regression,
}

/// A tree; the root is the first node, and children follow their parents.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedTree {
    /// By Spark's node id.
    pub(crate) nodes: Vec<SavedNode>,
}

/// A node of a tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedNode {
    /// What a regression tree answers.
    pub(crate) prediction: f64,
    /// Weight of the training rows, one a class, in a classification tree.
    pub(crate) stats: Vec<f64>,
    /// Where rows go on; `None` in a leaf.
    pub(crate) split: Option<Split>,
}

/// Where rows go on from an inner node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Split {
    /// The feature that decides.
    pub(crate) feature: usize,
    /// Which of its values go left.
    pub(crate) rule: Rule,
    /// The index of the left child.
    pub(crate) left: usize,
    /// The index of the right child.
    pub(crate) right: usize,
}

/// Which values of a feature go left.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rule {
    /// Those not above the threshold; NaN is above.
    AtMost(f64),
    /// Some of the categories 0 … `categories` − 1.
    Categories {
        /// The categories that go left.
        left: Vec<usize>,
        /// How many there are.
        categories: usize,
    },
}

/// The one tree of a `DecisionTreeClassificationModel` over `features` features.
pub(crate) fn read_tree(stage: &SavedStage, features: usize) -> Result<SavedEnsemble, ModelError> {
    let folder = stage.table_folder("data");
    let mut trees = BTreeMap::new();
    for chunk in Table::read(&folder)?.chunks() {
        add_nodes(&chunk, None, features, &mut trees)?;
    }
    let nodes = trees.remove(&0).unwrap_or_default();
    let gains = gains(&nodes, TreeKind::Classification);
    Ok(SavedEnsemble {
        trees: vec![tree(&folder, 0, nodes)?],
        gains: vec![gains],
    })
}

/// The trees of an ensemble over `features` features.
pub(crate) fn read_ensemble(
    stage: &SavedStage,
    features: usize,
    kind: TreeKind,
) -> Result<SavedEnsemble, ModelError> {
    let folder = stage.table_folder("data");
    let mut nodes = BTreeMap::new();
    for chunk in Table::read(&folder)?.chunks() {
        let tree_ids = chunk.array::<Int32Array>("treeID")?;
        let rows = chunk.record("nodeData")?;
        add_nodes(&rows, Some(tree_ids), features, &mut nodes)?;
    }
    let expected = stage.count("numTrees")?;
    if nodes.len() != expected || nodes.keys().copied().ne(0..expected as i32) {
        return Err(ModelError::invalid(
            &folder,
            format!(
                "holds {} trees, but the stage's metadata says numTrees {expected}; \
                 the model is incomplete or mixed up",
                nodes.len()
            ),
        ));
    }
    let mut ensemble = SavedEnsemble {
        trees: Vec::new(),
        gains: Vec::new(),
    };
    for (id, nodes) in nodes {
        ensemble.gains.push(gains(&nodes, kind));
        ensemble.trees.push(tree(&folder, id, nodes)?);
    }
    Ok(ensemble)
}

/// The weights of an ensemble's trees, in the order of their ids. Columns by
/// position: Spark 4.1 renamed them.
pub(crate) fn tree_weights(stage: &SavedStage) -> Result<Vec<f64>, ModelError> {
    let folder = stage.table_folder("treesMetadata");
    let mut weights = BTreeMap::new();
    for chunk in Table::read(&folder)?.chunks() {
        let ids = chunk.array_at::<Int32Array>(0)?;
        let values = chunk.array_at::<Float64Array>(2)?;
        weights.extend(
            ids.values()
                .iter()
                .copied()
                .zip(values.values().iter().copied()),
        );
    }
    let expected = stage.count("numTrees")?;
    if weights.len() != expected || weights.keys().copied().ne(0..expected as i32) {
        return Err(ModelError::invalid(
            &folder,
            format!(
                "describes {} trees, but the stage's metadata says numTrees {expected}",
                weights.len()
            ),
        ));
    }
    Ok(weights.into_values().collect())
}

/// Nodes by id, each with what its split gained for a training row.
type Nodes = BTreeMap<i32, (SavedNode, f64)>;

/// Adds the nodes of `rows` to their trees; without ids all belong to tree 0.
fn add_nodes(
    rows: &Record<'_>,
    tree_ids: Option<&Int32Array>,
    features: usize,
    trees: &mut BTreeMap<i32, Nodes>,
) -> Result<(), ModelError> {
    let ids = rows.array::<Int32Array>("id")?;
    let predictions = rows.array::<Float64Array>("prediction")?;
    let stats = rows.list::<Float64Array>("impurityStats")?;
    let gains = rows.array::<Float64Array>("gain")?;
    let left = rows.array::<Int32Array>("leftChild")?;
    let right = rows.array::<Int32Array>("rightChild")?;
    let split = rows.record("split")?;
    let split_features = split.array::<Int32Array>("featureIndex")?;
    let split_values = split.list::<Float64Array>("leftCategoriesOrThreshold")?;
    let split_categories = split.array::<Int32Array>("numCategories")?;
    for row in 0..rows.rows() {
        let id = ids.value(row);
        let tree_id = tree_ids.map_or(0, |ids| ids.value(row));
        let error = |problem: String| rows.error(format!("tree {tree_id}, node {id}: {problem}"));
        let split = match (left.value(row), right.value(row)) {
            (-1, -1) => None,
            (left, right) if left > id && right > id && left != right => Some(Split {
                feature: usize::try_from(split_features.value(row))
                    .ok()
                    .filter(|feature| *feature < features)
                    .ok_or_else(|| {
                        let feature = split_features.value(row);
                        error(format!("splits on feature {feature} of {features}"))
                    })?,
                rule: rule(split_values.doubles(row), split_categories.value(row))
                    .map_err(error)?,
                left: left as usize,
                right: right as usize,
            }),
            (left, right) => {
                return Err(error(format!("can't have the children {left} and {right}")));
            }
        };
        let node = SavedNode {
            prediction: predictions.value(row),
            stats: stats.doubles(row).to_vec(),
            split,
        };
        let node = (node, gains.value(row));
        if trees.entry(tree_id).or_default().insert(id, node).is_some() {
            return Err(error("stands there twice".to_owned()));
        }
    }
    Ok(())
}

fn rule(values: &[f64], categories: i32) -> Result<Rule, String> {
    if categories == -1 {
        return match values {
            [threshold] => Ok(Rule::AtMost(*threshold)),
            _ => Err(format!("has {} thresholds, expected 1", values.len())),
        };
    }
    let categories = usize::try_from(categories)
        .ok()
        .filter(|categories| *categories <= MAX_WIDTH)
        .ok_or_else(|| format!("splits {categories} categories"))?;
    let left = values
        .iter()
        .map(|value| {
            let category = *value as usize;
            (category as f64 == *value && category < categories)
                .then_some(category)
                .ok_or_else(|| format!("{value} is none of {categories} categories"))
        })
        .collect::<Result<_, _>>()?;
    Ok(Rule::Categories { left, categories })
}

/// What a tree's splits gained by each feature.
fn gains(nodes: &Nodes, kind: TreeKind) -> BTreeMap<usize, f64> {
    let mut gains = BTreeMap::new();
    for (node, gain) in nodes.values() {
        let Some(split) = &node.split else { continue };
        let weight: f64 = match kind {
            TreeKind::Classification => node.stats.iter().sum(),
            TreeKind::Regression => node.stats.first().copied().unwrap_or(0.0),
        };
        *gains.entry(split.feature).or_default() += gain * weight;
    }
    gains
}

/// Checks that the nodes form one tree: ids from 0 without a gap, and every
/// node but the root the child of one other. That children have greater ids
/// than their parent was checked before, so there is no cycle.
fn tree(folder: &Path, id: i32, nodes: Nodes) -> Result<SavedTree, ModelError> {
    let error = |problem| ModelError::invalid(folder, format!("tree {id}: {problem}"));
    if nodes.is_empty() || nodes.keys().copied().ne(0..nodes.len() as i32) {
        let count = nodes.len();
        return Err(error(format!(
            "its {count} nodes are not numbered from 0 without a gap"
        )));
    }
    let nodes: Vec<SavedNode> = nodes.into_values().map(|(node, _)| node).collect();
    let mut has_parent = vec![false; nodes.len()];
    for (node, saved) in nodes.iter().enumerate() {
        let Some(split) = &saved.split else { continue };
        for child in [split.left, split.right] {
            match has_parent.get_mut(child) {
                None => {
                    return Err(error(format!(
                        "node {node} has the child {child}, which isn't there"
                    )));
                }
                Some(true) => return Err(error(format!("node {child} has two parents"))),
                Some(parent) => *parent = true,
            }
        }
    }
    match has_parent.iter().skip(1).position(|parent| !parent) {
        Some(position) => Err(error(format!("node {} has no parent", position + 1))),
        None => Ok(SavedTree { nodes }),
    }
}
