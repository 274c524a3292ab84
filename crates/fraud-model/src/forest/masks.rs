//! Trees of up to 32 leaves, by QuickScorer's masks (Lucchese et al., SIGIR
//! 2015), which Spark's few thresholds make small.
//!
//! A tree's leaves are bits of an integer, the leftmost the lowest. A split
//! that a row leaves to the right rules the leaves under its left child out;
//! of the leaves that no split rules out, the row comes to the leftmost. What
//! all splits on one feature rule out hangs only on where the feature's value
//! stands among their thresholds: its rank. So for each rank there is a mask
//! for each tree, and a row joins one mask a feature.

use std::array;
use std::hint::black_box;

use super::categories::CategorySplit;
use super::questions::{FeatureQuestions, Questions};
use super::{LANES, Leaves};
use crate::saved::{Rule, SavedTree};

/// Most leaves of a tree: bits of a mask.
pub(super) const MAX_LEAVES: usize = 32;
/// Most features that may be asked for; bounds what a row needs on the stack.
const MAX_FEATURES: usize = 64;
/// Most masks, 4 MiB of them; more would not stay in a cache.
const MAX_MASKS: usize = 1 << 20;

/// Masks of all trees for all ranks.
#[derive(Debug)]
pub(super) struct Masks {
    features: Vec<RankedFeature>,
    /// For each group of trees, its trees' masks for each rank.
    masks: Vec<Vec<GroupMasks>>,
    trees: usize,
}

/// The masks of a group of trees; aligned, so that vectors of them load fast.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct GroupMasks([u32; GROUP]);

/// Trees whose masks lie together.
const GROUP: usize = 32;

/// Rows whose features are ranked together.
const BLOCK_ROWS: usize = 8;

/// How the values of a feature are ranked.
#[derive(Debug)]
struct RankedFeature {
    feature: usize,
    /// Ascending; none if it is categorical.
    thresholds: Vec<f64>,
    /// Its rank 0 among the ranks of all features.
    first_rank: u32,
    /// Its highest rank.
    last_rank: u32,
    is_categorical: bool,
}

impl Masks {
    /// `None` where the forest doesn't fit.
    pub(super) fn new(trees: &[SavedTree], questions: &Questions) -> Option<Self> {
        let mut features = Vec::new();
        let mut ranks = 0;
        for questions in &questions.features {
            let is_categorical = !questions.category_splits.is_empty();
            if is_categorical && !questions.thresholds.is_empty() {
                return None;
            }
            let last_rank = if is_categorical {
                questions.categories()
            } else {
                questions.thresholds.len()
            };
            features.push(RankedFeature {
                feature: questions.feature,
                thresholds: questions.thresholds.clone(),
                first_rank: ranks as u32,
                last_rank: last_rank as u32,
                is_categorical,
            });
            ranks += last_rank + 1;
            if ranks * trees.len().next_multiple_of(GROUP) > MAX_MASKS {
                return None;
            }
        }
        if features.len() > MAX_FEATURES {
            return None;
        }
        let mut masks = Self {
            features,
            masks: vec![vec![GroupMasks([u32::MAX; GROUP]); ranks]; trees.len().div_ceil(GROUP)],
            trees: trees.len(),
        };
        for (index, tree) in trees.iter().enumerate() {
            masks.rule_out(index, tree, 0, &mut 0, questions);
        }
        Some(masks)
    }

    /// Clears what the splits under `node` rule out, and returns the leaves
    /// under it; `next_leaf` counts the leaves to its left.
    fn rule_out(
        &mut self,
        tree_index: usize,
        tree: &SavedTree,
        node: usize,
        next_leaf: &mut u32,
        questions: &Questions,
    ) -> u32 {
        let Some(split) = &tree.nodes[node].split else {
            *next_leaf += 1;
            return 1 << (*next_leaf - 1);
        };
        let left = self.rule_out(tree_index, tree, split.left, next_leaf, questions);
        let right = self.rule_out(tree_index, tree, split.right, next_leaf, questions);
        let position = questions.position(split.feature);
        let goes_right = questions.features[position].ranks_to_the_right(&split.rule);
        let first_rank = self.features[position].first_rank as usize;
        let masks = &mut self.masks[tree_index / GROUP][first_rank..];
        for (masks, goes_right) in masks.iter_mut().zip(goes_right) {
            if goes_right {
                masks.0[tree_index % GROUP] &= !left;
            }
        }
        left | right
    }

    /// See `Forest::visit_leaves`.
    pub(super) fn visit_leaves(
        &self,
        features: &[f64],
        width: usize,
        mut visit: impl FnMut(usize, usize, Leaves),
    ) {
        self.visit_numbers(features, width, |row, first_tree, mut leaves| {
            for (lane, leaf) in leaves.iter_mut().enumerate() {
                *leaf += ((first_tree + lane) * MAX_LEAVES) as u32;
            }
            visit(row, first_tree, leaves);
        });
    }

    /// Like `Forest::votes`; with two outputs there is no need to look whether
    /// a leaf is there.
    pub(super) fn votes_of_two(
        &self,
        features: &[f64],
        width: usize,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]],
    ) {
        let leaf_values = leaf_values.as_chunks::<{ LANES * MAX_LEAVES }>().0;
        self.visit_numbers(features, width, |row, first_tree, numbers| {
            let leaf_values = &leaf_values[first_tree / LANES];
            let mut sums = votes[row];
            for (lane, number) in numbers.into_iter().enumerate() {
                let [first, second] = leaf_values[lane * MAX_LEAVES + number as usize];
                sums[0] += first;
                sums[1] += second;
            }
            votes[row] = sums;
        });
    }

    /// Calls `visit` as `Forest::visit_leaves` does, but leaves are numbered
    /// from 0 in each tree.
    #[inline(always)]
    fn visit_numbers(
        &self,
        features: &[f64],
        width: usize,
        mut visit: impl FnMut(usize, usize, Leaves),
    ) {
        let blocks = features.chunks_exact(width * BLOCK_ROWS);
        let rest = blocks.remainder();
        let mut first_row = 0;
        for features in blocks {
            self.visit_block::<BLOCK_ROWS>(features, width, first_row, &mut visit);
            first_row += BLOCK_ROWS;
        }
        for (row, features) in rest.chunks_exact(width).enumerate() {
            self.visit_block::<1>(features, width, first_row + row, &mut visit);
        }
    }

    #[inline(always)]
    fn visit_block<const ROWS: usize>(
        &self,
        features: &[f64],
        width: usize,
        first_row: usize,
        visit: &mut impl FnMut(usize, usize, Leaves),
    ) {
        let rows: [_; ROWS] = array::from_fn(|row| &features[row * width..][..width]);
        let mut ranks = [[0; ROWS]; MAX_FEATURES];
        let ranks = &mut ranks[..self.features.len()];
        for (ranks, feature) in ranks.iter_mut().zip(&self.features) {
            let values = array::from_fn(|row| rows[row][feature.feature]);
            *ranks = feature.ranks(&values);
        }
        for row in 0..ROWS {
            for (group, masks) in self.masks.iter().enumerate() {
                let mut left = [u32::MAX; GROUP];
                for ranks in &*ranks {
                    let masks = &masks[ranks[row] as usize];
                    for (left, mask) in left.iter_mut().zip(&masks.0) {
                        *left &= mask;
                    }
                }
                // Through memory: counting the zeros of a vector's lanes at
                // once, as the compiler would, takes far longer.
                let left = black_box(left);
                let first_tree = group * GROUP;
                let trees = left.as_chunks::<LANES>().0.iter();
                for (left, first_tree) in trees.zip((first_tree..self.trees).step_by(LANES)) {
                    // Some leaf is always left; the bit only says so.
                    let leaves = left.map(|left| (left | 1 << 31).trailing_zeros());
                    visit(first_row + row, first_tree, leaves);
                }
            }
        }
    }
}

impl RankedFeature {
    /// The ranks of values among the ranks of all features.
    #[inline(always)]
    fn ranks<const ROWS: usize>(&self, values: &[f64; ROWS]) -> [u32; ROWS] {
        if self.is_categorical {
            return values.map(|value| self.first_rank + category_rank(value, self.last_rank));
        }
        let mut above = [0_u64; ROWS];
        for threshold in &self.thresholds {
            for (above, value) in above.iter_mut().zip(values) {
                let at_most = *value <= *threshold;
                *above += u64::from(!at_most);
            }
        }
        above.map(|above| self.first_rank + above as u32)
    }
}

/// A category is its own rank; what is none comes after them.
fn category_rank(value: f64, categories: u32) -> u32 {
    let category = value as u32;
    if f64::from(category) == value {
        category.min(categories)
    } else {
        categories
    }
}

impl FeatureQuestions {
    /// For each rank whether a split by `rule` sends it to the right.
    fn ranks_to_the_right(&self, rule: &Rule) -> Vec<bool> {
        match rule {
            Rule::AtMost(_) => {
                let number = self.number(rule);
                let ranks = 0..=self.thresholds.len();
                ranks.map(|rank| rank > number).collect()
            }
            Rule::Categories { left, categories } => {
                let split = CategorySplit::new(left, *categories);
                let values = (0..self.categories()).map(|category| category as f64);
                let values = values.chain([f64::NAN]);
                values.map(|value| !split.goes_left(value)).collect()
            }
        }
    }
}
