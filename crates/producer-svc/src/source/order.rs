//! The order in which the files of a folder are read.

use std::cmp::Ordering;

/// By path, part by part; values of a partition that are numbers by their size,
/// so that `month=9` comes before `month=10`.
pub(super) fn by_path(a: &str, b: &str) -> Ordering {
    a.split('/').map(sort_key).cmp(b.split('/').map(sort_key))
}

/// A partition's name, its value as a number or after all numbers, then the text.
fn sort_key(part: &str) -> (&str, bool, u64, &str) {
    let (name, value) = part.split_once('=').unwrap_or((part, ""));
    let number = value.parse::<u64>();
    (name, number.is_err(), number.unwrap_or(0), part)
}

/// Whether a file or folder of this name is none of the data, as Spark has it:
/// `_SUCCESS`, `_temporary`, `.part-00000.parquet.crc`.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_come_by_number_and_files_by_name() {
        let expected = [
            "part-00002.parquet",
            "year=2018/month=12/day=31/a.parquet",
            "year=2019/month=9/day=30/a.parquet",
            "year=2019/month=10/day=2/part-00000.parquet",
            "year=2019/month=10/day=2/part-00010.parquet",
            "year=2019/month=10/day=10/part-00000.parquet",
            "year=2019/month=10/day=1a/part-00000.parquet",
            "year=__HIVE_DEFAULT_PARTITION__/a.parquet",
        ];
        let mut paths = expected;
        paths.reverse();
        paths.sort_by(|a, b| by_path(a, b));
        assert_eq!(paths, expected);
    }

    #[test]
    fn what_writers_keep_beside_the_data_is_hidden() {
        for name in ["_SUCCESS", "_temporary", ".part-00000.parquet.crc", ".git"] {
            assert!(is_hidden(name), "{name}");
        }
        assert!(!is_hidden("part-00000.parquet"));
        assert!(!is_hidden("year=2019"));
    }
}
