//! Trees of up to 32 leaves, by QuickScorer's masks (Lucchese et al., SIGIR
//! 2015), which Spark's few thresholds make small.
//!
//! A tree's leaves are bits of an integer, the leftmost the highest. A split
//! that a row leaves to the right rules the leaves under its left child out;
//! of the leaves that no split rules out, the row comes to the leftmost. What
//! all splits on one feature rule out hangs only on where the feature's value
//! stands among their thresholds: its rank. So for each rank there is a mask,
//! and a row joins one mask a feature, or one for two features if the masks for
//! all of their ranks are few. A mask is as wide as a vector of AVX-512; a tree
//! takes as many bytes of it as its leaves fill, so that about twenty share one.

use std::array;
use std::ops::Range;

use super::categories::CategorySplit;
use super::processor::{Avx512, Portable, Processor};
use super::ranks::Window;
use super::{LANES, Leaves};

mod build;

/// Most leaves of a tree.
pub(super) const MAX_LEAVES: usize = 32;
/// Most trees that share a mask.
pub(super) const GROUP: usize = 32;
/// Rows that are scored side by side, as each step of one waits for the step
/// before.
const ROWS: usize = 8;

/// Masks of all trees for all ranks.
#[derive(Debug)]
pub(super) struct Masks {
    lookups: Vec<Lookup>,
    category_splits: Vec<(usize, CategorySplit)>,
    groups: Vec<Group>,
    /// The leaf of trees that aren't there.
    no_leaf: u32,
    avx512: Option<Avx512>,
}

/// How the masks of a window's ranks are found: a place for each lane of both
/// ladders, or for each lane of one ladder and the lane of the other beside it.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) window: Window,
    /// The place where all ranks are 0, or where it would be if they could be
    /// so low.
    pub(super) first: [[u64; LANES]; 2],
    /// How far apart the places of ranks are.
    pub(super) weights: [[u64; LANES]; 2],
    /// Whether the place is the sum of those of both ladders.
    paired: bool,
}

/// Trees that share masks.
#[derive(Debug)]
pub(super) struct Group {
    first_tree: usize,
    pub(super) trees: usize,
    /// The trees' values, and one more.
    values: Range<usize>,
    /// All groups have their masks for the same ranks at the same places.
    masks: Vec<Mask>,
    /// For each category split the masks of what goes left, and of what goes right.
    category_masks: Vec<[Mask; 2]>,
    /// For each tree where its bytes of a mask end; no less than 4.
    pub(super) ends: [u8; GROUP],
    /// For each byte of 32 bits a tree the byte of a mask.
    pub(super) bytes: [[u8; MASK]; 2],
}

/// Leaves of a group of trees.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Mask(pub(super) [u8; MASK]);

/// Bytes of a mask.
pub(super) const MASK: usize = 64;

impl Mask {
    /// Rules nothing out.
    pub(super) const ALL: Self = Self([u8::MAX; MASK]);

    /// The leaves that neither rules out.
    #[inline(always)]
    pub(super) fn and(mut self, other: &Self) -> Self {
        for (left, other) in self.0.iter_mut().zip(&other.0) {
            *left &= other;
        }
        self
    }
}

impl Masks {
    /// See `Forest::visit_leaves`.
    pub(super) fn visit_leaves(
        &self,
        features: &[f64],
        width: usize,
        visit: impl FnMut(usize, usize, Leaves),
    ) {
        match self.avx512 {
            Some(avx512) => avx512.run(
                #[inline(always)]
                || self.visit(avx512, features, width, visit),
            ),
            None => self.visit(Portable, features, width, visit),
        }
    }

    /// Like `Forest::votes` with two outputs.
    pub(super) fn votes_of_two(
        &self,
        features: &[f64],
        width: usize,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]],
    ) {
        match (self.avx512, votes) {
            // The shortest way, as one row takes little longer than a few calls.
            (Some(avx512), [votes]) => {
                avx512.vote(self, features, leaf_values, array::from_mut(votes));
            }
            (Some(avx512), votes) => self.vote_by(avx512, features, width, leaf_values, votes),
            (None, votes) => self.vote_by(Portable, features, width, leaf_values, votes),
        }
    }

    /// In blocks, and the rest one by one. Not inlined, for the sake of the way
    /// past it.
    #[inline(never)]
    fn vote_by(
        &self,
        processor: impl Processor,
        features: &[f64],
        width: usize,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]],
    ) {
        let (blocks, rest) = votes.as_chunks_mut::<ROWS>();
        let (rows, features) = features.split_at(blocks.len() * ROWS * width);
        for (block, votes) in blocks.iter_mut().enumerate() {
            let rows = &rows[block * ROWS * width..][..ROWS * width];
            processor.vote(self, rows, leaf_values, votes);
        }
        for (row, votes) in rest.iter_mut().enumerate() {
            let row = &features[row * width..][..width];
            processor.vote(self, row, leaf_values, array::from_mut(votes));
        }
    }

    #[inline(always)]
    fn visit<P: Processor>(
        &self,
        processor: P,
        features: &[f64],
        width: usize,
        mut visit: impl FnMut(usize, usize, Leaves),
    ) {
        for (row, features) in features.chunks_exact(width).enumerate() {
            for group in &self.groups {
                let [left] = self.left(processor, &[features], group);
                let mut leaves = processor.leaves(&left, group);
                for (index, leaf) in leaves.iter_mut().enumerate() {
                    *leaf = match index < group.trees {
                        true => *leaf + ((group.first_tree + index) * MAX_LEAVES) as u32,
                        false => self.no_leaf,
                    };
                }
                let first_trees = (group.first_tree..).step_by(LANES);
                let lanes = leaves.as_chunks::<LANES>().0.iter().zip(first_trees);
                for (leaves, first_tree) in lanes.take(group.trees.div_ceil(LANES)) {
                    visit(row, first_tree, *leaves);
                }
            }
        }
    }

    /// Sets the votes of some rows, of which `features` has the values.
    #[inline(always)]
    pub(super) fn vote<P: Processor, const ROWS: usize>(
        &self,
        processor: P,
        features: &[f64],
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]; ROWS],
    ) {
        let width = features.len() / ROWS;
        let mut rows = [features; ROWS];
        for (row, values) in rows.iter_mut().enumerate() {
            *values = &features[row * width..][..width];
        }
        let mut sums = [[0.0; 2]; ROWS];
        for group in &self.groups {
            let left = self.left(processor, &rows, group);
            processor.add_leaves(&left, group, &leaf_values[group.values.clone()], &mut sums);
        }
        *votes = sums;
    }

    /// For each row the leaves of a group of trees that no mask rules out.
    #[inline(always)]
    fn left<P: Processor, const ROWS: usize>(
        &self,
        processor: P,
        rows: &[&[f64]; ROWS],
        group: &Group,
    ) -> [P::Left; ROWS] {
        let mut left = [processor.left(&Mask::ALL); ROWS];
        if !group.category_masks.is_empty() {
            for (left, row) in left.iter_mut().zip(rows) {
                *left = processor.left(&self.left_by_categories(row, &group.category_masks));
            }
        }
        for lookup in &self.lookups {
            let mut values = *rows;
            for values in &mut values {
                *values = &values[lookup.window.features.clone()];
            }
            let [mut first, second] = processor.climb(&values, lookup);
            if lookup.paired {
                for (first, second) in first.iter_mut().zip(second) {
                    *first = processor.sum(*first, second);
                }
            } else {
                processor.narrow(&mut left, &group.masks, &second);
            }
            processor.narrow(&mut left, &group.masks, &first);
        }
        left
    }

    /// Not inlined, as few forests have such splits.
    #[inline(never)]
    fn left_by_categories(&self, row: &[f64], masks: &[[Mask; 2]]) -> Mask {
        let mut left = Mask::ALL;
        for ((feature, split), masks) in self.category_splits.iter().zip(masks) {
            left = left.and(&masks[usize::from(!split.goes_left(row[*feature]))]);
        }
        left
    }
}
