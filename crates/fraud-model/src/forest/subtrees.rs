//! Trees of some levels more, cut into perfect subtrees of three levels: a
//! row's way through a subtree is found at once.
//!
//! The seven splits of a subtree are answered together, those of eight trees in
//! one comparison: a permutation picks the row's ranks in the splits' columns.
//! A byte of answers, looked up, is the way to one of eight subtrees below. So
//! a tree of depth 8 takes three steps instead of eight, each without a branch
//! that hangs on the row, and of each subtree that a row comes to it reads 16
//! bytes. Levels that a tree lacks ask nothing, and lead to the left.

use super::processor::{Avx512, Portable, Processor};
use super::ranks::{MAX_COLUMNS, Ranks};
use super::{LANES, Leaves};
use crate::saved::SavedTree;

/// Ranks of a row.
pub(super) const RANKS: usize = MAX_COLUMNS;
/// Ranks that a vector of AVX-512 holds.
const VECTOR_RANKS: usize = 64;
/// Most places for leaves: what is filled up would waste the cache.
const MAX_SLOTS: usize = 1 << 20;
/// Levels of a subtree.
pub(super) const HEIGHT: usize = 3;
/// Groups of trees through which a row is led at once.
const GROUPS: usize = 4;
/// Rows that are ranked, and then led through each group of trees while it is
/// in the cache.
const BLOCK_ROWS: usize = 32;

/// Perfect trees in pieces.
#[derive(Debug)]
pub(super) struct Subtrees {
    ranks: Ranks,
    /// From the roots downwards; those of a tree from left to right, tree after
    /// tree. Under the subtree at place i are those at 8i to 8i + 7.
    stages: Vec<Vec<Subtree>>,
    /// For each tree the leaf at the end of each way, in the same way.
    leaves: Vec<u32>,
    /// Levels above the roots that fill up their subtrees.
    padding: usize,
    avx512: Option<Avx512>,
}

/// Three levels of a tree, breadth first; the last place is empty.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(16))]
pub(super) struct Subtree {
    pub(super) columns: [u8; 8],
    /// The last rank that goes left.
    pub(super) last_left: [u8; 8],
}

impl Subtrees {
    /// `None` where the forest doesn't fit. Leaves are numbered over all
    /// trees, in each from left to right; `no_leaf` is after all of them.
    pub(super) fn new(
        trees: &[SavedTree],
        ranks: Ranks,
        depth: usize,
        no_leaf: u32,
        avx512: Option<Avx512>,
    ) -> Option<Self> {
        let avx512 = avx512.filter(|_| ranks.columns() <= VECTOR_RANKS);
        let trees_filled = trees.len().next_multiple_of(LANES);
        let stages = depth.div_ceil(HEIGHT);
        let most = MAX_SLOTS.checked_shr((stages * HEIGHT) as u32).unwrap_or(0);
        if trees_filled > most {
            return None;
        }
        let mut placed = Self {
            ranks,
            stages: (0..stages)
                .map(|stage| vec![Subtree::EMPTY; trees_filled << (stage * HEIGHT)])
                .collect(),
            leaves: vec![no_leaf; trees_filled << (stages * HEIGHT)],
            padding: stages * HEIGHT - depth,
            avx512,
        };
        let mut next_leaf = 0;
        for (index, tree) in trees.iter().enumerate() {
            placed.place(index, tree, 0, 0, 0, &mut next_leaf);
        }
        Some(placed)
    }

    /// Places `node` of a tree and what is under it; `path` has a bit for each
    /// of the `depth` splits above it, 1 where it is on the right.
    fn place(
        &mut self,
        index: usize,
        tree: &SavedTree,
        node: usize,
        depth: usize,
        path: usize,
        next_leaf: &mut u32,
    ) {
        let Some(split) = &tree.nodes[node].split else {
            let rest = self.stages.len() * HEIGHT - self.padding - depth;
            self.leaves[(index << (self.stages.len() * HEIGHT)) + (path << rest)] = *next_leaf;
            *next_leaf += 1;
            return;
        };
        let level = depth + self.padding;
        let row = 1 << (level % HEIGHT);
        let stage = level / HEIGHT;
        let subtree = &mut self.stages[stage][(index << (stage * HEIGHT)) + path / row];
        let ranked = self.ranks.split(split);
        subtree.columns[row - 1 + path % row] = ranked.column;
        subtree.last_left[row - 1 + path % row] = ranked.last_left;
        self.place(index, tree, split.left, depth + 1, 2 * path, next_leaf);
        self.place(index, tree, split.right, depth + 1, 2 * path + 1, next_leaf);
    }

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

    #[inline(always)]
    fn visit(
        &self,
        processor: impl Processor,
        features: &[f64],
        width: usize,
        mut visit: impl FnMut(usize, usize, Leaves),
    ) {
        if features.len() == width {
            return self.visit_block(processor, features, width, 0, &mut [[0; RANKS]], &mut visit);
        }
        let mut ranks = [[0; RANKS]; BLOCK_ROWS];
        for (block, features) in features.chunks(width * BLOCK_ROWS).enumerate() {
            self.visit_block(
                processor,
                features,
                width,
                block * BLOCK_ROWS,
                &mut ranks,
                &mut visit,
            );
        }
    }

    /// Visits at most as many rows as there is room for `ranks`.
    #[inline(always)]
    fn visit_block(
        &self,
        processor: impl Processor,
        features: &[f64],
        width: usize,
        first_row: usize,
        ranks: &mut [[u8; RANKS]],
        visit: &mut impl FnMut(usize, usize, Leaves),
    ) {
        let mut rows = 0;
        for (ranks, features) in ranks.iter_mut().zip(features.chunks_exact(width)) {
            self.ranks
                .of_row(processor, features, &mut ranks[..self.ranks.columns()]);
            rows += 1;
        }
        let trees = self.leaves.len() >> (self.stages.len() * HEIGHT);
        let mut first_tree = 0;
        while first_tree + GROUPS * LANES <= trees {
            self.visit_trees::<GROUPS>(processor, first_row, &ranks[..rows], first_tree, visit);
            first_tree += GROUPS * LANES;
        }
        while first_tree < trees {
            self.visit_trees::<1>(processor, first_row, &ranks[..rows], first_tree, visit);
            first_tree += LANES;
        }
    }

    #[inline(always)]
    fn visit_trees<const GROUPS: usize>(
        &self,
        processor: impl Processor,
        first_row: usize,
        ranks: &[[u8; RANKS]],
        first_tree: usize,
        visit: &mut impl FnMut(usize, usize, Leaves),
    ) {
        for (row, ranks) in ranks.iter().enumerate() {
            let places: [_; GROUPS] = processor.lead(ranks, &self.stages, first_tree);
            for (group, places) in places.iter().enumerate() {
                let mut leaves = [0; LANES];
                for (leaf, place) in leaves.iter_mut().zip(places) {
                    *leaf = self.leaves[*place as usize];
                }
                visit(first_row + row, first_tree + group * LANES, leaves);
            }
        }
    }
}

impl Subtree {
    /// Asks nothing.
    const EMPTY: Self = Self {
        columns: [0; 8],
        last_left: [u8::MAX; 8],
    };
}
