//! Trees of up to 32 leaves, by QuickScorer's masks (Lucchese et al., SIGIR
//! 2015), which Spark's few thresholds make small.
//!
//! A tree's leaves are bits of an integer, the leftmost the lowest. A split
//! that a row leaves to the right rules the leaves under its left child out;
//! of the leaves that no split rules out, the row comes to the leftmost. What
//! all splits on one feature rule out hangs only on where the feature's value
//! stands among their thresholds: its rank. So for each rank there is a mask
//! for each tree, and a row joins one mask a column of ranks. The masks of 32
//! trees are two vectors of AVX-512.

use std::array;

use super::processor::{Avx512, Portable, Processor};
use super::ranks::{Columns, Ranks};
use super::{LANES, Leaves};
use crate::saved::SavedTree;

/// Most leaves of a tree: bits of a mask.
pub(super) const MAX_LEAVES: usize = 32;
/// Most columns; bounds what a row needs on the stack.
const MAX_COLUMNS: usize = 64;
/// Most masks, 4 MiB of them; more would not stay in a cache.
const MAX_MASKS: usize = 1 << 20;

/// Masks of all trees for all ranks.
#[derive(Debug)]
pub(super) struct Masks {
    ranks: Ranks,
    /// Where the masks of each column begin.
    first_masks: Vec<usize>,
    /// For each group of trees, its trees' masks for each column and rank.
    masks: Vec<Vec<GroupMasks>>,
    trees: usize,
    avx512: Option<Avx512>,
}

/// The masks of a group of trees; aligned, so that vectors of them load fast.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct GroupMasks(pub(super) [u32; GROUP]);

impl GroupMasks {
    /// Rule nothing out.
    pub(super) const ALL: Self = Self([u32::MAX; GROUP]);

    /// For each tree the place of its first leaf.
    pub(super) const FIRST_LEAVES: Self = {
        let mut first = [0; GROUP];
        let mut tree = 0;
        while tree < GROUP {
            first[tree] = (tree * MAX_LEAVES) as u32;
            tree += 1;
        }
        Self(first)
    };
}

/// Rows whose votes are added up together.
const BLOCK_ROWS: usize = 8;
/// Trees whose masks lie together.
pub(super) const GROUP: usize = 32;

impl Masks {
    /// `None` where the forest doesn't fit; else trees of up to [`MAX_LEAVES`].
    pub(super) fn fit(trees: &[SavedTree], ranks: &Ranks) -> bool {
        let masks: usize = ranks.bounds().sum();
        ranks.bounds().len() <= MAX_COLUMNS
            && masks * trees.len().next_multiple_of(GROUP) <= MAX_MASKS
    }

    pub(super) fn new(trees: &[SavedTree], ranks: Ranks, avx512: Option<Avx512>) -> Self {
        let mut first_masks = vec![0];
        first_masks.extend(ranks.bounds().scan(0, |masks, bound| {
            *masks += bound;
            Some(*masks)
        }));
        let group = vec![GroupMasks::ALL; first_masks.pop().expect("the end")];
        let mut masks = Self {
            ranks,
            first_masks,
            masks: vec![group; trees.len().div_ceil(GROUP)],
            trees: trees.len(),
            avx512,
        };
        for (index, tree) in trees.iter().enumerate() {
            masks.rule_out(index, tree, 0, &mut 0);
        }
        masks
    }

    /// Clears what the splits under `node` rule out, and returns the leaves
    /// under it; `next_leaf` counts the leaves to its left.
    fn rule_out(
        &mut self,
        index: usize,
        tree: &SavedTree,
        node: usize,
        next_leaf: &mut u32,
    ) -> u32 {
        let Some(split) = &tree.nodes[node].split else {
            *next_leaf += 1;
            return 1 << (*next_leaf - 1);
        };
        let left = self.rule_out(index, tree, split.left, next_leaf);
        let right = self.rule_out(index, tree, split.right, next_leaf);
        let split = self.ranks.split(split);
        let column = split.column as usize;
        let masks = &mut self.masks[index / GROUP];
        let end = self
            .first_masks
            .get(column + 1)
            .copied()
            .unwrap_or(masks.len());
        for masks in &mut masks[self.first_masks[column] + split.last_left as usize + 1..end] {
            masks.0[index % GROUP] &= !left;
        }
        left | right
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

    /// Like `Forest::votes` with two outputs.
    pub(super) fn votes_of_two(
        &self,
        features: &[f64],
        width: usize,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]],
    ) {
        match self.avx512 {
            Some(avx512) => avx512.run(
                #[inline(always)]
                || self.vote(avx512, features, width, leaf_values, votes),
            ),
            None => self.vote(Portable, features, width, leaf_values, votes),
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
        for (row, features) in features.chunks_exact(width).enumerate() {
            for group in 0..self.masks.len() {
                let places = processor.leaf_places(self.left(processor, [features], group)[0]);
                let trees = places.0.as_chunks::<LANES>().0;
                let first_trees = (group * GROUP..self.trees).step_by(LANES);
                for (places, first_tree) in trees.iter().zip(first_trees) {
                    let first_leaf = (group * GROUP * MAX_LEAVES) as u32;
                    visit(row, first_tree, places.map(|place| first_leaf + place));
                }
            }
        }
    }

    #[inline(always)]
    fn vote(
        &self,
        processor: impl Processor,
        features: &[f64],
        width: usize,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]],
    ) {
        if let [votes] = votes {
            return self.vote_in_rows(
                processor,
                features,
                width,
                leaf_values,
                array::from_mut(votes),
            );
        }
        let (blocks, rest) = votes.as_chunks_mut::<BLOCK_ROWS>();
        let (rows, rest_rows) = features.split_at(blocks.len() * BLOCK_ROWS * width);
        for (votes, rows) in blocks.iter_mut().zip(rows.chunks_exact(width * BLOCK_ROWS)) {
            self.vote_in_rows(processor, rows, width, leaf_values, votes);
        }
        for (votes, row) in rest.iter_mut().zip(rest_rows.chunks_exact(width)) {
            self.vote_in_rows(processor, row, width, leaf_values, array::from_mut(votes));
        }
    }

    #[inline(always)]
    fn vote_in_rows<const ROWS: usize>(
        &self,
        processor: impl Processor,
        rows: &[f64],
        width: usize,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]; ROWS],
    ) {
        let mut slices = [&rows[..width]; ROWS];
        for (row, slice) in slices.iter_mut().enumerate() {
            *slice = &rows[row * width..][..width];
        }
        for group in 0..self.masks.len() {
            let left = self.left(processor, slices, group);
            let first_tree = group * GROUP;
            let trees = (self.trees - first_tree).min(GROUP);
            let leaf_values = leaf_values.as_chunks::<MAX_LEAVES>().0;
            processor.add_leaves(&left, &leaf_values[first_tree..][..trees], votes);
        }
    }

    /// For each row the leaves of a group of trees that no mask rules out.
    #[inline(always)]
    fn left<P: Processor, const ROWS: usize>(
        &self,
        processor: P,
        rows: [&[f64]; ROWS],
        group: usize,
    ) -> [P::Left; ROWS] {
        let masks = &self.masks[group][..];
        let mut left = [processor.all_leaves(); ROWS];
        let masks = narrow::<P, ROWS, 1, 9>(processor, &mut left, rows, &self.ranks.up_to_8, masks);
        let masks =
            narrow::<P, ROWS, 2, 17>(processor, &mut left, rows, &self.ranks.up_to_16, masks);
        let masks =
            narrow::<P, ROWS, 4, 33>(processor, &mut left, rows, &self.ranks.up_to_32, masks);
        let splits = self.ranks.category_splits.iter();
        for ((feature, split), masks) in splits.zip(masks.as_chunks::<2>().0) {
            for (left, row) in left.iter_mut().zip(rows) {
                let right = usize::from(!split.goes_left(row[*feature]));
                processor.narrow(left, &masks[right]);
            }
        }
        left
    }
}

/// Leaves what some columns leave; returns the masks of those after them.
#[inline(always)]
fn narrow<'m, P: Processor, const ROWS: usize, const BLOCKS: usize, const RANKS: usize>(
    processor: P,
    left: &mut [P::Left; ROWS],
    rows: [&[f64]; ROWS],
    columns: &Columns<BLOCKS>,
    masks: &'m [GroupMasks],
) -> &'m [GroupMasks] {
    let (mine, rest) = masks.split_at(columns.features.len() * RANKS);
    let columns = columns
        .features
        .iter()
        .zip(&columns.tables)
        .zip(&columns.counts);
    for (((feature, thresholds), count), masks) in columns.zip(mine.as_chunks::<RANKS>().0) {
        let mut values = [0.0; ROWS];
        for (value, row) in values.iter_mut().zip(rows) {
            *value = row[*feature];
        }
        let ranks = processor.ranks(values, thresholds, *count);
        for (left, rank) in left.iter_mut().zip(ranks) {
            processor.narrow(left, &masks[rank as usize]);
        }
    }
    rest
}
