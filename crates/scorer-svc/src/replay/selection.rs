//! Which dead letters are replayed.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::anyhow;
use schema::RejectionCode;
use service_runtime::Failure;
use service_runtime::kafka::{OffsetRange, Start};

/// A place on the dead-letter topic: `PARTITION:OFFSET`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(super) partition: i32,
    pub(super) offset: i64,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let place = text.split_once(':').and_then(|(partition, offset)| {
            Some(Self {
                partition: partition.parse().ok().filter(|number| *number >= 0)?,
                offset: offset.parse().ok().filter(|number| *number >= 0)?,
            })
        });
        place.ok_or_else(|| "PARTITION:OFFSET, such as 0:1344".to_owned())
    }
}

/// Reads the name of a rejection's code.
pub(crate) fn reason(text: &str) -> Result<RejectionCode, String> {
    RejectionCode::parse(text).ok_or_else(|| {
        let known = RejectionCode::ALL.map(RejectionCode::as_str);
        format!("one of {}", known.join(", "))
    })
}

/// Reads a time as milliseconds since 1970.
pub(crate) fn time(text: &str) -> Result<i64, String> {
    match text.parse() {
        Ok(Start::Time(milliseconds)) => Ok(milliseconds),
        _ => Err("a time such as 2019-11-10T14:43:06Z".to_owned()),
    }
}

/// What to read of the dead-letter topic's `ranges`: from these places on, where any are
/// given, else all.
pub(super) fn ranges(
    topic: &str,
    ranges: &BTreeMap<i32, OffsetRange>,
    from: &[Place],
) -> Result<BTreeMap<i32, OffsetRange>, Failure> {
    if from.is_empty() {
        return Ok(ranges.clone());
    }
    from.iter()
        .map(|place| {
            let range = ranges.get(&place.partition).ok_or_else(|| {
                Failure::start(anyhow!(
                    "--from: topic \"{topic}\" has no partition {}",
                    place.partition
                ))
            })?;
            let start = range.start.max(place.offset);
            Ok((place.partition, OffsetRange { start, ..*range }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_reasons_and_times_are_read_or_refused_with_what_would_do() {
        let place = Place {
            partition: 2,
            offset: 17,
        };
        assert_eq!("2:17".parse(), Ok(place));
        for text in ["2", "2:", ":17", "-1:17", "2:-17", "a:b"] {
            assert!(text.parse::<Place>().unwrap_err().contains("0:1344"));
        }
        assert_eq!(reason("wrong_type"), Ok(RejectionCode::WrongType));
        assert!(reason("wrong").unwrap_err().contains("wrong_type"));
        assert_eq!(time("1970-01-01T00:00:01Z"), Ok(1000));
        assert!(time("earliest").is_err());
    }

    #[test]
    fn only_the_partitions_of_given_places_are_read() {
        let range = |start| OffsetRange { start, end: 20 };
        let all = BTreeMap::from([(0, range(5)), (1, range(0)), (2, range(3))]);
        assert_eq!(ranges("t", &all, &[]).unwrap(), all);
        let from = ["0:7".parse().unwrap(), "2:1".parse().unwrap()];
        let expected = BTreeMap::from([(0, range(7)), (2, range(3))]);
        assert_eq!(ranges("t", &all, &from).unwrap(), expected);
        let error = ranges("t", &all, &["3:0".parse().unwrap()]).unwrap_err();
        assert!(error.to_string().contains("no partition 3"));
    }
}
