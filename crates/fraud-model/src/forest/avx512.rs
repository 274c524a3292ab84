//! AVX-512, as server processors have it since Intel's Ice Lake and AMD's Zen 4.

#![expect(
    unsafe_code,
    reason = "only the caller knows that the processor has the instructions"
)]

use std::arch::x86_64::*;
use std::hint::black_box;

use super::LANES;
use super::masks::{GROUP, GroupMasks, MAX_LEAVES};
use super::processor::Processor;
use super::ranks::Table;
use super::subtrees::{RANKS, Subtree};

/// The proof that this processor has the instructions: there is one only where
/// they were found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512(());

impl Avx512 {
    /// Looks for the instructions.
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vpopcntdq")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt"))
        .then_some(Self(()))
    }
}

// Every block below is sound because `self` proves that the processor has the
// instructions, and each pointer is that of an array as long as the vector.
impl Processor for Avx512 {
    type Left = [__m512i; 2];

    #[inline(always)]
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        // SAFETY: see above.
        unsafe { run(work) }
    }

    #[inline(always)]
    fn rank<const BLOCKS: usize>(self, value: f64, thresholds: &Table<BLOCKS>) -> u8 {
        // SAFETY: see above.
        unsafe {
            let value = _mm512_set1_pd(value);
            let mut above = [0; BLOCKS];
            for (above, block) in above.iter_mut().zip(&thresholds.0) {
                let block = _mm512_loadu_pd(block.as_ptr());
                *above = _mm512_cmp_pd_mask::<_CMP_NLE_UQ>(value, block);
            }
            match above[..] {
                [a] => a.count_ones() as u8,
                [a, b] => _mm512_kunpackb(b.into(), a.into()).count_ones() as u8,
                [a, b, c, d] => {
                    let ab = _mm512_kunpackb(b.into(), a.into());
                    let cd = _mm512_kunpackb(d.into(), c.into());
                    _mm512_kunpackw(cd.into(), ab.into()).count_ones() as u8
                }
                _ => unreachable!("there are 1, 2 or 4 blocks"),
            }
        }
    }

    #[inline(always)]
    fn ranks<const ROWS: usize, const BLOCKS: usize>(
        self,
        values: [f64; ROWS],
        thresholds: &Table<BLOCKS>,
        count: usize,
    ) -> [u8; ROWS] {
        let mut ranks = [0; ROWS];
        let Some(eight) = values.first_chunk::<8>() else {
            for (rank, value) in ranks.iter_mut().zip(values) {
                *rank = self.rank(value, thresholds);
            }
            return ranks;
        };
        // SAFETY: see above; and `ROWS` is 8 or more.
        unsafe {
            let values = _mm512_loadu_pd(eight.as_ptr());
            // Were it known to be 1, the compiler would make two instructions of an addition.
            let one = _mm512_set1_epi64(count.min(1) as i64);
            let mut counts = _mm512_setzero_si512();
            for threshold in &thresholds.0.as_flattened()[..count] {
                let above = _mm512_cmp_pd_mask::<_CMP_NLE_UQ>(values, _mm512_set1_pd(*threshold));
                counts = _mm512_mask_add_epi64(counts, above, counts, one);
            }
            _mm_storel_epi64(ranks.as_mut_ptr().cast(), _mm512_cvtepi64_epi8(counts));
        }
        // In memory, from where they are used one by one.
        *black_box(&ranks)
    }

    #[inline(always)]
    fn all_leaves(self) -> [__m512i; 2] {
        // SAFETY: see above.
        unsafe { [_mm512_set1_epi64(-1); 2] }
    }

    #[inline(always)]
    fn narrow(self, left: &mut [__m512i; 2], masks: &GroupMasks) {
        for (left, masks) in left.iter_mut().zip(masks.0.as_chunks::<16>().0) {
            // SAFETY: see above.
            *left = unsafe { _mm512_and_si512(*left, _mm512_loadu_si512(masks.as_ptr().cast())) };
        }
    }

    #[inline(always)]
    fn leaf_places(self, left: [__m512i; 2]) -> GroupMasks {
        let mut places = GroupMasks::FIRST_LEAVES;
        for (places, left) in places.0.as_chunks_mut::<16>().0.iter_mut().zip(left) {
            // SAFETY: see above.
            unsafe {
                let first = _mm512_loadu_si512(places.as_ptr().cast());
                let below =
                    _mm512_andnot_si512(left, _mm512_add_epi32(left, _mm512_set1_epi32(-1)));
                // Some leaf is always left; the bits only say so.
                let number = _mm512_and_si512(
                    _mm512_popcnt_epi32(below),
                    _mm512_set1_epi32(MAX_LEAVES as i32 - 1),
                );
                let place = _mm512_add_epi32(first, number);
                _mm512_storeu_si512(places.as_mut_ptr().cast(), place);
            }
        }
        places
    }

    #[inline(always)]
    fn add_leaves<const ROWS: usize>(
        self,
        left: &[[__m512i; 2]; ROWS],
        leaf_values: &[[[f64; 2]; MAX_LEAVES]],
        votes: &mut [[f64; 2]; ROWS],
    ) {
        let mut places = [GroupMasks::ALL; ROWS];
        for (places, left) in places.iter_mut().zip(left) {
            *places = self.leaf_places(*left);
            for places in places.0.as_chunks_mut::<16>().0 {
                // SAFETY: see above.
                unsafe {
                    let doubled = _mm512_loadu_si512(places.as_ptr().cast());
                    let doubled = _mm512_slli_epi32::<1>(doubled);
                    _mm512_storeu_si512(places.as_mut_ptr().cast(), doubled);
                }
            }
        }
        let places = black_box(&places);
        let trees = leaf_values.len().min(GROUP);
        let leaf_values = leaf_values.as_flattened().as_flattened().as_ptr();
        // SAFETY: see above; and a tree's places are among the values of its leaves.
        unsafe {
            let mut sums = [_mm_setzero_pd(); ROWS];
            for (sums, votes) in sums.iter_mut().zip(&*votes) {
                *sums = _mm_loadu_pd(votes.as_ptr());
            }
            for first in (0..trees & !3).step_by(4) {
                for tree in first..first + 4 {
                    for (sums, places) in sums.iter_mut().zip(places) {
                        let place = *places.0.get_unchecked(tree) as usize;
                        *sums = _mm_add_pd(*sums, _mm_loadu_pd(leaf_values.add(place)));
                    }
                }
            }
            for tree in trees & !3..trees {
                for (sums, places) in sums.iter_mut().zip(places) {
                    let place = *places.0.get_unchecked(tree) as usize;
                    *sums = _mm_add_pd(*sums, _mm_loadu_pd(leaf_values.add(place)));
                }
            }
            for (sums, votes) in sums.into_iter().zip(votes) {
                _mm_storeu_pd(votes.as_mut_ptr(), sums);
            }
        }
    }

    /// The answers of a subtree are a byte, which stands for the way that they lead.
    #[inline(always)]
    fn places<const GROUPS: usize>(
        self,
        ranks: &[u8; RANKS],
        stages: &[Vec<Subtree>],
        first: usize,
    ) -> [[u32; LANES]; GROUPS] {
        // SAFETY: see above.
        unsafe {
            let row = _mm512_loadu_si512(ranks.as_ptr().cast());
            let low_ways = _mm512_loadu_si512(WAYS.as_ptr().cast());
            let high_ways = _mm512_loadu_si512(WAYS[64..].as_ptr().cast());
            let mut places = [_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); GROUPS];
            for (group, places) in places.iter_mut().enumerate() {
                let first = _mm256_set1_epi32((first + group * LANES) as i32);
                *places = _mm256_add_epi32(*places, first);
            }
            let mut here = [[0; LANES]; GROUPS];
            for stage in stages {
                for (here, places) in here.iter_mut().zip(places) {
                    _mm256_storeu_si256(here.as_mut_ptr().cast(), places);
                }
                // In memory, from where they are used one by one.
                for (places, here) in places.iter_mut().zip(black_box(&here)) {
                    let [a, b, c, d, e, f, g, h] = *here;
                    let even = self.load_four(stage, [a, c, e, g]);
                    let odd = self.load_four(stage, [b, d, f, h]);
                    // The ranks in the columns of eight subtrees, and what they are compared with.
                    let ranks = _mm512_permutexvar_epi8(_mm512_unpacklo_epi64(even, odd), row);
                    let last_left = _mm512_unpackhi_epi64(even, odd);
                    let answers = _mm512_cmpgt_epu8_mask(ranks, last_left);
                    let answers = _mm512_castsi128_si512(_mm_cvtsi64_si128(answers as i64));
                    let ways = _mm512_permutex2var_epi8(low_ways, answers, high_ways);
                    let ways = _mm256_cvtepu8_epi32(_mm512_castsi512_si128(ways));
                    *places = _mm256_or_si256(_mm256_slli_epi32::<3>(*places), ways);
                }
            }
            for (here, places) in here.iter_mut().zip(places) {
                _mm256_storeu_si256(here.as_mut_ptr().cast(), places);
            }
            *black_box(&here)
        }
    }
}

impl Avx512 {
    #[inline(always)]
    fn load_four(self, stage: &[Subtree], places: [u32; 4]) -> __m512i {
        let [a, b, c, d] = places;
        // SAFETY: see above.
        unsafe {
            let low = _mm256_castsi128_si256(self.load(&stage[a as usize]));
            let low = _mm256_inserti128_si256::<1>(low, self.load(&stage[b as usize]));
            let high = _mm256_castsi128_si256(self.load(&stage[c as usize]));
            let high = _mm256_inserti128_si256::<1>(high, self.load(&stage[d as usize]));
            _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
        }
    }

    #[inline(always)]
    fn load(self, subtree: &Subtree) -> __m128i {
        // SAFETY: see above.
        unsafe { _mm_loadu_si128((&raw const *subtree).cast()) }
    }
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vpopcntdq,bmi2,popcnt"
)]
fn run<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// For each byte of answers of a subtree's nodes where they lead.
const WAYS: [u8; 128] = {
    let mut ways = [0; 128];
    let mut answers = 0;
    while answers < 128 {
        let mut place = 1;
        while place < 8 {
            place = 2 * place + (answers >> (place - 1) & 1);
        }
        ways[answers] = place as u8 - 8;
        answers += 1;
    }
    ways
};
