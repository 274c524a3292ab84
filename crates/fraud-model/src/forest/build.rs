//! Chooses an engine for saved trees and numbers their leaves for it.

use super::linked::LinkedTrees;
use super::masks::{MAX_LEAVES, Masks, TREES_AT_ONCE};
use super::processor::{self, Avx512};
use super::ranks::Ranks;
use super::subtrees::Subtrees;
use super::{Engine, Forest};
use crate::saved::{SavedNode, SavedTree};

impl Forest {
    /// A forest whose leaves hold the `outputs` values that `leaf_values`
    /// appends for each. `trees` were checked when they were read.
    pub(crate) fn new(
        trees: &[SavedTree],
        outputs: usize,
        leaf_values: impl Fn(&SavedNode, &mut Vec<f64>),
    ) -> Self {
        Self::with(processor::detect(), trees, outputs, leaf_values)
    }

    /// The same with AVX-512 or without.
    pub(super) fn with(
        avx512: Option<Avx512>,
        trees: &[SavedTree],
        outputs: usize,
        leaf_values: impl Fn(&SavedNode, &mut Vec<f64>),
    ) -> Self {
        let shapes: Vec<_> = trees.iter().map(Shape::of).collect();
        let depth = shapes.iter().map(|shape| shape.depth).max().unwrap_or(0);
        let engine = choose(avx512, trees, &shapes, depth);
        // With masks, a tree's leaves begin at a multiple of the most that it may have.
        let slots = match engine {
            Engine::Masks(_) => MAX_LEAVES,
            Engine::Subtrees(_) | Engine::Linked(_) => 1,
        };
        let mut values = Vec::new();
        for (tree, shape) in trees.iter().zip(&shapes) {
            for leaf in &shape.leaves {
                leaf_values(&tree.nodes[*leaf], &mut values);
            }
            let leaves = values.len() / outputs;
            values.resize(leaves.next_multiple_of(slots) * outputs, 0.0);
        }
        // The values of trees and of a leaf that aren't there.
        let leaves = values.len() / outputs;
        let more = leaves.next_multiple_of(TREES_AT_ONCE * slots) + 1;
        values.resize(more * outputs, 0.0);
        Self {
            engine,
            leaf_values: values,
            outputs,
            trees: trees.len(),
            nodes: trees.iter().map(|tree| tree.nodes.len()).sum(),
            depth,
        }
    }
}

fn choose(avx512: Option<Avx512>, trees: &[SavedTree], shapes: &[Shape], depth: usize) -> Engine {
    let leaves: usize = shapes.iter().map(|shape| shape.leaves.len()).sum();
    let no_leaf = u32::try_from(leaves).expect("a model's nodes are numbered by 32-bit integers");
    if let Some(ranks) = Ranks::new(trees) {
        if shapes.iter().all(|shape| shape.leaves.len() <= MAX_LEAVES)
            && let Some(masks) = Masks::new(trees, ranks.clone(), avx512)
        {
            return Engine::Masks(masks);
        }
        if let Some(subtrees) = Subtrees::new(trees, ranks, depth, no_leaf, avx512) {
            return Engine::Subtrees(subtrees);
        }
    }
    Engine::Linked(LinkedTrees::new(trees, no_leaf))
}

/// What a tree looks like.
struct Shape {
    /// The ids of its leaves, from left to right.
    leaves: Vec<usize>,
    /// The splits on the longest way from the root to a leaf.
    depth: usize,
}

impl Shape {
    fn of(tree: &SavedTree) -> Self {
        let mut shape = Self {
            leaves: Vec::new(),
            depth: 0,
        };
        // Nodes and their depths; the leftmost on top.
        let mut stack = vec![(0, 0)];
        while let Some((id, depth)) = stack.pop() {
            shape.depth = shape.depth.max(depth);
            match &tree.nodes[id].split {
                Some(split) => stack.extend([(split.right, depth + 1), (split.left, depth + 1)]),
                None => shape.leaves.push(id),
            }
        }
        shape
    }
}
