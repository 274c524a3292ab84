//! Where the values of a row stand among the thresholds of a forest.
//!
//! Spark grows a forest from few thresholds, at most `maxBins` − 1 a feature.
//! `x <= t[k]` holds if and only if at most k of the ascending thresholds don't
//! satisfy `x <= t`, so that a split compares two small integers: exact, and a
//! byte each. The comparisons of doubles that remain are few, and side by side.

use std::collections::BTreeMap;

use super::categories::CategorySplit;
use super::processor::Processor;
use crate::saved::{Rule, SavedTree, Split};

/// Most columns, so that a column's number fits a byte.
pub(super) const MAX_COLUMNS: usize = 256;
/// Rows that are ranked together, and thresholds that are compared together.
pub(super) const BLOCK: usize = 8;
/// Most thresholds of a column: those of four blocks. A feature with more has
/// more columns.
const MAX_THRESHOLDS: usize = 4 * BLOCK;

/// The columns of ranks that take the place of a row's features.
#[derive(Debug)]
pub(super) struct Ranks {
    /// What the columns answer, in their order.
    questions: Vec<Question>,
    pub(super) up_to_8: Columns<1>,
    pub(super) up_to_16: Columns<2>,
    pub(super) up_to_32: Columns<4>,
    pub(super) category_splits: Vec<(usize, CategorySplit)>,
}

#[derive(Debug)]
struct Question {
    feature: usize,
    kind: Kind,
}

/// What a rank is.
#[derive(Debug)]
enum Kind {
    /// How many of these the value is above.
    Thresholds(Vec<f64>),
    /// 1 if the split sends the value right.
    Categories(CategorySplit),
}

/// Columns with so many blocks of thresholds.
#[derive(Debug, Default)]
pub(super) struct Columns<const BLOCKS: usize> {
    pub(super) features: Vec<usize>,
    pub(super) tables: Vec<Table<BLOCKS>>,
    /// How many thresholds of each table aren't filled up.
    pub(super) counts: Vec<usize>,
}

/// Thresholds, filled up with infinity, which only NaN isn't at most.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Table<const BLOCKS: usize>(pub(super) [[f64; BLOCK]; BLOCKS]);

/// A split by ranks: a row goes left up to the rank `last_left` of a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct RankSplit {
    pub(super) column: u8,
    pub(super) last_left: u8,
}

impl Ranks {
    /// The columns that `trees` ask for; `None` if they are too many, or a
    /// threshold is NaN, which has no place among the others.
    pub(super) fn new(trees: &[SavedTree]) -> Option<Self> {
        let mut asked: BTreeMap<usize, (Vec<f64>, Vec<CategorySplit>)> = BTreeMap::new();
        let nodes = trees.iter().flat_map(|tree| &tree.nodes);
        for split in nodes.filter_map(|node| node.split.as_ref()) {
            let (thresholds, category_splits) = asked.entry(split.feature).or_default();
            match &split.rule {
                Rule::AtMost(threshold) if threshold.is_nan() => return None,
                // −0.0 is 0.0 to a comparison.
                Rule::AtMost(threshold) => thresholds.push(*threshold + 0.0),
                Rule::Categories { left, categories } => {
                    category_splits.push(CategorySplit::new(left, *categories));
                }
            }
        }
        let mut questions = Vec::new();
        for (feature, (mut thresholds, mut category_splits)) in asked {
            thresholds.sort_by(f64::total_cmp);
            thresholds.dedup();
            category_splits.sort();
            category_splits.dedup();
            let thresholds = thresholds.chunks(MAX_THRESHOLDS);
            let kinds = thresholds.map(|thresholds| Kind::Thresholds(thresholds.to_vec()));
            let kinds = kinds.chain(category_splits.into_iter().map(Kind::Categories));
            questions.extend(kinds.map(|kind| Question { feature, kind }));
        }
        if questions.len() > MAX_COLUMNS {
            return None;
        }
        questions.sort_by_key(|question| question.kind.blocks());
        let mut ranks = Self {
            up_to_8: Columns::new(&questions),
            up_to_16: Columns::new(&questions),
            up_to_32: Columns::new(&questions),
            category_splits: Vec::new(),
            questions,
        };
        for question in &ranks.questions {
            if let Kind::Categories(split) = &question.kind {
                ranks
                    .category_splits
                    .push((question.feature, split.clone()));
            }
        }
        Some(ranks)
    }

    /// For each column a bound of its ranks.
    pub(super) fn bounds(&self) -> impl ExactSizeIterator<Item = usize> {
        self.questions.iter().map(|question| match &question.kind {
            Kind::Thresholds(_) => question.kind.blocks() * BLOCK + 1,
            Kind::Categories(_) => 2,
        })
    }

    /// The same question as that of a split of the trees.
    pub(super) fn split(&self, split: &Split) -> RankSplit {
        let mut columns = self.questions.iter().enumerate();
        let (column, last_left) = columns
            .find_map(|(column, question)| {
                let mine = question.feature == split.feature;
                Some((column, mine.then(|| question.kind.last_left(&split.rule))??))
            })
            .expect("every split's question was collected");
        RankSplit {
            column: column as u8,
            last_left,
        }
    }

    /// Ranks the values of a row.
    #[inline(always)]
    pub(super) fn of_row(&self, processor: impl Processor, row: &[f64], ranks: &mut [u8]) {
        let ranks = self.up_to_8.of_row(processor, row, ranks);
        let ranks = self.up_to_16.of_row(processor, row, ranks);
        let ranks = self.up_to_32.of_row(processor, row, ranks);
        for (rank, (feature, split)) in ranks.iter_mut().zip(&self.category_splits) {
            *rank = u8::from(!split.goes_left(row[*feature]));
        }
    }
}

impl<const BLOCKS: usize> Columns<BLOCKS> {
    fn new(questions: &[Question]) -> Self {
        let mut columns = Self {
            features: Vec::new(),
            tables: Vec::new(),
            counts: Vec::new(),
        };
        for question in questions {
            if let Kind::Thresholds(thresholds) = &question.kind
                && question.kind.blocks() == BLOCKS
            {
                let mut table = Table([[f64::INFINITY; BLOCK]; BLOCKS]);
                table.0.as_flattened_mut()[..thresholds.len()].copy_from_slice(thresholds);
                columns.features.push(question.feature);
                columns.tables.push(table);
                columns.counts.push(thresholds.len());
            }
        }
        columns
    }

    /// Returns the ranks of what comes after these columns.
    #[inline(always)]
    fn of_row<'r>(
        &self,
        processor: impl Processor,
        row: &[f64],
        ranks: &'r mut [u8],
    ) -> &'r mut [u8] {
        let (mine, rest) = ranks.split_at_mut(self.tables.len());
        for ((rank, feature), table) in mine.iter_mut().zip(&self.features).zip(&self.tables) {
            *rank = processor.rank(row[*feature], table);
        }
        rest
    }
}

impl Kind {
    /// Blocks that the thresholds fill, 1, 2 or 4; more if there are none.
    fn blocks(&self) -> usize {
        match self {
            Self::Thresholds(thresholds) => thresholds.len().div_ceil(BLOCK).next_power_of_two(),
            Self::Categories(_) => usize::MAX,
        }
    }

    /// The last rank that goes left; `None` if this doesn't answer the rule.
    fn last_left(&self, rule: &Rule) -> Option<u8> {
        match (self, rule) {
            (Self::Thresholds(thresholds), Rule::AtMost(threshold)) => {
                let number = thresholds.iter().position(|other| other == threshold)?;
                Some(number as u8)
            }
            (Self::Categories(split), Rule::Categories { left, categories }) => {
                (*split == CategorySplit::new(left, *categories)).then_some(0)
            }
            _ => None,
        }
    }
}
