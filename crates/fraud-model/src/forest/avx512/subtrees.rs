//! The way through subtrees: those of eight trees at once.

use std::arch::x86_64::*;
use std::hint::black_box;

use super::Avx512;
use crate::forest::LANES;
use crate::forest::subtrees::{RANKS, Subtree};

impl Avx512 {
    /// Does [`Processor::lead`](super::Processor::lead): the answers of a subtree are a byte, which stands
    /// for the way that they lead.
    #[inline(always)]
    pub(super) fn lead_eight<const GROUPS: usize>(
        self,
        ranks: &[u8; RANKS],
        stages: &[Vec<Subtree>],
        first: usize,
    ) -> [[u32; LANES]; GROUPS] {
        // SAFETY: see `Avx512`.
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

    #[inline(always)]
    fn load_four(self, stage: &[Subtree], places: [u32; 4]) -> __m512i {
        let [a, b, c, d] = places;
        // SAFETY: see `Avx512`.
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
        // SAFETY: see `Avx512`.
        unsafe { _mm_loadu_si128((&raw const *subtree).cast()) }
    }
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
