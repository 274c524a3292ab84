//! Makes the masks of trees.

use super::{GROUP, Group, Lookup, MASK, MAX_LEAVES, Mask, Masks, TREES_AT_ONCE};
use crate::forest::LANES;
use crate::forest::processor::Avx512;
use crate::forest::ranks::{Ranks, WINDOW, Window};
use crate::saved::SavedTree;

/// Most masks for the ranks of two ladders; more would not leave the first
/// cache much room.
const MAX_PAIRED: usize = 512;
/// Most masks, 4 MiB of them; more would not stay in a cache.
const MAX_MASKS: usize = 1 << 16;

impl Masks {
    /// Masks for trees of which each has no more than [`super::MAX_LEAVES`]
    /// leaves; `None` where they would be too many.
    pub(in crate::forest) fn new(
        trees: &[SavedTree],
        ranks: Ranks,
        avx512: Option<Avx512>,
    ) -> Option<Self> {
        let mut groups = groups(trees);
        let mut masks = 0;
        let mut lookups = Vec::new();
        for window in &ranks.windows {
            lookups.push(Lookup::new(window.clone(), &mut masks));
        }
        if masks * groups.len() > MAX_MASKS {
            return None;
        }
        for group in &mut groups {
            let columns = column_masks(trees, &ranks, group);
            for (window, columns) in ranks.windows.iter().zip(columns.chunks(WINDOW)) {
                push_masks(window, columns, &mut group.masks);
            }
            group.last_mask = group.masks.len().saturating_sub(1) as u64;
            let of_categories = &columns[ranks.windows.len() * WINDOW..];
            group.category_masks = of_categories
                .iter()
                .map(|masks| [masks[0], masks[1]])
                .collect();
        }
        let single = groups.len() == 1 && lookups.len() == 1 && ranks.category_splits.is_empty();
        Some(Self {
            single: avx512.filter(|_| single),
            lookups,
            category_splits: ranks.category_splits,
            groups,
            no_leaf: (trees.len() * MAX_LEAVES) as u32,
            avx512,
        })
    }
}

/// Trees in their order, as many in each group as its masks have room for.
fn groups(trees: &[SavedTree]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut used = 0;
    for (index, trees) in trees.chunks(TREES_AT_ONCE).enumerate() {
        let needed: usize = trees.iter().map(bytes_of_mask).sum();
        let full = |group: &Group| group.trees == GROUP || used + needed > MASK;
        if groups.last().is_none_or(full) {
            let first_tree = index * TREES_AT_ONCE;
            groups.push(Group {
                first_tree,
                trees: 0,
                values: first_tree * MAX_LEAVES..first_tree * MAX_LEAVES + 1,
                masks: Vec::new(),
                last_mask: 0,
                category_masks: Vec::new(),
                ends: [0; GROUP],
                bytes: [[0; MASK]; 2],
            });
            used = 0;
        }
        let group = groups.last_mut().expect("there is one");
        for tree in trees {
            // So that any tree's last byte is that of four.
            used = (used + bytes_of_mask(tree)).max(4);
            group.ends[group.trees] = used as u8;
            let bytes = group.bytes.as_flattened_mut().as_chunks_mut::<4>().0;
            bytes[group.trees] = std::array::from_fn(|byte| (used - 4 + byte) as u8);
            group.trees += 1;
        }
        group.values.end += TREES_AT_ONCE * MAX_LEAVES;
    }
    groups
}

/// Bytes of a mask that a tree's leaves take.
fn bytes_of_mask(tree: &SavedTree) -> usize {
    let leaves = tree.nodes.iter().filter(|node| node.split.is_none());
    leaves.count().div_ceil(8)
}

/// For each column and rank the masks of a group's trees.
fn column_masks(trees: &[SavedTree], ranks: &Ranks, group: &Group) -> Vec<Vec<Mask>> {
    let mut columns: Vec<Vec<Mask>> = Vec::new();
    for ladder in ranks.windows.iter().flat_map(|window| &window.ladders) {
        columns.resize(columns.len() + LANES, vec![Mask::ALL; ladder.highest() + 1]);
    }
    columns.resize(ranks.columns(), vec![Mask::ALL; 2]);
    for (tree, end) in trees[group.first_tree..][..group.trees]
        .iter()
        .zip(group.ends)
    {
        rule_out(&mut columns, ranks, tree, usize::from(end), 0, &mut 0);
    }
    columns
}

/// Clears what the splits under `node` rule out, and returns the leaves under
/// it; `next_leaf` counts the leaves to its left.
fn rule_out(
    columns: &mut [Vec<Mask>],
    ranks: &Ranks,
    tree: &SavedTree,
    end: usize,
    node: usize,
    next_leaf: &mut u32,
) -> u32 {
    let Some(split) = &tree.nodes[node].split else {
        *next_leaf += 1;
        return 1 << (u32::BITS - *next_leaf);
    };
    let left = rule_out(columns, ranks, tree, end, split.left, next_leaf);
    let right = rule_out(columns, ranks, tree, end, split.right, next_leaf);
    let split = ranks.split(split);
    for mask in &mut columns[split.column as usize][split.last_left as usize + 1..] {
        for (byte, left) in mask.0[end - 4..end].iter_mut().zip(left.to_le_bytes()) {
            *byte &= !left;
        }
    }
    left | right
}

impl Lookup {
    /// Of masks that come after those that there are.
    fn new(window: Window, masks: &mut usize) -> Self {
        let paired = is_paired(&window);
        let mut first = [[0; LANES]; 2];
        let mut apart = [1; LANES];
        for lane in 0..LANES {
            let ladders = window.ladders.each_ref();
            let [lowest, other_lowest] = ladders.map(|ladder| ladder.lowest[lane]);
            let [count, other_count] = ladders.map(|ladder| ladder.ranks(lane));
            let mut place = |before: usize, count: usize| {
                let first = (*masks as u64).wrapping_sub(before as u64);
                *masks += count;
                first
            };
            if paired {
                let before = lowest * other_count + other_lowest;
                first[0][lane] = place(before, count * other_count);
                apart[lane] = other_count as u64;
            } else {
                first[0][lane] = place(lowest, count);
                first[1][lane] = place(other_lowest, other_count);
            }
        }
        Self {
            window,
            first,
            paired: paired.then_some(apart),
        }
    }
}

/// Whether the masks for all ranks of two lanes are few.
fn is_paired(window: &Window) -> bool {
    let pairs = (0..LANES).map(|lane| {
        let ladders = window.ladders.iter();
        ladders.map(|ladder| ladder.ranks(lane)).product::<usize>()
    });
    pairs.sum::<usize>() <= MAX_PAIRED
}

/// Adds the masks of a window's columns in the order of [`Lookup::new`].
fn push_masks(window: &Window, columns: &[Vec<Mask>], masks: &mut Vec<Mask>) {
    for lane in 0..LANES {
        let [first, second] = [0, 1].map(|index| {
            let column = &columns[index * LANES + lane];
            &column[window.ladders[index].lowest[lane]..]
        });
        if !is_paired(window) {
            masks.extend(first);
            masks.extend(second);
            continue;
        }
        for first in first {
            for second in second {
                masks.push(first.and(second));
            }
        }
    }
}
