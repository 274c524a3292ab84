//! Trees of any shape: each node knows where its children are.

use super::categories::CategorySplit;
use super::{LANES, Leaves};
use crate::saved::{Rule, SavedTree};

/// Nodes of all trees.
#[derive(Debug, Default)]
pub(super) struct LinkedTrees {
    /// Tree after tree; a right child follows its left sibling.
    nodes: Vec<Node>,
    /// The index of each tree's root.
    roots: Vec<usize>,
    category_splits: Vec<CategorySplit>,
    /// The leaf of trees that aren't there.
    no_leaf: u32,
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

impl LinkedTrees {
    /// Leaves are numbered over all trees, in each from left to right.
    pub(super) fn new(trees: &[SavedTree], no_leaf: u32) -> Self {
        let mut linked = Self {
            no_leaf,
            ..Self::default()
        };
        let mut next_leaf = 0;
        for tree in trees {
            linked.add(tree, &mut next_leaf);
        }
        linked
    }

    fn add(&mut self, tree: &SavedTree, next_leaf: &mut u32) {
        const UNPLACED: Node = Node {
            test: Test::Leaf,
            feature: 0,
            next: 0,
        };
        self.roots.push(self.nodes.len());
        self.nodes.push(UNPLACED);
        // Saved nodes and their places; the leftmost on top.
        let mut stack = vec![(0, self.nodes.len() - 1)];
        while let Some((id, place)) = stack.pop() {
            let Some(split) = &tree.nodes[id].split else {
                self.nodes[place].next = *next_leaf;
                *next_leaf += 1;
                continue;
            };
            let left = self.nodes.len();
            self.nodes.extend([UNPLACED; 2]);
            stack.extend([(split.right, left + 1), (split.left, left)]);
            self.nodes[place] = Node {
                test: self.test(&split.rule),
                feature: index(split.feature),
                next: index(left),
            };
        }
    }

    fn test(&mut self, rule: &Rule) -> Test {
        match rule {
            Rule::AtMost(threshold) => Test::AtMost(*threshold),
            Rule::Categories { left, categories } => {
                let split = CategorySplit::new(left, *categories);
                self.category_splits.push(split);
                Test::Category(index(self.category_splits.len() - 1))
            }
        }
    }

    /// See `Forest::visit_leaves`.
    pub(super) fn visit_leaves(
        &self,
        features: &[f64],
        width: usize,
        mut visit: impl FnMut(usize, usize, Leaves),
    ) {
        for (group, roots) in self.roots.chunks(LANES).enumerate() {
            for (row, features) in features.chunks_exact(width).enumerate() {
                let mut leaves = [self.no_leaf; LANES];
                for (leaf, root) in leaves.iter_mut().zip(roots) {
                    *leaf = self.leaf(*root, features);
                }
                visit(row, group * LANES, leaves);
            }
        }
    }

    fn leaf(&self, root: usize, row: &[f64]) -> u32 {
        let mut node = &self.nodes[root];
        loop {
            let value = row[node.feature as usize];
            let left = match node.test {
                Test::Leaf => return node.next,
                Test::AtMost(threshold) => value <= threshold,
                Test::Category(split) => self.category_splits[split as usize].goes_left(value),
            };
            node = &self.nodes[node.next as usize + usize::from(!left)];
        }
    }
}

fn index(index: usize) -> u32 {
    u32::try_from(index).expect("a model's nodes and features are numbered by 32-bit integers")
}
