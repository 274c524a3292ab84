//! The engine against a plain walk through the trees as they were saved.

use super::Forest;
use crate::saved::{Rule, SavedNode, SavedTree, Split};

const FEATURES: usize = 4;
const CLASSES: usize = 3;
/// Features from here on are categorical.
const FIRST_CATEGORICAL: usize = 2;
const CATEGORIES: usize = 70;

#[test]
fn the_engine_gives_the_bits_of_a_plain_walk() {
    for seed in 1..100 {
        let mut random = Random(seed);
        let trees: Vec<_> = (0..random.below(8) + 1)
            .map(|_| random_tree(&mut random))
            .collect();
        let forest = Forest::new(&trees, CLASSES, |leaf, votes| votes.extend(shares(leaf)));
        let rows: Vec<f64> = (0..200)
            .flat_map(|_| random_row(&mut random, &trees))
            .collect();
        let mut votes = vec![0.0; rows.len() / FEATURES * CLASSES];
        forest.votes(&rows, FEATURES, &mut votes);
        for (row, votes) in rows.chunks(FEATURES).zip(votes.chunks(CLASSES)) {
            let expected = plain_votes(&trees, row);
            assert_eq!(bits(votes), bits(&expected), "seed {seed}, row {row:?}");
        }
    }
}

#[test]
fn answers_are_each_trees_own() {
    let mut random = Random(7);
    let trees: Vec<_> = (0..5).map(|_| random_tree(&mut random)).collect();
    let forest = Forest::new(&trees, 1, |leaf, values| values.push(leaf.prediction));
    let row = random_row(&mut random, &trees);
    let mut answers = vec![f64::NAN; trees.len()];
    forest.answers(&row, FEATURES, &mut answers);
    let expected: Vec<_> = trees
        .iter()
        .map(|tree| plain_leaf(tree, &row).prediction)
        .collect();
    assert_eq!(answers, expected);
}

fn plain_votes(trees: &[SavedTree], row: &[f64]) -> Vec<f64> {
    let mut votes = vec![0.0; CLASSES];
    for tree in trees {
        for (vote, share) in votes.iter_mut().zip(shares(plain_leaf(tree, row))) {
            *vote += share;
        }
    }
    votes
}

fn shares(leaf: &SavedNode) -> Vec<f64> {
    let total: f64 = leaf.stats.iter().sum();
    leaf.stats.iter().map(|stats| stats / total).collect()
}

fn plain_leaf<'t>(tree: &'t SavedTree, row: &[f64]) -> &'t SavedNode {
    let mut node = &tree.nodes[0];
    while let Some(split) = &node.split {
        let value = row[split.feature];
        let left = match &split.rule {
            Rule::AtMost(threshold) => value <= *threshold,
            Rule::Categories { left, categories } => goes_left(value, left, *categories),
        };
        node = &tree.nodes[if left { split.left } else { split.right }];
    }
    node
}

/// `CategoricalSplit.shouldGoLeft` with sets of doubles, as Spark has it.
fn goes_left(value: f64, left: &[usize], categories: usize) -> bool {
    let left: Vec<f64> = left.iter().map(|category| *category as f64).collect();
    if left.len() <= categories / 2 {
        return left.contains(&value);
    }
    let all = (0..categories).map(|category| category as f64);
    let right: Vec<f64> = all.filter(|category| !left.contains(category)).collect();
    !right.contains(&value)
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn random_tree(random: &mut Random) -> SavedTree {
    let mut nodes = Vec::new();
    grow(random, &mut nodes, 0);
    SavedTree { nodes }
}

/// Adds a node and what is under it, in Spark's pre-order.
fn grow(random: &mut Random, nodes: &mut Vec<SavedNode>, depth: usize) {
    let id = nodes.len();
    nodes.push(SavedNode {
        prediction: random.below(1000) as f64 / 7.0,
        stats: (0..CLASSES)
            .map(|_| (random.below(1000) + 1) as f64)
            .collect(),
        split: None,
    });
    if depth == 7 || random.below(5) == 0 {
        return;
    }
    let feature = random.below(FEATURES);
    let rule = if feature < FIRST_CATEGORICAL {
        Rule::AtMost(random_value(random))
    } else {
        let left = (0..CATEGORIES).filter(|_| random.below(2) == 0).collect();
        Rule::Categories {
            left,
            categories: CATEGORIES,
        }
    };
    let left = nodes.len();
    grow(random, nodes, depth + 1);
    let right = nodes.len();
    grow(random, nodes, depth + 1);
    nodes[id].split = Some(Split {
        feature,
        rule,
        left,
        right,
    });
}

/// Values on thresholds and right beside them, and those that compare oddly.
fn random_row(random: &mut Random, trees: &[SavedTree]) -> Vec<f64> {
    let thresholds: Vec<f64> = trees
        .iter()
        .flat_map(|tree| &tree.nodes)
        .filter_map(|node| match node.split.as_ref()?.rule {
            Rule::AtMost(threshold) => Some(threshold),
            Rule::Categories { .. } => None,
        })
        .collect();
    let value = |random: &mut Random| match random.below(4) {
        _ if thresholds.is_empty() => random_value(random),
        0 => thresholds[random.below(thresholds.len())],
        1 => thresholds[random.below(thresholds.len())].next_up(),
        2 => thresholds[random.below(thresholds.len())].next_down(),
        _ => random_value(random),
    };
    let mut row: Vec<f64> = (0..FIRST_CATEGORICAL).map(|_| value(random)).collect();
    row.extend(
        (FIRST_CATEGORICAL..FEATURES).map(|_| match random.below(8) {
            0 => random_value(random),
            1 => 0.5,
            _ => random.below(CATEGORIES + 2) as f64,
        }),
    );
    row
}

fn random_value(random: &mut Random) -> f64 {
    const ODD: [f64; 8] = [
        f64::NAN,
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN_POSITIVE,
        5e-324,
        -1.0,
    ];
    match random.below(3) {
        0 => ODD[random.below(ODD.len())],
        _ => random.below(2000) as f64 / 8.0 - 100.0,
    }
}

/// Marsaglia's xorshift, so that a failing seed fails again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
