//! The engine for trees: all trees of an ensemble in flat arrays.
//!
//! Trees are the outer loop and rows the inner one, so that a tree stays in
//! the cache and each row still adds its votes in the order of the trees,
//! which is part of the number.

mod build;
mod categories;

use categories::CategorySplit;

/// Trees that share features and the meaning of their leaves.
#[derive(Debug)]
pub(crate) struct Forest {
    /// Breadth first, tree after tree; a right child follows its left sibling.
    nodes: Vec<Node>,
    /// The index of each tree's root.
    roots: Vec<usize>,
    /// `outputs` values a leaf.
    leaf_values: Vec<f64>,
    outputs: usize,
    category_splits: Vec<CategorySplit>,
    depth: usize,
}

/// A node; a leaf's `next` is its place among the leaves, an inner node's
/// that of its left child.
#[derive(Debug, Clone, Copy)]
struct Node {
    test: Test,
    feature: u32,
    next: u32,
}

/// Which values of the feature go left.
#[derive(Debug, Clone, Copy)]
enum Test {
    Leaf,
    /// Those not above the threshold. NaN is not "not above", so it goes right.
    AtMost(f64),
    /// By the category split of this index.
    Category(u32),
}

impl Forest {
    /// Adds to each row of `votes` (`outputs` a row) the leaf values of every
    /// tree, in the order of the trees. `features` holds `width` values a row.
    pub(crate) fn votes(&self, features: &[f64], width: usize, votes: &mut [f64]) {
        for root in &self.roots {
            let rows = features
                .chunks_exact(width)
                .zip(votes.chunks_exact_mut(self.outputs));
            for (row, votes) in rows {
                let leaf = self.leaf(*root, row) * self.outputs;
                let values = &self.leaf_values[leaf..leaf + self.outputs];
                for (vote, value) in votes.iter_mut().zip(values) {
                    *vote += value;
                }
            }
        }
    }

    /// Sets each row of `answers` (one a tree) to the leaf values of the trees.
    /// Only for trees with one output.
    pub(crate) fn answers(&self, features: &[f64], width: usize, answers: &mut [f64]) {
        for (tree, root) in self.roots.iter().enumerate() {
            let rows = features
                .chunks_exact(width)
                .zip(answers.chunks_exact_mut(self.trees()));
            for (row, answers) in rows {
                answers[tree] = self.leaf_values[self.leaf(*root, row)];
            }
        }
    }

    /// How many trees there are.
    pub(crate) fn trees(&self) -> usize {
        self.roots.len()
    }

    /// How many nodes they have, leaves included.
    pub(crate) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The splits on the longest way from a root to a leaf.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    fn leaf(&self, root: usize, row: &[f64]) -> usize {
        let mut node = &self.nodes[root];
        loop {
            let value = row[node.feature as usize];
            let left = match node.test {
                Test::Leaf => return node.next as usize,
                Test::AtMost(threshold) => value <= threshold,
                Test::Category(split) => self.category_splits[split as usize].goes_left(value),
            };
            node = &self.nodes[node.next as usize + usize::from(!left)];
        }
    }
}

#[cfg(test)]
mod tests;
