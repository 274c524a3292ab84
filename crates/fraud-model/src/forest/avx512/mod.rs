//! AVX-512, as server processors have it since Intel's Ice Lake and AMD's Zen 4.

#![expect(
    unsafe_code,
    reason = "the processor may lack the instructions, and pointers are what they load from"
)]

use std::arch::x86_64::*;
use std::mem;

use super::LANES;
use super::masks::{GROUP, Group, Lookup, Mask, Masks};
use super::processor::Processor;
use super::ranks::{WINDOW, Window};
use super::subtrees::{RANKS, Subtree};

mod counts;
mod masks;
mod subtrees;

/// The proof that this processor has the instructions: there is one only where
/// they were found.
///
/// So every unsafe block of its methods is sound where no more is said: they
/// have a proof, and each pointer is that of an array as long as the vector.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512(());

impl Avx512 {
    /// Looks for the instructions.
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512ifma")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("avx512vpopcntdq"))
        .then_some(Self(()))
    }

    #[inline(always)]
    fn lanes(self, lanes: &[u64; LANES]) -> __m512i {
        // SAFETY: see `Avx512`.
        unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
    }
}

impl Processor for Avx512 {
    type Left = __m512i;

    #[inline(always)]
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        // SAFETY: see `Avx512`.
        unsafe { run(work) }
    }

    #[inline(always)]
    fn vote<const ROWS: usize, const SINGLE: bool>(
        self,
        masks: &Masks,
        features: &[f64],
        leaf_values: &[[f64; 2]],
        votes: &mut [[f64; 2]; ROWS],
    ) {
        // SAFETY: see `Avx512`.
        unsafe { vote::<ROWS, SINGLE>(self, masks, features, leaf_values, votes) }
    }

    #[inline(always)]
    fn ranks(self, values: &[f64], window: &Window) -> [u8; WINDOW] {
        let [[first], [second]] = self.count(&[values], window);
        // SAFETY: see `Avx512`; and a vector is as many bytes.
        unsafe {
            let (first, second) = (_mm512_cvtepi64_epi8(first), _mm512_cvtepi64_epi8(second));
            mem::transmute(_mm_unpacklo_epi64(first, second))
        }
    }

    #[inline(always)]
    fn left(self, mask: &Mask) -> __m512i {
        // SAFETY: see `Avx512`.
        unsafe { _mm512_load_si512(mask.0.as_ptr().cast()) }
    }

    #[inline(always)]
    fn narrow<const ROWS: usize>(
        self,
        left: &mut [__m512i; ROWS],
        rows: &[&[f64]; ROWS],
        lookup: &Lookup,
        group: &Group,
    ) {
        self.join(left, rows, lookup, group);
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
        self.add_values(left, group, leaf_values, votes);
    }

    #[inline(always)]
    fn lead<const GROUPS: usize>(
        self,
        ranks: &[u8; RANKS],
        stages: &[Vec<Subtree>],
        first: usize,
    ) -> [[u32; LANES]; GROUPS] {
        self.lead_eight(ranks, stages, first)
    }
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512ifma,avx512vbmi,avx512vbmi2,avx512vpopcntdq"
)]
fn run<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Does [`Masks::vote`]. Unlike a closure for [`run`], it gets all in registers.
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512ifma,avx512vbmi,avx512vbmi2,avx512vpopcntdq"
)]
fn vote<const ROWS: usize, const SINGLE: bool>(
    avx512: Avx512,
    masks: &Masks,
    features: &[f64],
    leaf_values: &[[f64; 2]],
    votes: &mut [[f64; 2]; ROWS],
) {
    masks.vote::<_, ROWS, SINGLE>(avx512, features, leaf_values, votes);
}
