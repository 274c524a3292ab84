//! What the layouts need of a processor beyond what the compiler finds itself.

use std::hint::black_box;

use super::LANES;
use super::masks::{GROUP, GroupMasks, MAX_LEAVES};
use super::ranks::{BLOCK, Table};
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

    /// How many thresholds `value` is above; no less than all if it is NaN.
    fn rank<const BLOCKS: usize>(self, value: f64, thresholds: &Table<BLOCKS>) -> u8;

    /// The same for some rows' values, where no more than `count` thresholds
    /// aren't filled up.
    #[inline(always)]
    fn ranks<const ROWS: usize, const BLOCKS: usize>(
        self,
        values: [f64; ROWS],
        thresholds: &Table<BLOCKS>,
        count: usize,
    ) -> [u8; ROWS] {
        if ROWS == 1 {
            return [self.rank(values[0], thresholds); ROWS];
        }
        let mut counts = [0_u64; ROWS];
        for threshold in &thresholds.0.as_flattened()[..count] {
            for (count, value) in counts.iter_mut().zip(values) {
                let at_most = value <= *threshold;
                *count += u64::from(!at_most);
            }
        }
        let mut ranks = [0; ROWS];
        for (rank, count) in ranks.iter_mut().zip(counts) {
            *rank = count as u8;
        }
        ranks
    }

    /// All leaves of a group of trees.
    fn all_leaves(self) -> Self::Left;

    /// Leaves what `masks` leave.
    fn narrow(self, left: &mut Self::Left, masks: &GroupMasks);

    /// For each tree of a group the place of its first leaf that is left; each
    /// tree has [`MAX_LEAVES`] places.
    fn leaf_places(self, left: Self::Left) -> GroupMasks;

    /// Adds to the votes of each row the values of the leaves of the `trees`
    /// first trees, in their order. The sums of the rows grow side by side, as
    /// each addition waits for the one before.
    #[inline(always)]
    fn add_leaves<const ROWS: usize>(
        self,
        left: &[Self::Left; ROWS],
        leaf_values: &[[[f64; 2]; MAX_LEAVES]],
        votes: &mut [[f64; 2]; ROWS],
    ) {
        let mut places = [GroupMasks::ALL; ROWS];
        for (places, left) in places.iter_mut().zip(left) {
            *places = self.leaf_places(*left);
        }
        // In memory, from where they are used one by one.
        let places = black_box(&places);
        let mut sums = *votes;
        for (tree, leaf_values) in leaf_values.iter().enumerate().take(GROUP) {
            for (sums, places) in sums.iter_mut().zip(places) {
                let [first, second] = leaf_values[places.0[tree] as usize % MAX_LEAVES];
                sums[0] += first;
                sums[1] += second;
            }
        }
        *votes = sums;
    }

    /// Leads a row through some trees from the `first` on; the places under the
    /// last stage that it comes to.
    fn places<const GROUPS: usize>(
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
    type Left = GroupMasks;

    #[inline(always)]
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        work()
    }

    #[inline(always)]
    fn rank<const BLOCKS: usize>(self, value: f64, thresholds: &Table<BLOCKS>) -> u8 {
        let mut counts = [0_u64; BLOCK];
        for block in &thresholds.0 {
            for (count, threshold) in counts.iter_mut().zip(block) {
                let at_most = value <= *threshold;
                *count += u64::from(!at_most);
            }
        }
        counts.iter().sum::<u64>() as u8
    }

    #[inline(always)]
    fn all_leaves(self) -> GroupMasks {
        GroupMasks::ALL
    }

    #[inline(always)]
    fn narrow(self, left: &mut GroupMasks, masks: &GroupMasks) {
        for (left, mask) in left.0.iter_mut().zip(&masks.0) {
            *left &= mask;
        }
    }

    #[inline(always)]
    fn leaf_places(self, left: GroupMasks) -> GroupMasks {
        // Through memory: without an instruction for the lanes of a vector, what
        // the compiler would do to all of them at once takes far longer.
        let mut places = black_box(left);
        for (tree, place) in places.0.iter_mut().enumerate() {
            *place = (*place | 1 << 31).trailing_zeros() + (tree * MAX_LEAVES) as u32;
        }
        places
    }

    #[inline(always)]
    fn places<const GROUPS: usize>(
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
