//! AVX-512, as server processors have it since Intel's Ice Lake and AMD's Zen 4.

#![expect(
    unsafe_code,
    reason = "only the caller knows that the processor has the instructions"
)]

use std::arch::x86_64::*;
use std::hint::black_box;
use std::{mem, ptr};

use super::LANES;
use super::masks::{GROUP, Group, Lookup, MAX_LEAVES, Mask, Masks};
use super::processor::Processor;
use super::ranks::{WINDOW, Window};
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
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt"))
        .then_some(Self(()))
    }
}

// Every block below is sound because `self` proves that the processor has the
// instructions, and each pointer is that of an array as long as the vector.
impl Processor for Avx512 {
    type Places = __m512i;
    type Left = __m512i;

    #[inline(always)]
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        // SAFETY: see above.
        unsafe { run(work) }
    }

    #[inline(always)]
    fn vote<const ROWS: usize>(
        self,
        masks: &Masks,
        features: &[f64],
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]; ROWS],
    ) {
        // SAFETY: see above.
        unsafe { vote(self, masks, features, leaf_values, votes) }
    }

    #[inline(always)]
    fn ranks(self, values: &[f64], window: &Window) -> [u8; WINDOW] {
        // SAFETY: see above.
        unsafe {
            let (zero, one) = (_mm512_setzero_si512(), _mm512_set1_epi64(1));
            let [[first], [second]] = self.count(&[values], window, [zero; 2], [one; 2]);
            let (first, second) = (_mm512_cvtepi64_epi8(first), _mm512_cvtepi64_epi8(second));
            mem::transmute(_mm_unpacklo_epi64(first, second))
        }
    }

    #[inline(always)]
    fn climb<const ROWS: usize>(
        self,
        rows: &[&[f64]; ROWS],
        lookup: &Lookup,
    ) -> [[__m512i; ROWS]; 2] {
        let [first, second] = &lookup.first;
        let first = [self.lanes(first), self.lanes(second)];
        let [weights, other_weights] = &lookup.weights;
        let weights = [self.lanes(weights), self.lanes(other_weights)];
        self.count(rows, &lookup.window, first, weights)
    }

    #[inline(always)]
    fn sum(self, places: __m512i, others: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_add_epi64(places, others) }
    }

    #[inline(always)]
    fn left(self, mask: &Mask) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_load_si512(mask.0.as_ptr().cast()) }
    }

    #[inline(always)]
    fn narrow<const ROWS: usize>(
        self,
        left: &mut [__m512i; ROWS],
        masks: &[Mask],
        places: &[__m512i; ROWS],
    ) {
        const SHIFT: u32 = size_of::<Mask>().trailing_zeros();
        assert!(!masks.is_empty(), "a lookup has masks");
        // SAFETY: see above; and no place is after the last mask.
        unsafe {
            let last = _mm512_set1_epi64(masks.len() as i64 - 1);
            let mut offsets = [[0_u64; LANES]; ROWS];
            for (offsets, places) in offsets.iter_mut().zip(places) {
                let places = _mm512_slli_epi64::<SHIFT>(_mm512_min_epu64(*places, last));
                _mm512_storeu_si512(offsets.as_mut_ptr().cast(), places);
            }
            for (left, offsets) in left.iter_mut().zip(&offsets) {
                for offset in offsets {
                    // From memory, or else the compiler would pick them from the vector.
                    let offset = ptr::read_volatile(offset) as usize;
                    let mask = masks.as_ptr().byte_add(offset);
                    *left = _mm512_and_si512(*left, _mm512_load_si512(mask.cast()));
                }
            }
        }
    }

    #[inline(always)]
    fn leaves(self, left: &__m512i, group: &Group) -> [u32; GROUP] {
        // SAFETY: two vectors are as many integers.
        unsafe { mem::transmute(self.numbers(*left, group)) }
    }

    #[inline(always)]
    fn add_leaves<const ROWS: usize>(
        self,
        left: &[__m512i; ROWS],
        group: &Group,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]; ROWS],
    ) {
        // The number of a leaf is at most that after the last of its tree.
        let trees = leaf_values.len().saturating_sub(1) / MAX_LEAVES;
        let trees = trees.min(GROUP);
        let mut places = [[[0_u64; 2]; GROUP / 4]; ROWS];
        for (places, left) in places.iter_mut().zip(left) {
            let [low, high] = self.numbers(*left, group);
            // SAFETY: see above; vectors of as many integers.
            *places = unsafe {
                let doubled = [_mm512_add_epi32(low, low), _mm512_add_epi32(high, high)];
                mem::transmute::<[__m512i; 2], [[u64; 2]; GROUP / 4]>(doubled)
            };
        }
        let mut values = leaf_values.as_flattened().as_ptr();
        // SAFETY: see above; and there are the values of so many trees and of a leaf more.
        unsafe {
            let mut sums = [_mm_setzero_pd(); ROWS];
            for (sum, votes) in sums.iter_mut().zip(&*votes) {
                *sum = _mm_loadu_pd(votes.as_ptr());
            }
            for four in 0..trees / 4 {
                for (sum, places) in sums.iter_mut().zip(&places) {
                    let [a, b] = *places.get_unchecked(four);
                    for (index, place) in [a, a >> 32, b, b >> 32].into_iter().enumerate() {
                        let tree = values.add(2 * MAX_LEAVES * index);
                        *sum = _mm_add_pd(*sum, _mm_loadu_pd(tree.add(place as u32 as usize)));
                    }
                }
                values = values.add(4 * 2 * MAX_LEAVES);
            }
            for tree in trees & !3..trees {
                for (sum, places) in sums.iter_mut().zip(&places) {
                    let [a, b] = *places.get_unchecked(trees / 4);
                    let place = [a, a >> 32, b, b >> 32][tree % 4] as u32;
                    *sum = _mm_add_pd(*sum, _mm_loadu_pd(values.add(place as usize)));
                }
                values = values.add(2 * MAX_LEAVES);
            }
            for (votes, sum) in votes.iter_mut().zip(sums) {
                _mm_storeu_pd(votes.as_mut_ptr(), sum);
            }
        }
    }

    /// The answers of a subtree are a byte, which stands for the way that they lead.
    #[inline(always)]
    fn lead<const GROUPS: usize>(
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
    /// Adds weights to places: for each lane of both ladders as often as the
    /// value is above a threshold.
    #[inline(always)]
    fn count<const ROWS: usize>(
        self,
        rows: &[&[f64]; ROWS],
        window: &Window,
        places: [__m512i; 2],
        weights: [__m512i; 2],
    ) -> [[__m512i; ROWS]; 2] {
        // SAFETY: see above; and no more values are loaded than there are.
        unsafe {
            let mut vectors = [[_mm512_setzero_pd(); 2]; ROWS];
            for ([low, high], values) in vectors.iter_mut().zip(rows) {
                let there = _bzhi_u32(0xffff, values.len().min(WINDOW) as u32);
                *low = _mm512_maskz_loadu_pd(there as u8, values.as_ptr());
                let others = values.as_ptr().wrapping_add(LANES);
                *high = _mm512_maskz_loadu_pd((there >> LANES) as u8, others);
            }
            let mut places = [[places[0]; ROWS], [places[1]; ROWS]];
            for ((places, weights), ladder) in places.iter_mut().zip(weights).zip(&window.ladders) {
                let features = self.lanes(&ladder.features);
                let mut rows = [_mm512_setzero_pd(); ROWS];
                for (values, [low, high]) in rows.iter_mut().zip(vectors) {
                    *values = _mm512_permutex2var_pd(low, features, high);
                }
                // A single row has two sums, as each addition waits for the one before.
                let chains = if ROWS == 1 { 2 } else { 1 };
                let mut sums = [*places, [_mm512_setzero_si512(); ROWS]];
                for steps in &ladder.steps {
                    for (index, step) in steps.iter().enumerate() {
                        let thresholds = _mm512_load_pd(step.0.as_ptr());
                        for (sum, values) in sums[index % chains].iter_mut().zip(rows) {
                            let above = _mm512_cmp_pd_mask::<_CMP_NLE_UQ>(values, thresholds);
                            *sum = _mm512_mask_add_epi64(*sum, above, *sum, weights);
                        }
                    }
                }
                for (row, places) in places.iter_mut().enumerate() {
                    *places = self.sum(sums[0][row], sums[1][row]);
                }
            }
            places
        }
    }

    #[inline(always)]
    fn lanes(self, lanes: &[u64; LANES]) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
    }

    /// For each tree of a group the number of its first leaf that is left.
    #[inline(always)]
    fn numbers(self, left: __m512i, group: &Group) -> [__m512i; 2] {
        // SAFETY: see above.
        unsafe {
            let mut numbers = [_mm512_setzero_si512(); 2];
            for (numbers, bytes) in numbers.iter_mut().zip(&group.bytes) {
                let bytes = _mm512_loadu_si512(bytes.as_ptr().cast());
                *numbers = _mm512_lzcnt_epi32(_mm512_permutexvar_epi8(bytes, left));
            }
            numbers
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

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512cd,bmi2,popcnt")]
fn run<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Does [`Masks::vote`]. Unlike a closure for [`run`], it gets all in registers.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512cd,bmi2,popcnt")]
fn vote<const ROWS: usize>(
    avx512: Avx512,
    masks: &Masks,
    features: &[f64],
    leaf_values: &[[f64; 2]],
    votes: &mut [[f64; 2]; ROWS],
) {
    masks.vote(avx512, features, leaf_values, votes);
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
