//! Masks joined, and the values of the leaves that they leave.
//!
//! Twice a row's way leads from a vector to addresses: by registers, as what
//! waits for memory waits longer.

use std::arch::asm;
use std::arch::x86_64::*;

use super::Avx512;
use crate::forest::masks::{GROUP, Group, Lookup, MAX_LEAVES, Mask, TREES_AT_ONCE};

impl Avx512 {
    /// Does [`Processor::narrow`](super::Processor::narrow).
    #[inline(always)]
    pub(super) fn join<const ROWS: usize>(
        self,
        left: &mut [__m512i; ROWS],
        rows: &[&[f64]; ROWS],
        lookup: &Lookup,
        group: &Group,
    ) {
        let [counts, other_counts] = self.count(rows, &lookup.window);
        let [first, other_first] = &lookup.first;
        let (first, other_first) = (self.lanes(first), self.lanes(other_first));
        for (row, left) in left.iter_mut().enumerate() {
            // SAFETY: see `Avx512`.
            unsafe {
                if let Some(apart) = &lookup.paired {
                    let places = _mm512_add_epi64(first, other_counts[row]);
                    let places = _mm512_madd52lo_epu64(places, counts[row], self.lanes(apart));
                    self.join_places(left, group, places);
                } else {
                    let places = _mm512_add_epi64(first, counts[row]);
                    let others = _mm512_add_epi64(other_first, other_counts[row]);
                    self.join_places(left, group, places);
                    self.join_places(left, group, others);
                }
            }
        }
    }

    #[inline(always)]
    fn join_places(self, left: &mut __m512i, group: &Group, places: __m512i) {
        const SHIFT: u32 = size_of::<Mask>().trailing_zeros();
        debug_assert_eq!(group.last_mask + 1, group.masks.len() as u64);
        // SAFETY: see `Avx512`; and no place is after the last mask, whose place the
        // group knows since its masks were made.
        unsafe {
            let places = _mm512_min_epu64(places, _mm512_set1_epi64(group.last_mask as i64));
            let offsets = _mm512_slli_epi64::<SHIFT>(places);
            let pairs = [
                _mm512_castsi512_si128(offsets),
                _mm512_extracti64x2_epi64::<1>(offsets),
                _mm512_extracti64x2_epi64::<2>(offsets),
                _mm512_extracti64x2_epi64::<3>(offsets),
            ];
            for pair in pairs {
                for offset in self.words(pair) {
                    let mask = group.masks.as_ptr().byte_add(offset as usize);
                    *left = _mm512_and_si512(*left, _mm512_load_si512(mask.cast()));
                }
            }
        }
    }

    /// For each tree of a group the number of its first leaf that is left.
    #[inline(always)]
    pub(super) fn numbers(self, left: __m512i, group: &Group) -> [__m512i; 2] {
        let mut numbers = [left; 2];
        for (numbers, bytes) in numbers.iter_mut().zip(&group.bytes) {
            // SAFETY: see `Avx512`.
            unsafe {
                let bytes = _mm512_loadu_si512(bytes.as_ptr().cast());
                *numbers = _mm512_lzcnt_epi32(_mm512_permutexvar_epi8(bytes, left));
            }
        }
        numbers
    }

    /// Does [`Processor::add_leaves`](super::Processor::add_leaves).
    #[inline(always)]
    pub(super) fn add_values<const ROWS: usize>(
        self,
        left: &[__m512i; ROWS],
        group: &Group,
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]; ROWS],
    ) {
        assert!(
            group.values.end <= leaf_values.len(),
            "every leaf has values"
        );
        debug_assert_eq!(
            group.values.len(),
            group.trees.next_multiple_of(TREES_AT_ONCE) * MAX_LEAVES + 1
        );
        // For each row and eight trees a word of the places of their leaves' values.
        let mut words = [[0; GROUP / 8]; ROWS];
        for (words, left) in words.iter_mut().zip(left) {
            let [low, high] = self.numbers(*left, group);
            let [first, second] = self.doubled_bytes(low);
            let [third, fourth] = self.doubled_bytes(high);
            *words = [first, second, third, fourth];
        }
        // SAFETY: see `Avx512`; and a leaf's number is at most that after the last of its
        // tree, and there are values of as many trees as are asked for and of a leaf more.
        unsafe {
            let values = leaf_values.as_ptr().add(group.values.start);
            let values = values.cast::<f64>();
            let mut sums = [_mm_setzero_pd(); ROWS];
            for (sum, votes) in sums.iter_mut().zip(&*votes) {
                *sum = _mm_loadu_pd(votes.as_ptr());
            }
            for four in 0..GROUP / TREES_AT_ONCE {
                if four * TREES_AT_ONCE >= group.trees {
                    break;
                }
                let values = values.add(four * TREES_AT_ONCE * MAX_LEAVES * 2);
                for (sum, words) in sums.iter_mut().zip(&mut words) {
                    let word = &mut words[four / 2];
                    for tree in 0..TREES_AT_ONCE {
                        if tree % 2 == 0 {
                            *word = opaque(*word);
                        }
                        let place = tree * MAX_LEAVES * 2 + usize::from(*word as u8);
                        *word >>= u8::BITS;
                        *sum = _mm_add_pd(*sum, _mm_loadu_pd(values.add(place)));
                    }
                }
            }
            for (votes, sum) in votes.iter_mut().zip(sums) {
                _mm_storeu_pd(votes.as_mut_ptr(), sum);
            }
        }
    }

    /// Twice each of sixteen numbers, as bytes of words.
    #[inline(always)]
    fn doubled_bytes(self, numbers: __m512i) -> [u64; 2] {
        // SAFETY: see `Avx512`.
        self.words(unsafe { _mm512_cvtepi32_epi8(_mm512_add_epi32(numbers, numbers)) })
    }

    #[inline(always)]
    fn words(self, pair: __m128i) -> [u64; 2] {
        // SAFETY: see `Avx512`.
        let [low, high] = unsafe {
            let high = _mm_unpackhi_epi64(pair, pair);
            [_mm_cvtsi128_si64(pair), _mm_cvtsi128_si64(high)]
        };
        [low as u64, high as u64]
    }
}

/// The same word; but the compiler doesn't know, and so shifts it by two bytes
/// from pair to pair rather than anew for each byte.
#[inline(always)]
fn opaque(mut word: u64) -> u64 {
    // SAFETY: nothing is done.
    unsafe {
        asm!("/* {} */", inout(reg) word, options(pure, nomem, nostack, preserves_flags));
    }
    word
}
