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
/// Trees whose leaves' values are added without a branch between them.
pub(super) const TREES_AT_ONCE: usize = 4;
/// Most trees that share a mask.
pub(super) const GROUP: usize = 32;
/// Rows that are scored side by side, as each step of one waits for the step
/// before.
const BLOCK_ROWS: usize = 8;

/// Masks of all trees for all ranks.
#[derive(Debug)]
pub(super) struct Masks {
    lookups: Vec<Lookup>,
    category_splits: Vec<(usize, CategorySplit)>,
    groups: Vec<Group>,
    /// The leaf of trees that aren't there.
    no_leaf: u32,
    avx512: Option<Avx512>,
    /// Where a single lookup in a single group's masks is all there is to do.
    single: Option<Avx512>,
}

/// How the masks for the ranks of a window are found.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) window: Window,
    /// For each lane of both ladders the place of the mask for rank 0, or where it
    /// would be if the rank could be so low.
    pub(super) first: [[u64; LANES]; 2],
    /// Where a mask is for the ranks of a lane of either ladder: how far apart the
    /// places are for the ranks of the first.
    pub(super) paired: Option<[u64; LANES]>,
}

/// Trees that share masks. All groups but the last have a multiple of
/// [`TREES_AT_ONCE`].
#[derive(Debug)]
pub(super) struct Group {
    first_tree: usize,
    pub(super) trees: usize,
    /// The values of the trees, of a multiple of [`TREES_AT_ONCE`], and of a leaf more.
    pub(super) values: Range<usize>,
    /// All groups have their masks for the same ranks at the same places.
    pub(super) masks: Vec<Mask>,
    /// The place of the last of them, at hand where a row takes nanoseconds.
    pub(super) last_mask: u64,
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
    #[inline]
    pub(super) fn votes_of_two(
        &self,
        features: &[f64],
        width: usize,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]],
    ) {
        // The shortest way, as one row takes little longer than a few calls.
        if let (Some(avx512), [votes]) = (self.single, &mut *votes) {
            avx512.vote::<1, true>(self, features, leaf_values, array::from_mut(votes));
            return;
        }
        self.votes_of_many(features, width, leaf_values, votes);
    }

    /// Not inlined, for the sake of the way past it.
    #[inline(never)]
    fn votes_of_many(
        &self,
        features: &[f64],
        width: usize,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]],
    ) {
        if let Some(avx512) = self.single {
            return self.vote_by::<true>(avx512, features, width, leaf_values, votes);
        }
        match self.avx512 {
            Some(avx512) => self.vote_by::<false>(avx512, features, width, leaf_values, votes),
            None => self.vote_by::<false>(Portable, features, width, leaf_values, votes),
        }
    }

    /// In blocks, and the rest one by one.
    #[inline(never)]
    fn vote_by<const SINGLE: bool>(
        &self,
        processor: impl Processor,
        features: &[f64],
        width: usize,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]],
    ) {
        let (blocks, rest) = votes.as_chunks_mut::<BLOCK_ROWS>();
        let (rows, features) = features.split_at(blocks.len() * BLOCK_ROWS * width);
        for (block, votes) in blocks.iter_mut().enumerate() {
            let rows = &rows[block * BLOCK_ROWS * width..][..BLOCK_ROWS * width];
            processor.vote::<BLOCK_ROWS, SINGLE>(self, rows, leaf_values, votes);
        }
        for (row, votes) in rest.iter_mut().enumerate() {
            let row = &features[row * width..][..width];
            processor.vote::<1, SINGLE>(self, row, leaf_values, array::from_mut(votes));
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
                let [left] = self.left::<P, 1, false>(processor, &[features], group);
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

    /// Sets the votes of some rows, of which `features` has the values; `SINGLE`
    /// where [`Masks::single`] holds, which leaves a row's way without loops.
    #[inline(always)]
    pub(super) fn vote<P: Processor, const ROWS: usize, const SINGLE: bool>(
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
        let groups = if SINGLE {
            &self.groups[..1]
        } else {
            &self.groups
        };
        for group in groups {
            let left = self.left::<P, ROWS, SINGLE>(processor, &rows, group);
            processor.add_leaves(&left, group, leaf_values, &mut sums);
        }
        *votes = sums;
    }

    /// For each row the leaves of a group of trees that no mask rules out.
    #[inline(always)]
    fn left<P: Processor, const ROWS: usize, const SINGLE: bool>(
        &self,
        processor: P,
        rows: &[&[f64]; ROWS],
        group: &Group,
    ) -> [P::Left; ROWS] {
        let mut left = [processor.left(&Mask::ALL); ROWS];
        if !SINGLE && !group.category_masks.is_empty() {
            for (left, row) in left.iter_mut().zip(rows) {
                *left = processor.left(&self.left_by_categories(row, &group.category_masks));
            }
        }
        let lookups = if SINGLE {
            &self.lookups[..1]
        } else {
            &self.lookups
        };
        for lookup in lookups {
            processor.narrow(&mut left, rows, lookup, group);
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
