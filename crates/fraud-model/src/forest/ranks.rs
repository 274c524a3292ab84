//! Where the values of a row stand among the thresholds of a forest.
//!
//! Spark grows a forest from few thresholds, at most `maxBins` − 1 a feature.
//! `x <= t[k]` holds if and only if at most k of the ascending thresholds don't
//! satisfy `x <= t`, so that a split compares two small integers: exact, and a
//! byte each. The comparisons of doubles that remain are few, and side by side:
//! a step compares eight features, each with its next threshold.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use super::LANES;
use super::categories::CategorySplit;
use super::processor::Processor;
use crate::saved::{Rule, SavedTree, Split};

/// Most columns, so that a column's number fits a byte.
pub(super) const MAX_COLUMNS: usize = 256;
/// Features that are looked at together, so many as two vectors hold.
pub(super) const WINDOW: usize = 2 * LANES;
/// Steps without a branch between them.
pub(super) const STRIDE: usize = 4;
/// Most steps, so that a rank fits a byte. Where a feature has more thresholds,
/// another window has the rest.
const MAX_STEPS: usize = u8::MAX as usize / STRIDE * STRIDE;

/// The columns of ranks that take the place of a row's features: those of the
/// windows, and then one for each way to split categories.
#[derive(Debug, Clone)]
pub(super) struct Ranks {
    pub(super) windows: Vec<Window>,
    /// The features that are asked; the rank is 1 if the split sends the value right.
    pub(super) category_splits: Vec<(usize, CategorySplit)>,
}

/// Neighbouring features and their thresholds.
#[derive(Debug, Clone)]
pub(super) struct Window {
    /// No fewer than a vector holds, unless the row has fewer up to their end.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code))]
    pub(super) features: Range<usize>,
    /// The features with the most thresholds, and the others, which so need few steps.
    pub(super) ladders: [Ladder; 2],
}

/// The thresholds of eight features.
#[derive(Debug, Clone)]
pub(super) struct Ladder {
    /// For each lane the feature.
    pub(super) features: [usize; LANES],
    /// The same, counted in two vectors: of the window's first features, and of its
    /// last.
    pub(super) indexes: [u64; LANES],
    /// For each lane its least rank: how many thresholds it has less than the
    /// lane that has the most.
    pub(super) lowest: [usize; LANES],
    /// From step to step each lane's thresholds ascend. Those that a lane hasn't
    /// are [`NO_THRESHOLD`] and come first.
    pub(super) steps: Vec<[Step; STRIDE]>,
}

/// No value is at most NaN; and the sign of its sum with any number is its own,
/// which AVX-512 counts.
const NO_THRESHOLD: f64 = f64::NAN.copysign(-1.0);

/// For each lane a threshold.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Step(pub(super) [f64; LANES]);

/// A split by ranks: a row goes left up to the rank `last_left` of a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct RankSplit {
    pub(super) column: u8,
    pub(super) last_left: u8,
}

impl Ranks {
    /// The columns that `trees` ask for; `None` if they are too many, or a
    /// threshold is NaN, which has no place among the others, or infinite, which
    /// differs by NaN from itself.
    pub(super) fn new(trees: &[SavedTree]) -> Option<Self> {
        let mut asked: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        let mut category_splits = Vec::new();
        let nodes = trees.iter().flat_map(|tree| &tree.nodes);
        for split in nodes.filter_map(|node| node.split.as_ref()) {
            match &split.rule {
                Rule::AtMost(threshold) if !threshold.is_finite() => return None,
                // −0.0 is 0.0 to a comparison, but not to a difference.
                Rule::AtMost(threshold) => {
                    let thresholds = asked.entry(split.feature).or_default();
                    thresholds.push(*threshold + 0.0);
                }
                Rule::Categories { left, categories } => {
                    let categories = CategorySplit::new(left, *categories);
                    category_splits.push((split.feature, categories));
                }
            }
        }
        category_splits.sort();
        category_splits.dedup();
        let ranks = Self {
            windows: windows(asked),
            category_splits,
        };
        (ranks.columns() <= MAX_COLUMNS).then_some(ranks)
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.windows.len() * WINDOW + self.category_splits.len()
    }

    /// The same question as that of a split of the trees.
    pub(super) fn split(&self, split: &Split) -> RankSplit {
        let (column, last_left) = match &split.rule {
            Rule::AtMost(threshold) => {
                let mut windows = self.windows.iter().enumerate();
                windows.find_map(|(index, window)| {
                    let (lane, last_left) = window.last_left(split.feature, *threshold)?;
                    Some((index * WINDOW + lane, last_left))
                })
            }
            Rule::Categories { left, categories } => {
                let categories = (split.feature, CategorySplit::new(left, *categories));
                let mut splits = self.category_splits.iter();
                let index = splits.position(|other| *other == categories);
                index.map(|index| (self.windows.len() * WINDOW + index, 0))
            }
        }
        .expect("every split's question was collected");
        RankSplit {
            column: column as u8,
            last_left: last_left as u8,
        }
    }

    /// Ranks the values of a row.
    #[inline(always)]
    pub(super) fn of_row(&self, processor: impl Processor, row: &[f64], ranks: &mut [u8]) {
        let (of_windows, of_categories) = ranks.split_at_mut(self.windows.len() * WINDOW);
        for (ranks, window) in of_windows.as_chunks_mut().0.iter_mut().zip(&self.windows) {
            *ranks = processor.ranks(row, window);
        }
        for (rank, (feature, split)) in of_categories.iter_mut().zip(&self.category_splits) {
            *rank = u8::from(!split.goes_left(row[*feature]));
        }
    }
}

/// A feature and its thresholds, ascending.
type Asked = (usize, Vec<f64>);

/// Windows for features and their thresholds.
fn windows(asked: BTreeMap<usize, Vec<f64>>) -> Vec<Window> {
    let mut windows: BTreeMap<(usize, usize), Vec<Asked>> = BTreeMap::new();
    for (feature, mut thresholds) in asked {
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        for (part, thresholds) in thresholds.chunks(MAX_STEPS).enumerate() {
            let window = windows.entry((feature / WINDOW, part)).or_default();
            window.push((feature, thresholds.to_vec()));
        }
    }
    windows.into_values().map(Window::new).collect()
}

impl Window {
    fn new(mut asked: Vec<Asked>) -> Self {
        let (first, end) = (asked[0].0, asked[asked.len() - 1].0 + 1);
        let features = first.min(end.saturating_sub(LANES))..end;
        asked.sort_by_key(|(_, thresholds)| Reverse(thresholds.len()));
        // Beside a lane of many thresholds there is one of few.
        asked.resize(WINDOW, (first, Vec::new()));
        let (most, others) = asked.split_at_mut(LANES);
        others.reverse();
        Self {
            ladders: [Ladder::new(&features, most), Ladder::new(&features, others)],
            features,
        }
    }

    /// The lane that has the threshold, and the last rank that it sends left.
    fn last_left(&self, feature: usize, threshold: f64) -> Option<(usize, usize)> {
        let mut ladders = self.ladders.iter().enumerate();
        ladders.find_map(|(index, ladder)| {
            (0..LANES).find_map(|lane| {
                let mut steps = ladder.steps.as_flattened().iter();
                let last_left = steps.position(|step| step.0[lane] == threshold)?;
                let found = ladder.features[lane] == feature;
                found.then_some((index * LANES + lane, last_left))
            })
        })
    }
}

impl Ladder {
    /// For lanes with features of a window.
    fn new(window: &Range<usize>, lanes: &[Asked]) -> Self {
        let counts = lanes.iter().map(|(_, thresholds)| thresholds.len());
        let strides = counts.max().unwrap_or(0).div_ceil(STRIDE);
        let mut ladder = Self {
            features: [0; LANES],
            indexes: [0; LANES],
            lowest: [strides * STRIDE; LANES],
            steps: vec![[Step([NO_THRESHOLD; LANES]); STRIDE]; strides],
        };
        for (lane, (feature, thresholds)) in lanes.iter().enumerate() {
            let index = feature - window.start;
            ladder.features[lane] = *feature;
            ladder.indexes[lane] = match index < LANES {
                true => index,
                false => index + WINDOW - window.len(),
            } as u64;
            ladder.lowest[lane] -= thresholds.len();
            let steps = ladder.steps.as_flattened_mut().iter_mut().rev();
            for (step, threshold) in steps.zip(thresholds.iter().rev()) {
                step.0[lane] = *threshold;
            }
        }
        ladder
    }

    /// The highest rank of any lane.
    pub(super) fn highest(&self) -> usize {
        self.steps.len() * STRIDE
    }

    /// How many ranks a lane has.
    pub(super) fn ranks(&self, lane: usize) -> usize {
        self.highest() - self.lowest[lane] + 1
    }
}
