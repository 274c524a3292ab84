//! When a partition's open range of records is closed.

use std::fmt;
use std::time::Duration;

/// The limits of a range.
#[derive(Debug, Clone)]
pub(crate) struct RollPolicy {
    /// Rows, and likewise records that can't be read.
    pub(crate) max_rows: u64,
    /// Of the encoded file.
    pub(crate) max_bytes: u64,
    /// Since the first record came, by a clock that nobody sets.
    pub(crate) max_age: Duration,
}

/// Why a range was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RollReason {
    Rows,
    Bytes,
    Age,
    /// A record of a later date came.
    Date,
    /// All open files together reached the limit and this is the largest.
    Memory,
    /// The group takes the partition back.
    Revoked,
    /// The daemon stops.
    Stop,
}

impl fmt::Display for RollReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rows => "max_rows",
            Self::Bytes => "max_bytes",
            Self::Age => "max_age",
            Self::Date => "a later date",
            Self::Memory => "memory",
            Self::Revoked => "revoked",
            Self::Stop => "stop",
        })
    }
}

impl RollPolicy {
    /// Why a range that holds this much is full, if it is.
    pub(crate) fn full(&self, rows: u64, unreadable: u64, bytes: u64) -> Option<RollReason> {
        if rows >= self.max_rows || unreadable >= self.max_rows {
            return Some(RollReason::Rows);
        }
        (bytes >= self.max_bytes).then_some(RollReason::Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_unreadable_records_and_bytes_fill_a_range() {
        let policy = RollPolicy {
            max_rows: 3,
            max_bytes: 100,
            max_age: Duration::from_secs(1),
        };
        assert_eq!(policy.full(2, 2, 99), None);
        assert_eq!(policy.full(3, 0, 0), Some(RollReason::Rows));
        assert_eq!(policy.full(0, 3, 0), Some(RollReason::Rows));
        assert_eq!(policy.full(1, 0, 100), Some(RollReason::Bytes));
    }
}
