//! Trees of a few levels, filled up to the full depth: the way to a leaf is
//! the answers to its questions, one bit a level.

use super::questions::{FeatureQuestions, Questions};
use super::{LANES, Leaves};
use crate::saved::{Rule, SavedTree};

/// Most places of a tree, 1 << depth; more would waste memory on padding.
const MAX_SLOTS: usize = 1 << 10;
/// Most questions: what each row must be asked.
const MAX_QUESTIONS: usize = 1024;
/// Thresholds that are compared together.
const BLOCK: usize = 8;
/// Rows that are asked, and then led through each group of trees while it is
/// in the cache.
const BLOCK_ROWS: usize = 32;

/// The answers of a row: `true` where it goes right.
type Answers = [bool; MAX_QUESTIONS];

/// Perfect binary trees.
#[derive(Debug)]
pub(super) struct PaddedTrees {
    features: Vec<AskedFeature>,
    /// Places of a tree, 1 << depth.
    slots: usize,
    /// For each tree the question of each inner node, breadth first from
    /// index 1, so that the children of node i are 2i and 2i + 1.
    nodes: Vec<u16>,
    /// For each tree the leaf at the end of each way.
    leaves: Vec<u32>,
}

/// The questions on a feature, with room for answers that nothing needs.
#[derive(Debug)]
struct AskedFeature {
    questions: FeatureQuestions,
    /// Its thresholds, filled up with infinity.
    thresholds: Vec<[f64; BLOCK]>,
    /// Where its answers begin: to thresholds, to splits of categories.
    first_answers: [usize; 2],
}

impl PaddedTrees {
    /// `None` where the forest doesn't fit. Leaves are numbered over all
    /// trees, in each from left to right; `no_leaf` is after all of them.
    pub(super) fn new(
        trees: &[SavedTree],
        questions: Questions,
        depth: usize,
        no_leaf: u32,
    ) -> Option<Self> {
        let slots = 1_usize.checked_shl(u32::try_from(depth).ok()?)?;
        if slots > MAX_SLOTS {
            return None;
        }
        let mut answers = 0;
        let mut features = Vec::new();
        for questions in questions.features {
            let mut blocks = Vec::new();
            for block in questions.thresholds.chunks(BLOCK) {
                let mut filled = [f64::INFINITY; BLOCK];
                filled[..block.len()].copy_from_slice(block);
                blocks.push(filled);
            }
            let first_categories = answers + blocks.len() * BLOCK;
            let first_answers = [answers, first_categories];
            answers = first_categories + questions.category_splits.len();
            features.push(AskedFeature {
                questions,
                thresholds: blocks,
                first_answers,
            });
        }
        if answers > MAX_QUESTIONS {
            return None;
        }
        let places = trees.len().next_multiple_of(LANES) * slots;
        let mut padded = Self {
            features,
            slots,
            nodes: vec![0; places],
            leaves: vec![no_leaf; places],
        };
        let mut next_leaf = 0;
        for (index, tree) in trees.iter().enumerate() {
            padded.place(index * slots, tree, 0, 1, &mut next_leaf);
        }
        Some(padded)
    }

    /// Places `node` and what is under it into the tree that begins at `start`.
    fn place(
        &mut self,
        start: usize,
        tree: &SavedTree,
        node: usize,
        place: usize,
        next_leaf: &mut u32,
    ) {
        let Some(split) = &tree.nodes[node].split else {
            let ways = self.slots >> place.ilog2();
            self.leaves[start + place * ways - self.slots..][..ways].fill(*next_leaf);
            *next_leaf += 1;
            return;
        };
        let position = self
            .features
            .binary_search_by_key(&split.feature, |asked| asked.questions.feature)
            .expect("every split's feature was collected");
        self.nodes[start + place] = self.features[position].answer_to(&split.rule) as u16;
        self.place(start, tree, split.left, 2 * place, next_leaf);
        self.place(start, tree, split.right, 2 * place + 1, next_leaf);
    }

    /// See `Forest::visit_leaves`.
    pub(super) fn visit_leaves(
        &self,
        features: &[f64],
        width: usize,
        visit: impl FnMut(usize, usize, Leaves),
    ) {
        // With the size known, no place needs a check.
        match self.slots {
            1 => self.visit::<1>(features, width, visit),
            2 => self.visit::<2>(features, width, visit),
            4 => self.visit::<4>(features, width, visit),
            8 => self.visit::<8>(features, width, visit),
            16 => self.visit::<16>(features, width, visit),
            32 => self.visit::<32>(features, width, visit),
            64 => self.visit::<64>(features, width, visit),
            128 => self.visit::<128>(features, width, visit),
            256 => self.visit::<256>(features, width, visit),
            512 => self.visit::<512>(features, width, visit),
            _ => self.visit::<MAX_SLOTS>(features, width, visit),
        }
    }

    fn visit<const SLOTS: usize>(
        &self,
        features: &[f64],
        width: usize,
        mut visit: impl FnMut(usize, usize, Leaves),
    ) {
        if features.len() == width {
            let mut answers = [[false; MAX_QUESTIONS]];
            self.visit_block::<SLOTS>(features, width, &mut answers, 0, &mut visit);
            return;
        }
        let mut answers = [[false; MAX_QUESTIONS]; BLOCK_ROWS];
        for (block, features) in features.chunks(width * BLOCK_ROWS).enumerate() {
            let first_row = block * BLOCK_ROWS;
            self.visit_block::<SLOTS>(features, width, &mut answers, first_row, &mut visit);
        }
    }

    /// Visits at most as many rows as there is room for `answers`.
    fn visit_block<const SLOTS: usize>(
        &self,
        features: &[f64],
        width: usize,
        answers: &mut [Answers],
        first_row: usize,
        visit: &mut impl FnMut(usize, usize, Leaves),
    ) {
        let mut rows = 0;
        for (row, answers) in features.chunks_exact(width).zip(&mut *answers) {
            for asked in &self.features {
                asked.answer(row, answers);
            }
            rows += 1;
        }
        let nodes = self.nodes.as_chunks::<SLOTS>().0.as_chunks::<LANES>().0;
        let leaves = self.leaves.as_chunks::<SLOTS>().0.as_chunks::<LANES>().0;
        for (group, (nodes, leaves)) in nodes.iter().zip(leaves).enumerate() {
            for (row, answers) in answers[..rows].iter().enumerate() {
                let mut places = [1; LANES];
                for _ in 0..SLOTS.ilog2() {
                    for (place, nodes) in places.iter_mut().zip(nodes) {
                        let question = nodes[*place % SLOTS] as usize % MAX_QUESTIONS;
                        *place = 2 * *place + usize::from(answers[question]);
                    }
                }
                let mut found = [0; LANES];
                for ((found, place), leaves) in found.iter_mut().zip(places).zip(leaves) {
                    *found = leaves[place % SLOTS];
                }
                visit(first_row + row, group * LANES, found);
            }
        }
    }
}

impl AskedFeature {
    /// Where the answer to a split on this feature is.
    fn answer_to(&self, rule: &Rule) -> usize {
        let number = self.questions.number(rule);
        match number.checked_sub(self.questions.thresholds.len()) {
            None => self.first_answers[0] + number,
            Some(split) => self.first_answers[1] + split,
        }
    }

    #[inline(always)]
    fn answer(&self, row: &[f64], answers: &mut Answers) {
        let value = row[self.questions.feature];
        let [thresholds, categories] = self.first_answers;
        let blocks = answers[thresholds..].as_chunks_mut::<BLOCK>().0;
        for (answers, thresholds) in blocks.iter_mut().zip(&self.thresholds) {
            for (answer, threshold) in answers.iter_mut().zip(thresholds) {
                let at_most = value <= *threshold;
                *answer = !at_most;
            }
        }
        let splits = &self.questions.category_splits;
        for (answer, split) in answers[categories..].iter_mut().zip(splits) {
            *answer = !split.goes_left(value);
        }
    }
}
