//! What the layouts need of a processor beyond what the compiler finds itself.

use std::array;
use std::hint::black_box;

use super::LANES;
use super::masks::GroupMasks;
use super::ranks::{BLOCK, Table};
use super::subtrees::{HEIGHT, RANKS, Subtree};

/// Instructions to use.
pub(super) trait Processor: Copy {
    /// Does `work` with these instructions; what is to profit is inlined into it.
    fn run<R>(self, work: impl FnOnce() -> R) -> R;

    /// How many thresholds `value` is above; no less than all if it is NaN.
    fn rank<const BLOCKS: usize>(self, value: f64, thresholds: &Table<BLOCKS>) -> u8;

    /// The same for some values.
    fn ranks<const BLOCKS: usize>(self, values: &[f64; BLOCK], thresholds: &Table<BLOCKS>) -> [u8; BLOCK];

    /// Sets for each tree of a group the first leaf that no mask rules out.
    fn leaves<'m>(self, masks: impl Iterator<Item = &'m GroupMasks>, leaves: &mut GroupMasks);

    /// Leads a row through some trees from the `first` on; the places under the
    /// last stage that it comes to.
    fn places<const GROUPS: usize>(self, ranks: &[u8; RANKS], stages: &[Vec<Subtree>], first: usize) -> [[u32; LANES]; GROUPS];
}

/// Any processor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

impl Processor for Portable {
    #[inline(always)]
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        work()
    }

    #[inline(always)]
    fn rank<const BLOCKS: usize>(self, value: f64, thresholds: &Table<BLOCKS>) -> u8 {
        let mut counts = [0_u64; BLOCK];
        for block in thresholds {
            for (count, threshold) in counts.iter_mut().zip(block) {
                let at_most = value <= *threshold;
                *count += u64::from(!at_most);
            }
        }
        counts.iter().sum::<u64>() as u8
    }

    #[inline(always)]
    fn ranks<const BLOCKS: usize>(self, values: &[f64; BLOCK], thresholds: &Table<BLOCKS>) -> [u8; BLOCK] {
        let mut counts = [0_u64; BLOCK];
        for threshold in thresholds.as_flattened() {
            for (count, value) in counts.iter_mut().zip(values) {
                let at_most = *value <= *threshold;
                *count += u64::from(!at_most);
            }
        }
        counts.map(|count| count as u8)
    }

    #[inline(always)]
    fn leaves<'m>(self, masks: impl Iterator<Item = &'m GroupMasks>, leaves: &mut GroupMasks) {
        let mut left = GroupMasks::ALL;
        for masks in masks {
            for (left, mask) in left.0.iter_mut().zip(&masks.0) {
                *left &= mask;
            }
        }
        // Through memory: without an instruction for the lanes of a vector, what
        // the compiler would do to all of them at once takes far longer.
        leaves.0 = black_box(left).0.map(|left| (left | 1 << 31).trailing_zeros());
    }

    #[inline(always)]
    fn places<const GROUPS: usize>(self, ranks: &[u8; RANKS], stages: &[Vec<Subtree>], first: usize) -> [[u32; LANES]; GROUPS] {
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
