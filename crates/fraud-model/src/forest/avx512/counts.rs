//! How many thresholds values are above.
//!
//! A threshold takes two instructions: its sum with the negated value, which is
//! below 0 if and only if the value is above the threshold, and a shift that
//! takes the sign in. That is exact, as different doubles never differ by 0, and
//! as equal ones differ by +0 where the threshold isn't −0. `NO_THRESHOLD` gives
//! NaN with its own sign, as x86's instructions define it.
//!
//! A comparison would take one of the registers for masks, of which a processor
//! has too few to go far ahead into the next rows.

use std::arch::x86_64::*;
use std::ops::Range;

use super::Avx512;
use crate::forest::LANES;
use crate::forest::ranks::{STRIDE, Step, Window};

/// Strides that a single row takes without a loop: as many as the thresholds of
/// Spark's default of 32 bins.
const FEW: usize = 32 / STRIDE;
/// A bit for each of so many first lanes, if they aren't all.
const FIRST: [u8; LANES] = [0, 1, 3, 7, 15, 31, 63, 127];
/// Strides whose signs an integer has bits for.
const FLIGHT: usize = u64::BITS as usize / STRIDE;

/// The signs of rows' sums. A single row's take turns between both, as each shift
/// waits for the one before.
type Signs<const ROWS: usize> = [[__m512i; ROWS]; 2];

impl Avx512 {
    /// For each lane of both ladders how many of its thresholds the values of
    /// some rows are above: all, if a value is NaN.
    #[inline(always)]
    pub(super) fn count<const ROWS: usize>(
        self,
        rows: &[&[f64]; ROWS],
        window: &Window,
    ) -> [[__m512i; ROWS]; 2] {
        // SAFETY: see `Avx512`.
        unsafe {
            let mut vectors = [[_mm512_setzero_pd(); 2]; ROWS];
            for (vectors, values) in vectors.iter_mut().zip(rows) {
                *vectors = self.load_negated(values, &window.features);
            }
            let mut counts = [[_mm512_setzero_si512(); ROWS]; 2];
            for (counts, ladder) in counts.iter_mut().zip(&window.ladders) {
                let indexes = self.lanes(&ladder.indexes);
                let mut negated = [_mm512_setzero_pd(); ROWS];
                for (negated, [first, last]) in negated.iter_mut().zip(vectors) {
                    *negated = _mm512_permutex2var_pd(first, indexes, last);
                }
                if ROWS == 1 && ladder.steps.len() <= FEW {
                    *counts = self.count_few(&negated, &ladder.steps);
                    continue;
                }
                for steps in ladder.steps.chunks(FLIGHT) {
                    let mut signs = [[_mm512_setzero_si512(); ROWS]; 2];
                    for stride in steps {
                        self.take_signs(&negated, stride, &mut signs);
                    }
                    for (count, more) in counts.iter_mut().zip(self.ones(signs)) {
                        *count = _mm512_add_epi64(*count, more);
                    }
                }
            }
            counts
        }
    }

    /// The first of some features of a row, and the last, negated.
    #[inline(always)]
    fn load_negated(self, values: &[f64], features: &Range<usize>) -> [__m512d; 2] {
        assert!(features.end <= values.len(), "a row has all features");
        // SAFETY: see `Avx512`; and a window that doesn't end before a vector would is no
        // shorter, else it begins with the row.
        unsafe {
            let first = values.as_ptr().add(features.start);
            if let Some(there) = FIRST.get(features.end) {
                debug_assert_eq!(features.start, 0);
                return [self.negated(_mm512_maskz_loadu_pd(*there, first)); 2];
            }
            debug_assert!(features.len() >= LANES);
            let last = values.as_ptr().add(features.end - LANES);
            let (first, last) = (_mm512_loadu_pd(first), _mm512_loadu_pd(last));
            [self.negated(first), self.negated(last)]
        }
    }

    /// With infinity in the place of NaN, which so is above all thresholds.
    #[inline(always)]
    fn negated(self, values: __m512d) -> __m512d {
        // SAFETY: see `Avx512`.
        unsafe {
            let negated = _mm512_xor_pd(values, _mm512_set1_pd(-0.0));
            // Of NaN and a number the maximum is the second.
            _mm512_max_pd(negated, _mm512_set1_pd(f64::NEG_INFINITY))
        }
    }

    #[inline(always)]
    fn count_few<const ROWS: usize>(
        self,
        negated: &[__m512d; ROWS],
        steps: &[[Step; STRIDE]],
    ) -> [__m512i; ROWS] {
        // SAFETY: see `Avx512`; and there are the steps that are asked for.
        unsafe {
            let mut signs = [[_mm512_setzero_si512(); ROWS]; 2];
            for stride in 0..FEW {
                if stride == steps.len() {
                    break;
                }
                self.take_signs(negated, steps.get_unchecked(stride), &mut signs);
            }
            self.ones(signs)
        }
    }

    #[inline(always)]
    fn take_signs<const ROWS: usize>(
        self,
        negated: &[__m512d; ROWS],
        stride: &[Step; STRIDE],
        signs: &mut Signs<ROWS>,
    ) {
        let chains = if ROWS == 1 { 2 } else { 1 };
        for (index, step) in stride.iter().enumerate() {
            for (signs, negated) in signs[index % chains].iter_mut().zip(negated) {
                // SAFETY: see `Avx512`.
                unsafe {
                    let sum = _mm512_add_pd(*negated, _mm512_load_pd(step.0.as_ptr()));
                    *signs = _mm512_shldi_epi64::<1>(*signs, _mm512_castpd_si512(sum));
                }
            }
        }
    }

    #[inline(always)]
    fn ones<const ROWS: usize>(self, signs: Signs<ROWS>) -> [__m512i; ROWS] {
        let [mut ones, others] = signs;
        for (ones, others) in ones.iter_mut().zip(others) {
            // SAFETY: see `Avx512`.
            unsafe {
                *ones = _mm512_popcnt_epi64(*ones);
                if ROWS == 1 {
                    *ones = _mm512_add_epi64(*ones, _mm512_popcnt_epi64(others));
                }
            }
        }
        ones
    }
}
