//! Where to begin without a committed offset.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::ConfigError;

/// Spark's and librdkafka's offset that means the beginning.
pub(super) const EARLIEST: i64 = -2;
/// Spark's and librdkafka's offset that means the end.
pub(super) const LATEST: i64 = -1;

/// `start` of `[scorer]` and `[sink]`: `earliest`, `latest`, an RFC 3339 time,
/// or Spark's offsets `{"transactions":{"0":123}}` (-2 earliest, -1 latest).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// The lowest offset that exists.
    Earliest,
    /// Only what comes from now on.
    Latest,
    /// The first message whose timestamp (milliseconds since 1970) isn't before this.
    Time(i64),
    /// By topic and partition. A partition without an entry begins at earliest.
    Offsets(BTreeMap<String, BTreeMap<i32, i64>>),
}

impl Start {
    /// Whether explicit offsets are those of `topic` and no other; `key` is the key that
    /// holds them. To be called when the configuration is checked.
    pub fn check_topic(&self, key: &str, topic: &str) -> Result<(), ConfigError> {
        let Self::Offsets(by_topic) = self else {
            return Ok(());
        };
        match by_topic.keys().find(|name| *name != topic) {
            Some(name) => Err(ConfigError(format!(
                "{key} names topic \"{name}\", but \"{topic}\" is read"
            ))),
            None if by_topic.is_empty() => Err(ConfigError(format!(
                "{key} names no topic: {{\"{topic}\":{{\"0\":123}}}}"
            ))),
            None => Ok(()),
        }
    }
}

impl Start {
    /// Whether explicit offsets name only partitions that exist.
    pub(super) fn check_partitions(&self, topic: &str, exist: &[i32]) -> Result<(), ConfigError> {
        let Self::Offsets(by_topic) = self else {
            return Ok(());
        };
        let named = by_topic.get(topic).into_iter().flat_map(BTreeMap::keys);
        let mut unknown = named.filter(|partition| !exist.contains(partition));
        unknown.next().map_or(Ok(()), |partition| {
            Err(ConfigError(format!(
                "start names partition {partition}, but topic \"{topic}\" has {} partitions, from 0 on",
                exist.len()
            )))
        })
    }
}

impl FromStr for Start {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        match text.trim() {
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            json if json.starts_with('{') => offsets(json),
            time => self::time(time).ok_or_else(|| {
                ConfigError(format!(
                    "{text:?} is neither earliest nor latest nor a time such as 2019-11-10T14:43:06Z \
                     nor offsets such as {{\"transactions\":{{\"0\":123}}}}"
                ))
            }),
        }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Earliest => formatter.write_str("earliest"),
            Self::Latest => formatter.write_str("latest"),
            Self::Time(milliseconds) => {
                let time = DateTime::from_timestamp_millis(*milliseconds).unwrap_or_default();
                formatter.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
            }
            Self::Offsets(_) => formatter.write_str("given offsets"),
        }
    }
}

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

fn offsets(json: &str) -> Result<Start, ConfigError> {
    let offsets: BTreeMap<String, BTreeMap<i32, i64>> = serde_json::from_str(json)
        .map_err(|error| ConfigError(format!("not Spark's offsets: {error}")))?;
    let partitions = offsets.values().flatten();
    match partitions
        .into_iter()
        .find(|(partition, offset)| **partition < 0 || **offset < EARLIEST)
    {
        Some((partition, offset)) => Err(ConfigError(format!(
            "offset {offset} of partition {partition} can't be: -2 is earliest, -1 latest"
        ))),
        None => Ok(Start::Offsets(offsets)),
    }
}

fn time(text: &str) -> Option<Start> {
    let milliseconds = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
    (milliseconds >= 0).then_some(Start::Time(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets_of(text: &str) -> Start {
        text.parse().unwrap()
    }

    #[test]
    fn words_times_and_sparks_offsets_are_read() {
        assert_eq!("earliest".parse::<Start>().unwrap(), Start::Earliest);
        assert_eq!("latest".parse::<Start>().unwrap(), Start::Latest);
        assert_eq!(
            "2019-11-10T14:43:06Z".parse::<Start>().unwrap(),
            Start::Time(1_573_396_986_000)
        );
        let expected = BTreeMap::from([(
            "transactions".to_owned(),
            BTreeMap::from([(0, 123), (1, -2)]),
        )]);
        assert_eq!(
            offsets_of(r#"{"transactions":{"0":123,"1":-2}}"#),
            Start::Offsets(expected)
        );
    }

    #[test]
    fn anything_else_is_refused_with_what_would_do() {
        let error = "yesterday".parse::<Start>().unwrap_err().to_string();
        assert!(
            error.contains("\"yesterday\"") && error.contains("2019-11-10T14:43:06Z"),
            "{error}"
        );
        assert!(r#"{"t":{"0":-3}}"#.parse::<Start>().is_err());
        assert!(r#"{"t":{"-1":3}}"#.parse::<Start>().is_err());
        assert!(r#"{"t":5}"#.parse::<Start>().is_err());
    }

    #[test]
    fn offsets_of_another_topic_are_an_error_that_names_both() {
        let start = offsets_of(r#"{"payments":{"0":1}}"#);
        let error = start
            .check_topic("scorer.start", "transactions")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "scorer.start names topic \"payments\", but \"transactions\" is read"
        );
        assert!(start.check_topic("scorer.start", "payments").is_ok());
    }
}
