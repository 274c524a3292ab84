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

use super::avx512::Avx512;
use super::processor::{Portable, Processor};
use super::ranks::{BLOCK, Ranks};
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

    #[inline(always)]
    pub(super) fn halves(&self) -> &[[u32; GROUP / 2]; 2] {
        self.0.as_chunks().0.try_into().expect("two halves")
    }
}

/// Trees whose masks lie together.
pub(super) const GROUP: usize = 32;

impl Masks {
    /// `None` where the forest doesn't fit; else trees of up to [`MAX_LEAVES`].
    pub(super) fn fit(trees: &[SavedTree], ranks: &Ranks) -> bool {
        let masks: usize = ranks.bounds().sum();
        ranks.bounds().len() <= MAX_COLUMNS && masks * trees.len().next_multiple_of(GROUP) <= MAX_MASKS
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
    fn rule_out(&mut self, index: usize, tree: &SavedTree, node: usize, next_leaf: &mut u32) -> u32 {
        let Some(split) = &tree.nodes[node].split else {
            *next_leaf += 1;
            return 1 << (*next_leaf - 1);
        };
        let left = self.rule_out(index, tree, split.left, next_leaf);
        let right = self.rule_out(index, tree, split.right, next_leaf);
        let split = self.ranks.split(split);
        let column = split.column as usize;
        let masks = &mut self.masks[index / GROUP];
        let end = self.first_masks.get(column + 1).copied().unwrap_or(masks.len());
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
        mut visit: impl FnMut(usize, usize, Leaves),
    ) {
        self.visit_groups(features, width, #[inline(always)] |first_row, group, numbers| {
            for (row, numbers) in numbers.iter().enumerate() {
                let numbers = numbers.0.as_chunks::<LANES>().0;
                for (numbers, first_tree) in numbers.iter().zip((group * GROUP..self.trees).step_by(LANES)) {
                    let mut leaves = *numbers;
                    for (lane, leaf) in leaves.iter_mut().enumerate() {
                        *leaf += ((first_tree + lane) * MAX_LEAVES) as u32;
                    }
                    visit(first_row + row, first_tree, leaves);
                }
            }
        });
    }

    /// Like `Forest::votes`; the sums of some rows grow side by side, as each
    /// addition waits for the one before.
    pub(super) fn votes_of_two(
        &self,
        features: &[f64],
        width: usize,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]],
    ) {
        let trees = &leaf_values.as_chunks::<MAX_LEAVES>().0[..self.trees];
        self.visit_groups(features, width, #[inline(always)] |first_row, group, numbers| {
            let votes = &mut votes[first_row..][..numbers.len()];
            let trees = trees[group * GROUP..].iter().take(GROUP);
            if let (Ok(votes), Ok(numbers)) = (<&mut [_; BLOCK]>::try_from(&mut *votes), <&[_; BLOCK]>::try_from(numbers)) {
                add_up(trees, numbers, votes);
            } else {
                for (numbers, votes) in numbers.iter().zip(votes) {
                    add_up(trees.clone(), array::from_ref(numbers), array::from_mut(votes));
                }
            }
        });
    }

    /// Calls `visit` with the first of some rows, a group of trees, and for each
    /// row the leaves that it comes to, numbered from 0 in each tree.
    #[inline(always)]
    fn visit_groups(
        &self,
        features: &[f64],
        width: usize,
        visit: impl FnMut(usize, usize, &[GroupMasks]),
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
        mut visit: impl FnMut(usize, usize, &[GroupMasks]),
    ) {
        let mut first_row = 0;
        let blocks = features.chunks_exact(width * BLOCK);
        let rest = blocks.remainder();
        for rows in blocks {
            let mut ranks = [[0; BLOCK]; MAX_COLUMNS];
            self.ranks.of_rows(processor, rows, width, &mut ranks);
            self.visit_block(processor, first_row, &ranks, &mut visit);
            first_row += BLOCK;
        }
        for row in rest.chunks_exact(width) {
            let mut ranks = [[0]; MAX_COLUMNS];
            self.ranks.of_row(processor, row, ranks.as_flattened_mut());
            self.visit_block(processor, first_row, &ranks, &mut visit);
            first_row += 1;
        }
    }

    #[inline(always)]
    fn visit_block<const ROWS: usize>(
        &self,
        processor: impl Processor,
        first_row: usize,
        ranks: &[[u8; ROWS]; MAX_COLUMNS],
        visit: &mut impl FnMut(usize, usize, &[GroupMasks]),
    ) {
        for (group, masks) in self.masks.iter().enumerate() {
            let mut leaves = [GroupMasks::ALL; ROWS];
            for (row, leaves) in leaves.iter_mut().enumerate() {
                let of_row = self.first_masks.iter().zip(ranks).map(#[inline(always)] |(first, ranks)| &masks[first + ranks[row] as usize]);
                processor.leaves(of_row, leaves);
            }
            // In memory, from where they are used one by one.
            visit(first_row, group, black_box(&leaves));
        }
    }
}

/// Adds the values of the leaves `numbers` of `trees`.
#[inline(always)]
fn add_up<'t, const ROWS: usize>(
    trees: impl Iterator<Item = &'t [[f64; 2]; MAX_LEAVES]>,
    numbers: &[GroupMasks; ROWS],
    votes: &mut [[f64; 2]; ROWS],
) {
    let mut sums = *votes;
    for (tree, values) in trees.enumerate() {
        for (sums, numbers) in sums.iter_mut().zip(numbers) {
            let [first, second] = values[numbers.0[tree % GROUP] as usize % MAX_LEAVES];
            sums[0] += first;
            sums[1] += second;
        }
    }
    *votes = sums;
}
