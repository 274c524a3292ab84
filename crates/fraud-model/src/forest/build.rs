//! Lays saved trees out for the engine.

use std::collections::VecDeque;

use super::categories::CategorySplit;
use super::{Forest, Node, Test};
use crate::saved::{Rule, SavedNode, SavedTree};

impl Forest {
    /// A forest whose leaves hold the `outputs` values that `leaf_values`
    /// appends for each. `trees` were checked when they were read.
    pub(crate) fn new(
        trees: &[SavedTree],
        outputs: usize,
        leaf_values: impl Fn(&SavedNode, &mut Vec<f64>),
    ) -> Self {
        let mut forest = Self {
            nodes: Vec::with_capacity(trees.iter().map(|tree| tree.nodes.len()).sum()),
            roots: Vec::with_capacity(trees.len()),
            leaf_values: Vec::new(),
            outputs,
            category_splits: Vec::new(),
            depth: 0,
        };
        for tree in trees {
            forest.add(tree, &leaf_values);
        }
        forest
    }

    fn add(&mut self, tree: &SavedTree, leaf_values: &impl Fn(&SavedNode, &mut Vec<f64>)) {
        const UNPLACED: Node = Node {
            test: Test::Leaf,
            feature: 0,
            next: 0,
        };
        let root = self.nodes.len();
        self.roots.push(root);
        self.nodes.push(UNPLACED);
        // Saved node, its place, its depth.
        let mut queue = VecDeque::from([(0, root, 0)]);
        while let Some((id, place, depth)) = queue.pop_front() {
            let saved = &tree.nodes[id];
            self.depth = self.depth.max(depth);
            self.nodes[place] = match &saved.split {
                None => {
                    let leaf = self.leaf_values.len() / self.outputs;
                    leaf_values(saved, &mut self.leaf_values);
                    Node {
                        test: Test::Leaf,
                        feature: 0,
                        next: index(leaf),
                    }
                }
                Some(split) => {
                    let left = self.nodes.len();
                    self.nodes.extend([UNPLACED; 2]);
                    queue.push_back((split.left, left, depth + 1));
                    queue.push_back((split.right, left + 1, depth + 1));
                    Node {
                        test: self.test(&split.rule),
                        feature: index(split.feature),
                        next: index(left),
                    }
                }
            };
        }
    }

    fn test(&mut self, rule: &Rule) -> Test {
        match rule {
            Rule::AtMost(threshold) => Test::AtMost(*threshold),
            Rule::Categories { left, categories } => {
                self.category_splits
                    .push(CategorySplit::new(left, *categories));
                Test::Category(index(self.category_splits.len() - 1))
            }
        }
    }
}

fn index(index: usize) -> u32 {
    u32::try_from(index).expect("a model's nodes and features are numbered by 32-bit integers")
}
