//! In which order Spark comes to what a pipeline does with a row.
//!
//! The order isn't simply that of the stages. Spark's optimizer moves filters – what
//! a stage with `handleInvalid=skip` does – below what was computed before, computes
//! a column only where somebody asks for it, and one that nobody asks for never
//! (`PushPredicateThroughNonJoin` and `ColumnPruning` in Spark's sources). Two kinds
//! of stages are barriers, `StringIndexerModel` and `VectorAssembler`: their functions
//! are declared non-deterministic, so that they are computed where they stand and no
//! filter passes them.
//!
//! So it hangs on the pipeline whether a value that one stage refuses is an error, or
//! does no harm because another stage leaves the row out before, or because nobody
//! reads what the first makes of it.

/// When Spark comes to a filter or a column. What comes first decides about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn(u32);

impl Default for Turn {
    fn default() -> Self {
        Self::NEVER
    }
}

impl Turn {
    /// After all stages, with the columns that the result is made of.
    pub(crate) const RESULT: Self = Self(u32::MAX - 1);
    /// Never: nobody asks for it.
    pub(crate) const NEVER: Self = Self(u32::MAX);

    /// That of the columns which the filter of the stage at `position` asks for, and
    /// nobody before it does.
    pub(crate) fn before_filter(position: usize) -> Self {
        Self::numbered(3 * position)
    }

    /// That of the filter of the stage at `position`.
    pub(crate) fn filter(position: usize) -> Self {
        Self::numbered(3 * position + 1)
    }

    /// That of a barrier at `position`, and of the columns which it asks for and nobody
    /// before it does.
    pub(crate) fn barrier(position: usize) -> Self {
        Self::numbered(3 * position + 2)
    }

    fn numbered(number: usize) -> Self {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        Self(number.min(Self::RESULT.0 - 1))
    }
}

/// The turns of what one stage does.
#[derive(Debug, Clone, Default)]
pub(crate) struct StageTurns {
    /// When it leaves rows out.
    pub(crate) filter: Turn,
    /// When it computes each of its columns.
    pub(crate) columns: Vec<Turn>,
}

impl StageTurns {
    /// Whether the stage leaves rows out.
    pub(crate) fn filters(&self) -> bool {
        self.filter != Turn::NEVER
    }

    /// When Spark needs the first of the columns.
    pub(crate) fn first_column(&self) -> Turn {
        let first = self.columns.iter().min();
        first.copied().unwrap_or(Turn::NEVER)
    }

    /// Whether a stage of many columns has to do with this one: it is read, or rows are
    /// left out by it.
    pub(crate) fn is_loaded(&self, column: usize) -> bool {
        self.filters() || self.columns.get(column) != Some(&Turn::NEVER)
    }

    /// The same without the columns that aren't loaded.
    pub(crate) fn of_loaded_columns(&self) -> Self {
        let loaded = (0..self.columns.len()).filter(|column| self.is_loaded(*column));
        Self {
            filter: self.filter,
            columns: loaded.map(|column| self.columns[column]).collect(),
        }
    }
}
