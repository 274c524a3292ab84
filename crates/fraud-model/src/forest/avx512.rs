//! AVX-512, as server processors have it since Intel's Ice Lake and AMD's Zen 4.

#![expect(
    unsafe_code,
    reason = "only the caller knows that the processor has the instructions"
)]

use std::arch::x86_64::*;
use std::hint::black_box;

use super::LANES;
use super::masks::GroupMasks;
use super::processor::Processor;
use super::ranks::{BLOCK, Table};
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
    #[inline(always)]
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        // SAFETY: see above.
        unsafe { run(work) }
    }

    /// Compares with all, in whatever order.
    #[inline(always)]
    fn rank<const BLOCKS: usize>(self, value: f64, thresholds: &Table<BLOCKS>) -> u8 {
        // SAFETY: see above.
        unsafe {
            let value = _mm512_set1_pd(value);
            let mut above = 0_u32;
            for (block, thresholds) in thresholds.iter().enumerate() {
                let thresholds = _mm512_loadu_pd(thresholds.as_ptr());
                let mask = _mm512_cmp_pd_mask::<_CMP_NLE_UQ>(value, thresholds);
                above |= u32::from(mask) << (block * BLOCK);
            }
            above.count_ones() as u8
        }
    }

    /// Each value goes its way down the search tree.
    #[inline(always)]
    fn ranks<const BLOCKS: usize>(self, values: &[f64; BLOCK], thresholds: &Table<BLOCKS>) -> [u8; BLOCK] {
        // SAFETY: see above.
        unsafe {
            let values = _mm512_loadu_pd(values.as_ptr());
            let mut nodes = _mm512_set1_epi64(1);
            // A permutation heeds the bits of a node's number that it needs.
            let top = _mm512_loadu_pd(thresholds[0].as_ptr());
            for _ in 0..3 {
                nodes = self.children(nodes, values, _mm512_permutexvar_pd(nodes, top));
            }
            if BLOCKS > 1 {
                let level = _mm512_loadu_pd(thresholds[1].as_ptr());
                nodes = self.children(nodes, values, _mm512_permutexvar_pd(nodes, level));
            }
            if BLOCKS > 2 {
                let left = _mm512_loadu_pd(thresholds[2].as_ptr());
                let right = _mm512_loadu_pd(thresholds[3].as_ptr());
                nodes = self.children(nodes, values, _mm512_permutex2var_pd(left, nodes, right));
            }
            let ranks = _mm512_sub_epi64(nodes, _mm512_set1_epi64((BLOCKS * BLOCK) as i64));
            _mm_cvtsi128_si64(_mm512_cvtepi64_epi8(ranks)).to_le_bytes()
        }
    }

    #[inline(always)]
    fn leaves<'m>(self, masks: impl Iterator<Item = &'m GroupMasks>, leaves: &mut GroupMasks) {
        // SAFETY: see above.
        unsafe {
            let ones = _mm512_set1_epi64(-1);
            let (mut low, mut high) = (ones, ones);
            for masks in masks {
                let [first, second] = masks.halves();
                low = _mm512_and_si512(low, _mm512_loadu_si512(first.as_ptr().cast()));
                high = _mm512_and_si512(high, _mm512_loadu_si512(second.as_ptr().cast()));
            }
            let low = _mm512_popcnt_epi32(_mm512_andnot_si512(low, _mm512_add_epi32(low, ones)));
            let high = _mm512_popcnt_epi32(_mm512_andnot_si512(high, _mm512_add_epi32(high, ones)));
            let (first, second) = leaves.0.split_at_mut(16);
            _mm512_storeu_si512(first.as_mut_ptr().cast(), low);
            _mm512_storeu_si512(second.as_mut_ptr().cast(), high);
        }
    }

    /// The answers of a subtree are a byte, which stands for the way that they lead.
    #[inline(always)]
    fn places<const GROUPS: usize>(self, ranks: &[u8; RANKS], stages: &[Vec<Subtree>], first: usize) -> [[u32; LANES]; GROUPS] {
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
    /// For each node the child where its value goes.
    #[inline(always)]
    fn children(self, nodes: __m512i, values: __m512d, thresholds: __m512d) -> __m512i {
        // SAFETY: see above.
        unsafe {
            let right = _mm512_cmp_pd_mask::<_CMP_NLE_UQ>(values, thresholds);
            let left = _mm512_add_epi64(nodes, nodes);
            _mm512_mask_or_epi64(left, right, left, _mm512_set1_epi64(1))
        }
    }

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

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vpopcntdq,bmi2,popcnt")]
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
