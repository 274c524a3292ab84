//! The engine for trees.
//!
//! Spark grows a forest from few thresholds, at most `maxBins` − 1 a feature,
//! so that its many splits repeat a few questions. `ranks` answers them once a
//! row, in double precision: what remains is bytes, without a branch that hangs
//! on the row. `masks` is for trees of up to 32 leaves, Spark's default depth;
//! `subtrees` for deeper ones; `linked` for whatever has too many questions or
//! levels for those. `processor` has what the three need of the machine, twice:
//! for any, and in `avx512` for those that have it, told apart once at the load.
//!
//! Every row adds its votes in the order of the trees, which is part of the
//! number.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod bench;
mod build;
mod categories;
mod linked;
mod masks;
mod processor;
mod ranks;
mod shares;
mod subtrees;

pub use bench::ForestBench;
use linked::LinkedTrees;
use masks::Masks;
pub(crate) use shares::divide_by_sums;
use subtrees::Subtrees;

/// Features or trees that are looked at side by side: doubles of a vector.
const LANES: usize = 8;

/// For each of [`LANES`] trees the leaf that a row comes to; lanes after the
/// last tree have a leaf whose values are 0.
type Leaves = [u32; LANES];

/// Trees that share features and the meaning of their leaves.
#[derive(Debug)]
pub(crate) struct Forest {
    engine: Engine,
    /// `outputs` values a leaf.
    leaf_values: Vec<f64>,
    outputs: usize,
    trees: usize,
    nodes: usize,
    depth: usize,
}

/// Told apart by a byte of its own rather than by a vector's capacity, which
/// takes longer.
#[derive(Debug)]
#[repr(u8)]
enum Engine {
    Masks(Masks),
    Subtrees(Subtrees),
    Linked(LinkedTrees),
}

impl Forest {
    /// Sets each row of `votes` (`outputs` a row) to the sums of the leaf values of
    /// all trees, added in the order of the trees. `features` holds `width`
    /// values a row.
    #[inline]
    pub(crate) fn votes(&self, features: &[f64], width: usize, votes: &mut [f64]) {
        let values = &self.leaf_values;
        match &self.engine {
            Engine::Masks(masks) if self.outputs == 2 => {
                let votes = votes.as_chunks_mut().0;
                masks.votes_of_two(features, width, values.as_chunks().0, votes);
            }
            _ if self.outputs == 2 => {
                self.votes_of_leaves(features, width, values.as_chunks().0, votes);
            }
            _ => self.votes_of_any(features, width, votes),
        }
    }

    /// The same for two outputs. Neither is inlined, for the sake of the way past them.
    #[inline(never)]
    fn votes_of_leaves(
        &self,
        features: &[f64],
        width: usize,
        values: &[[f64; 2]],
        votes: &mut [f64],
    ) {
        votes.fill(0.0);
        let votes = votes.as_chunks_mut::<2>().0;
        self.visit_leaves(
            features,
            width,
            #[inline(always)]
            |row, _, leaves| {
                let mut sums = votes[row];
                for leaf in leaves {
                    let [first, second] = values[leaf as usize];
                    sums[0] += first;
                    sums[1] += second;
                }
                votes[row] = sums;
            },
        );
    }

    #[inline(never)]
    fn votes_of_any(&self, features: &[f64], width: usize, votes: &mut [f64]) {
        votes.fill(0.0);
        self.visit_leaves(
            features,
            width,
            #[inline(always)]
            |row, _, leaves| {
                let votes = &mut votes[row * self.outputs..][..self.outputs];
                for leaf in leaves {
                    let values = &self.leaf_values[leaf as usize * self.outputs..];
                    for (vote, value) in votes.iter_mut().zip(values) {
                        *vote += value;
                    }
                }
            },
        );
    }

    /// Sets each row of `answers` (one a tree) to the leaf values of the trees.
    /// Only for trees with one output.
    pub(crate) fn answers(&self, features: &[f64], width: usize, answers: &mut [f64]) {
        self.visit_leaves(
            features,
            width,
            #[inline(always)]
            |row, first_tree, leaves| {
                let answers = &mut answers[row * self.trees..][..self.trees][first_tree..];
                for (answer, leaf) in answers.iter_mut().zip(leaves) {
                    *answer = self.leaf_values[leaf as usize];
                }
            },
        );
    }

    /// How many trees there are.
    pub(crate) fn trees(&self) -> usize {
        self.trees
    }

    /// How many nodes they have, leaves included.
    pub(crate) fn nodes(&self) -> usize {
        self.nodes
    }

    /// The splits on the longest way from a root to a leaf.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Calls `visit` with each row, the first of [`LANES`] trees, and their
    /// leaves; for each row in the order of the trees.
    fn visit_leaves(
        &self,
        features: &[f64],
        width: usize,
        visit: impl FnMut(usize, usize, Leaves),
    ) {
        match &self.engine {
            Engine::Masks(masks) => masks.visit_leaves(features, width, visit),
            Engine::Subtrees(trees) => trees.visit_leaves(features, width, visit),
            Engine::Linked(trees) => trees.visit_leaves(features, width, visit),
        }
    }
}

#[cfg(test)]
mod tests;
