//! Splits on a categorical feature, by `CategoricalSplit` of Spark's `Split.scala`.

/// Which categories go left.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CategorySplit {
    /// One bit a category: whether Spark keeps it in its set.
    members: Vec<u64>,
    /// Spark keeps the smaller set, of the categories that go left or of those
    /// that go right; a value that is no category is in neither, and so goes
    /// the other way.
    members_go_left: bool,
}

impl CategorySplit {
    /// The split that sends `left`, of the categories 0 … `categories` − 1, left.
    pub(super) fn new(left: &[usize], categories: usize) -> Self {
        let members_go_left = left.len() <= categories / 2;
        let mut members = vec![0; categories.div_ceil(64)];
        for category in left {
            members[category / 64] |= 1 << (category % 64);
        }
        if !members_go_left {
            for category in 0..categories {
                members[category / 64] ^= 1 << (category % 64);
            }
        }
        Self {
            members,
            members_go_left,
        }
    }

    pub(super) fn goes_left(&self, value: f64) -> bool {
        self.contains(value) == self.members_go_left
    }

    fn contains(&self, value: f64) -> bool {
        // The cast saturates and makes NaN 0, so compare back.
        let category = value as usize;
        category as f64 == value
            && self
                .members
                .get(category / 64)
                .is_some_and(|bits| bits >> (category % 64) & 1 == 1)
    }
}
