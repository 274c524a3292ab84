//! The engines against a plain walk through the trees as they were saved.

use super::{Engine, Forest, processor};
use crate::saved::{Rule, SavedNode, SavedTree, Split};

const FEATURES: usize = 4;
const MAX_CLASSES: usize = 3;
/// Features from here on are categorical.
const FIRST_CATEGORICAL: usize = 2;
const CATEGORIES: usize = 70;

/// Rows that are scored at once: around the sizes of all blocks.
const BATCHES: [usize; 7] = [1, 7, 8, 63, 64, 65, 200];

type IsChosen = fn(&Engine) -> bool;

#[test]
fn every_engine_gives_the_bits_of_a_plain_walk() {
    // Levels, and what is to be chosen for them.
    let cases: [(usize, IsChosen); 3] = [
        (5, |engine| matches!(engine, Engine::Masks(_))),
        (9, |engine| matches!(engine, Engine::Subtrees(_))),
        (40, |engine| matches!(engine, Engine::Linked(_))),
    ];
    for (levels, is_chosen) in cases {
        for seed in 1..60 {
            let mut random = Random(seed);
            let mut trees: Vec<_> = (0..random.below(70))
                .map(|_| random_tree(&mut random, levels.min(9)))
                .collect();
            trees.push(deep_tree(&mut random, levels));
            let engine = forests::<2>(&trees).remove(0).engine;
            assert!(is_chosen(&engine), "{levels} levels, seed {seed}");
            let near = values_near(&trees);
            let rows: Vec<f64> = (0..BATCHES[seed as usize % BATCHES.len()])
                .flat_map(|_| random_row(&mut random, &near))
                .collect();
            assert_same_bits::<2>(&trees, FEATURES, &rows);
            assert_same_bits::<3>(&trees, FEATURES, &rows);
        }
    }
}

#[test]
fn a_million_rows_give_the_bits_of_a_plain_walk() {
    for (levels, count) in [(5, 20), (8, 100)] {
        let mut random = Random(2026);
        let mut few = ODD[NOT_FINITE..].to_vec();
        few.resize_with(31, || random.below(2000) as f64 / 8.0 - 100.0);
        let rule = |random: &mut Random| {
            let threshold = few[random.below(few.len())];
            (random.below(FEATURES), Rule::AtMost(threshold))
        };
        let trees: Vec<_> = (0..count)
            .map(|_| tree(&mut random, levels, usize::MAX, &rule))
            .collect();
        let values = values_near(&trees);
        let mut rows = vec![0.0; 1000 * FEATURES];
        for _ in 0..500 {
            rows.fill_with(|| values[random.below(values.len())]);
            assert_same_bits::<2>(&trees, FEATURES, &rows);
        }
    }
}

#[test]
fn more_features_or_thresholds_than_a_vector_holds_give_the_same_bits() {
    // Features, different thresholds, trees of 8 levels.
    for (features, thresholds, count) in [
        (7, 40, 9),
        (8, 40, 9),
        (9, 20, 9),
        (15, 20, 30),
        (17, 20, 9),
        (63, 20, 9),
        (65, 20, 9),
        (200, 20, 9),
        (300, 20, 9),
        (3, 300, 9),
        (2, 3000, 40),
        (2, 9000, 60),
    ] {
        let mut random = Random(features as u64);
        let rule = |random: &mut Random| {
            let threshold = random.below(thresholds) as f64 / 8.0;
            (random.below(features), Rule::AtMost(threshold))
        };
        for levels in [3, 8] {
            let trees: Vec<_> = (0..count)
                .map(|_| tree(&mut random, levels, 20, &rule))
                .collect();
            let values = values_near(&trees);
            let rows: Vec<f64> = (0..65 * features)
                .map(|_| values[random.below(values.len())])
                .collect();
            assert_same_bits::<2>(&trees, features, &rows);
        }
    }
}

#[test]
fn thresholds_that_are_not_finite_give_the_same_bits() {
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut random = Random(3);
        let mut trees = vec![tree(&mut random, 3, usize::MAX, &random_rule)];
        for node in &mut trees[0].nodes {
            if let Some(split) = &mut node.split {
                split.rule = Rule::AtMost(odd);
            }
        }
        for value in ODD {
            assert_same_bits::<2>(&trees, FEATURES, &[value; FEATURES]);
        }
    }
}

#[test]
fn answers_are_each_trees_own() {
    for levels in [4, 8, 40] {
        let mut random = Random(7);
        let trees: Vec<_> = (0..45).map(|_| deep_tree(&mut random, levels)).collect();
        let forest = Forest::new(&trees, 1, |leaf, values| values.push(leaf.prediction));
        let row = random_row(&mut random, &values_near(&trees));
        let mut answers = vec![f64::NAN; trees.len()];
        forest.answers(&row, FEATURES, &mut answers);
        let expected: Vec<_> = trees
            .iter()
            .map(|tree| plain_leaf(tree, &row).prediction)
            .collect();
        assert_eq!(answers, expected);
    }
}

/// With all that this processor has, and with what any has.
fn forests<const CLASSES: usize>(trees: &[SavedTree]) -> Vec<Forest> {
    [processor::detect(), None]
        .map(|avx512| {
            Forest::with(avx512, trees, CLASSES, |leaf, votes| {
                votes.extend(shares::<CLASSES>(leaf));
            })
        })
        .into()
}

fn assert_same_bits<const CLASSES: usize>(trees: &[SavedTree], width: usize, rows: &[f64]) {
    let expected: Vec<_> = rows
        .chunks(width)
        .map(|row| plain_votes::<CLASSES>(trees, row).map(f64::to_bits))
        .collect();
    for forest in forests::<CLASSES>(trees) {
        let mut votes = vec![0.0; expected.len() * CLASSES];
        forest.votes(rows, width, &mut votes);
        let mut one_by_one = votes.clone();
        let single = one_by_one.chunks_mut(CLASSES).zip(rows.chunks(width));
        single.for_each(|(votes, row)| forest.votes(row, width, votes));
        for votes in [votes, one_by_one] {
            let votes = votes.as_chunks::<CLASSES>().0.iter();
            for ((votes, expected), row) in votes.zip(&expected).zip(rows.chunks(width)) {
                assert_eq!(votes.map(f64::to_bits), *expected, "{votes:?} for {row:?}");
            }
        }
    }
}

fn plain_votes<const CLASSES: usize>(trees: &[SavedTree], row: &[f64]) -> [f64; CLASSES] {
    let mut votes = [0.0; CLASSES];
    for tree in trees {
        for (vote, share) in votes
            .iter_mut()
            .zip(shares::<CLASSES>(plain_leaf(tree, row)))
        {
            *vote += share;
        }
    }
    votes
}

/// As if the classes after the first `CLASSES` weren't there.
fn shares<const CLASSES: usize>(leaf: &SavedNode) -> [f64; CLASSES] {
    let total: f64 = leaf.stats[..CLASSES].iter().sum();
    std::array::from_fn(|class| leaf.stats[class] / total)
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

fn random_tree(random: &mut Random, levels: usize) -> SavedTree {
    tree(random, levels, 5, &random_rule)
}

/// A tree with a leaf at the last level: full, or a chain where that is too much.
fn deep_tree(random: &mut Random, levels: usize) -> SavedTree {
    if levels < 10 {
        return tree(random, levels, usize::MAX, &random_rule);
    }
    let mut nodes: Vec<SavedNode> = Vec::new();
    for level in 0..levels {
        let mut pair = tree(random, 1, usize::MAX, &random_rule).nodes;
        let (left, right) = (2 * level + 1, 2 * level + 2);
        if let Some(split) = &mut pair[0].split {
            (split.left, split.right) = (left, right);
        }
        // Its right leaf is the root of the next.
        nodes.truncate(2 * level);
        nodes.extend(pair);
    }
    SavedTree { nodes }
}

fn tree(random: &mut Random, levels: usize, leaf_each: usize, rule: &MakeRule<'_>) -> SavedTree {
    let mut nodes = Vec::new();
    grow(random, &mut nodes, levels, leaf_each, rule);
    SavedTree { nodes }
}

/// Makes up a feature and what it is asked.
type MakeRule<'a> = dyn Fn(&mut Random) -> (usize, Rule) + 'a;

/// Adds a node and what is under it, in Spark's pre-order; above `levels` one
/// node in `leaf_each` is a leaf.
fn grow(
    random: &mut Random,
    nodes: &mut Vec<SavedNode>,
    levels: usize,
    leaf_each: usize,
    rule: &MakeRule<'_>,
) {
    let id = nodes.len();
    nodes.push(SavedNode {
        prediction: random.below(1000) as f64 / 7.0,
        stats: (0..MAX_CLASSES)
            .map(|_| (random.below(1000) + 1) as f64)
            .collect(),
        split: None,
    });
    if levels == 0 || random.below(leaf_each) == 0 {
        return;
    }
    let (feature, rule_here) = rule(random);
    let left = nodes.len();
    grow(random, nodes, levels - 1, leaf_each, rule);
    let right = nodes.len();
    grow(random, nodes, levels - 1, leaf_each, rule);
    nodes[id].split = Some(Split {
        feature,
        rule: rule_here,
        left,
        right,
    });
}

fn random_rule(random: &mut Random) -> (usize, Rule) {
    let feature = random.below(FEATURES);
    if feature < FIRST_CATEGORICAL {
        let threshold = random.below(100) as f64 / 8.0 - 5.0;
        let odd = ODD[NOT_FINITE + random.below(ODD.len() - NOT_FINITE)];
        let threshold = [threshold, odd][usize::from(random.below(8) == 0)];
        return (feature, Rule::AtMost(threshold));
    }
    // Few ways to split, as in a grown forest.
    let way = random.below(8);
    let left = (0..CATEGORIES).filter(|category| category * 7 % 11 > way);
    let rule = Rule::Categories {
        left: left.collect(),
        categories: CATEGORIES,
    };
    (feature, rule)
}

/// The thresholds, the values right beside them, and those that compare oddly.
fn values_near(trees: &[SavedTree]) -> Vec<f64> {
    let thresholds = trees
        .iter()
        .flat_map(|tree| &tree.nodes)
        .filter_map(|node| match node.split.as_ref()?.rule {
            Rule::AtMost(threshold) => Some(threshold),
            Rule::Categories { .. } => None,
        });
    let mut values: Vec<f64> = thresholds
        .flat_map(|value| [value, value.next_up(), value.next_down()])
        .collect();
    values.sort_by(f64::total_cmp);
    values.dedup_by_key(|value| value.to_bits());
    values.extend(ODD);
    values
}

fn random_row(random: &mut Random, near: &[f64]) -> Vec<f64> {
    let numbers = |random: &mut Random| match random.below(4) {
        0 => random_value(random),
        _ => near[random.below(near.len())],
    };
    let categories = |random: &mut Random| match random.below(8) {
        0 => random_value(random),
        1 => 0.5,
        _ => random.below(CATEGORIES + 2) as f64,
    };
    (0..FEATURES)
        .map(|feature| {
            if feature < FIRST_CATEGORICAL {
                numbers(random)
            } else {
                categories(random)
            }
        })
        .collect()
}

fn random_value(random: &mut Random) -> f64 {
    match random.below(3) {
        0 => ODD[random.below(ODD.len())],
        _ => random.below(2000) as f64 / 8.0 - 100.0,
    }
}

/// Those first that only infinite values make thresholds of.
const ODD: [f64; 11] = [
    f64::NAN,
    -f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    0.0,
    -0.0,
    f64::MIN_POSITIVE,
    5e-324,
    -1.0,
];

const NOT_FINITE: usize = 4;

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
