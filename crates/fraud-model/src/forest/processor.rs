//! What the layouts need of a processor beyond what the compiler finds itself.

use std::array;
use std::hint::black_box;

use super::LANES;
use super::masks::{GROUP, Group, Lookup, MAX_LEAVES, Mask, Masks};
use super::ranks::{Ladder, WINDOW, Window};
use super::subtrees::{HEIGHT, RANKS, Subtree};

#[cfg(target_arch = "x86_64")]
pub(super) use super::avx512::Avx512;
/// There is none: [`detect`] never finds it.
#[cfg(not(target_arch = "x86_64"))]
pub(super) type Avx512 = Portable;

/// Looks for AVX-512 in this processor.
pub(super) fn detect() -> Option<Avx512> {
    #[cfg(target_arch = "x86_64")]
    return Avx512::detect();
    #[cfg(not(target_arch = "x86_64"))]
    return None;
}

/// Instructions to use.
pub(super) trait Processor: Copy {
    /// The leaves of a group of trees that are left, a bit each.
    type Left: Copy;

    /// Does `work` with these instructions; what is to profit is inlined into it.
    fn run<R>(self, work: impl FnOnce() -> R) -> R;

    /// Sets the votes of rows by masks, as [`Masks::vote`] does.
    #[inline(never)]
    fn vote<const ROWS: usize, const SINGLE: bool>(
        self,
        masks: &Masks,
        features: &[f64],
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]; ROWS],
    ) {
        masks.vote::<_, ROWS, SINGLE>(self, features, leaf_values, votes);
    }

    /// For each lane of both ladders how many of its thresholds the row's value is
    /// above: all, if it is NaN.
    fn ranks(self, values: &[f64], window: &Window) -> [u8; WINDOW];

    /// What a mask leaves.
    fn left(self, mask: &Mask) -> Self::Left;

    /// Leaves what the masks for the ranks of each row's values leave.
    fn narrow<const ROWS: usize>(
        self,
        left: &mut [Self::Left; ROWS],
        rows: &[&[f64]; ROWS],
        lookup: &Lookup,
        group: &Group,
    );

    /// For each tree of a group the number of its first leaf that is left.
    fn leaves(self, left: &Self::Left, group: &Group) -> [u32; GROUP];

    /// Adds to the votes of each row the values of its leaves, in the order of
    /// the trees. Each tree has [`MAX_LEAVES`] values.
    #[inline(always)]
    fn add_leaves<const ROWS: usize>(
        self,
        left: &[Self::Left; ROWS],
        group: &Group,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]; ROWS],
    ) {
        let values = &leaf_values[group.values.clone()];
        let values = values.as_chunks::<MAX_LEAVES>().0;
        for (votes, left) in votes.iter_mut().zip(left) {
            let mut sums = *votes;
            for (leaf, values) in self.leaves(left, group).iter().zip(values) {
                let [first, second] = values[*leaf as usize % MAX_LEAVES];
                sums[0] += first;
                sums[1] += second;
            }
            *votes = sums;
        }
    }

    /// Leads a row through some trees from the `first` on; the places under the
    /// last stage that it comes to.
    fn lead<const GROUPS: usize>(
        self,
        ranks: &[u8; RANKS],
        stages: &[Vec<Subtree>],
        first: usize,
    ) -> [[u32; LANES]; GROUPS];
}

/// Any processor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

impl Processor for Portable {
    type Left = Mask;

    #[inline(always)]
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        work()
    }

    #[inline(always)]
    fn ranks(self, values: &[f64], window: &Window) -> [u8; WINDOW] {
        let ladders = window.ladders.each_ref();
        let ranks = ladders.map(|ladder| rank(values, ladder).map(|rank| rank as u8));
        array::from_fn(|column| ranks.as_flattened()[column])
    }

    #[inline(always)]
    fn left(self, mask: &Mask) -> Mask {
        *mask
    }

    #[inline(always)]
    fn narrow<const ROWS: usize>(
        self,
        left: &mut [Mask; ROWS],
        rows: &[&[f64]; ROWS],
        lookup: &Lookup,
        group: &Group,
    ) {
        let [ladder, other_ladder] = &lookup.window.ladders;
        let (ranks, other_ranks) = (rank_rows(rows, ladder), rank_rows(rows, other_ladder));
        for (row, left) in left.iter_mut().enumerate() {
            let [mut places, mut others] = lookup.first;
            for lane in 0..LANES {
                let (rank, other_rank) = (ranks[lane][row], other_ranks[lane][row]);
                if let Some(apart) = &lookup.paired {
                    places[lane] = places[lane].wrapping_add(apart[lane] * rank + other_rank);
                } else {
                    places[lane] = places[lane].wrapping_add(rank);
                    others[lane] = others[lane].wrapping_add(other_rank);
                }
            }
            let others = lookup.paired.is_none().then_some(others);
            let mut narrowed = *left;
            for place in places.iter().chain(others.iter().flatten()) {
                narrowed = narrowed.and(&group.masks[*place as usize]);
            }
            *left = narrowed;
        }
    }

    #[inline(always)]
    fn leaves(self, left: &Mask, group: &Group) -> [u32; GROUP] {
        // Through memory: the compiler would pick the bytes from vectors.
        let left = black_box(left);
        let mut leaves = [0; GROUP];
        for (leaf, end) in leaves.iter_mut().zip(&group.ends[..group.trees]) {
            let end = usize::from(*end);
            let bytes = left.0[..end]
                .last_chunk()
                .expect("no tree ends before the fourth byte");
            *leaf = (u32::from_le_bytes(*bytes) | 1).leading_zeros();
        }
        leaves
    }

    #[inline(always)]
    fn lead<const GROUPS: usize>(
        self,
        ranks: &[u8; RANKS],
        stages: &[Vec<Subtree>],
        first: usize,
    ) -> [[u32; LANES]; GROUPS] {
        let mut places = [[0; LANES]; GROUPS];
        for (place, tree) in places.as_flattened_mut().iter_mut().zip(first..) {
            *place = tree as u32;
        }
        for stage in stages {
            for places in &mut places {
                let mut ways = [1_u32; LANES];
                for _ in 0..HEIGHT {
                    for (way, place) in ways.iter_mut().zip(*places) {
                        let subtree = &stage[place as usize];
                        let node = (*way as usize - 1) % 8;
                        let right = ranks[subtree.columns[node] as usize] > subtree.last_left[node];
                        *way = 2 * *way + u32::from(right);
                    }
                }
                for (place, way) in places.iter_mut().zip(ways) {
                    *place = (*place << HEIGHT) + way - (1 << HEIGHT);
                }
            }
        }
        places
    }
}

/// The ranks of a row's values.
#[inline(always)]
fn rank(values: &[f64], ladder: &Ladder) -> [u64; LANES] {
    let mut of_lanes = [0.0; LANES];
    for (value, feature) in of_lanes.iter_mut().zip(ladder.features) {
        *value = values[feature];
    }
    let mut ranks = [0; LANES];
    for step in ladder.steps.as_flattened() {
        for ((rank, value), threshold) in ranks.iter_mut().zip(of_lanes).zip(step.0) {
            let at_most = value <= threshold;
            *rank += u64::from(!at_most);
        }
    }
    ranks
}

/// For each lane the ranks of some rows' values. A threshold is compared with
/// several rows' values, or a row's values with a threshold each.
#[inline(always)]
fn rank_rows<const ROWS: usize>(rows: &[&[f64]; ROWS], ladder: &Ladder) -> [[u64; ROWS]; LANES] {
    if ROWS == 1 {
        let mut ranks = [[0; ROWS]; LANES];
        ranks
            .as_flattened_mut()
            .copy_from_slice(&rank(rows[0], ladder));
        return ranks;
    }
    array::from_fn(|lane| {
        let values = rows.map(|values| values[ladder.features[lane]]);
        let mut ranks = [ladder.lowest[lane] as u64; ROWS];
        for step in &ladder.steps.as_flattened()[ladder.lowest[lane]..] {
            for (rank, value) in ranks.iter_mut().zip(values) {
                let at_most = value <= step.0[lane];
                *rank += u64::from(!at_most);
            }
        }
        ranks
    })
}
