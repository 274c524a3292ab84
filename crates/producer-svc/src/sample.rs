//! Which rows of the data set are sent.

use std::ops::Range;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::index;

/// All rows, or some drawn at random, in the order of the source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sample {
    /// Every row.
    All,
    /// Numbers of rows, ascending.
    Rows(Vec<u64>),
}

impl Sample {
    /// `size` rows of `total`, each set of them as likely as any other; all if
    /// `size` is 0 or there are no more.
    pub(crate) fn draw(size: u64, total: u64, seed: u64) -> Self {
        if size == 0 || size >= total {
            return Self::All;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let [size, total] =
            [size, total].map(|count| usize::try_from(count).expect("64-bit addresses"));
        let mut rows: Vec<_> = index::sample(&mut rng, total, size)
            .into_iter()
            .map(|row| row as u64)
            .collect();
        rows.sort_unstable();
        Self::Rows(rows)
    }

    /// How many rows of `total` these are.
    pub(crate) fn size(&self, total: u64) -> u64 {
        match self {
            Self::All => total,
            Self::Rows(rows) => rows.len() as u64,
        }
    }

    /// The rows within `range`, counted from its start.
    pub(crate) fn within(&self, range: Range<u64>) -> Selected<'_> {
        match self {
            Self::All => Selected::All,
            Self::Rows(rows) => {
                let bound = |row| rows.partition_point(|drawn| *drawn < row);
                Selected::Rows {
                    rows: &rows[bound(range.start)..bound(range.end)],
                    start: range.start,
                }
            }
        }
    }
}

/// The rows of a part of the data set that are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Selected<'a> {
    /// Every row.
    All,
    /// Numbers of rows in the data set, ascending; the part begins at `start`.
    Rows {
        /// The drawn rows.
        rows: &'a [u64],
        /// The part's first row.
        start: u64,
    },
}

impl Selected<'_> {
    /// Whether nothing of the part is sent.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Rows { rows: [], .. })
    }

    /// The place within the part of the selected row number `position`.
    pub(crate) fn place(&self, position: usize) -> u64 {
        match self {
            Self::All => position as u64,
            Self::Rows { rows, start } => rows[position] - start,
        }
    }

    /// The places as ranges within the part; `None` for all of it.
    pub(crate) fn ranges(&self) -> Option<impl Iterator<Item = Range<usize>>> {
        match *self {
            Self::All => None,
            Self::Rows { rows, start } => Some(rows.iter().map(move |row| {
                let place = usize::try_from(row - start).expect("64-bit addresses");
                place..place + 1
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sample_is_distinct_rows_in_order_and_repeats_with_its_seed(
            size in 1..200_u64, more in 1..10_000_u64, seed: u64,
        ) {
            let total = size + more;
            let sample = Sample::draw(size, total, seed);
            prop_assert_eq!(&sample, &Sample::draw(size, total, seed));
            prop_assert_eq!(sample.size(total), size);
            let Sample::Rows(rows) = sample else { panic!("not all rows") };
            prop_assert!(rows.is_sorted_by(|a, b| a < b));
            prop_assert!(rows.iter().all(|row| *row < total));
        }

        #[test]
        fn the_parts_of_a_sample_are_the_sample(size in 1..50_u64, cut in 0..100_u64) {
            let sample = Sample::draw(size, 100, 1);
            let places = |range: Range<u64>| {
                let start = range.start;
                let selected = sample.within(range);
                let ranges = selected.ranges().expect("some rows").collect::<Vec<_>>();
                (0..ranges.len())
                    .inspect(|&i| assert_eq!(ranges[i].start as u64, selected.place(i)))
                    .map(|i| selected.place(i) + start)
                    .collect::<Vec<_>>()
            };
            prop_assert_eq!([places(0..cut), places(cut..100)].concat(), places(0..100));
            prop_assert_eq!(places(0..100).len() as u64, size);
        }
    }

    #[test]
    fn other_seeds_draw_other_rows_until_each_was_drawn() {
        let drawn: BTreeSet<_> = (0..200)
            .flat_map(|seed| match Sample::draw(5, 50, seed) {
                Sample::Rows(rows) => rows,
                Sample::All => unreachable!("5 of 50"),
            })
            .collect();
        assert_eq!(drawn, (0..50).collect());
    }

    #[test]
    fn no_size_or_a_large_one_means_all_rows() {
        assert_eq!(Sample::draw(0, 10, 0), Sample::All);
        assert_eq!(Sample::draw(10, 10, 0), Sample::All);
        assert_eq!(Sample::draw(11, 10, 0), Sample::All);
        assert_eq!(Sample::All.size(10), 10);
        assert!(!Sample::All.within(0..10).is_empty());
        assert!(Sample::Rows(vec![7]).within(0..7).is_empty());
        assert!(!Sample::Rows(vec![7]).within(7..8).is_empty());
    }
}
