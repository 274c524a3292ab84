//! One row of a result file: a result and where it comes from.

use std::ffi::CStr;

use fraud_model::ModelIdentity;
use schema::result::ResultRecord;
use service_runtime::kafka::{FetchedMessage, last_header};

/// [`schema::result::MODEL_HEADER`], as librdkafka wants it.
const MODEL: &CStr = c"model";
/// [`schema::result::SOURCE_HEADER`], as librdkafka wants it.
const SOURCE: &CStr = c"source";

/// A row, in the terms of the columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) record: &'a ResultRecord,
    pub(crate) fraud_probability: Option<f64>,
    pub(crate) kafka_partition: i32,
    pub(crate) kafka_offset: i64,
    /// Milliseconds since the Unix epoch.
    pub(crate) kafka_timestamp: Option<i64>,
    pub(crate) origin: Origin<'a>,
}

/// What a result's headers tell. A header that isn't as the scorer writes it
/// tells nothing; it is no reason to refuse a result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Origin<'a> {
    pub(crate) model_name: Option<&'a str>,
    pub(crate) model_version: Option<&'a str>,
    pub(crate) source: Option<Source>,
}

/// The transaction's place in Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) timestamp: Option<i64>,
}

impl<'a> Origin<'a> {
    pub(crate) fn of_message(message: &'a FetchedMessage<'_>) -> Self {
        Self::parse(last_header(message, MODEL), last_header(message, SOURCE))
    }

    pub(crate) fn parse(model: Option<&'a [u8]>, source: Option<&'a [u8]>) -> Self {
        let model = model.and_then(text).and_then(ModelIdentity::parse_header);
        Self {
            model_name: model.map(|(name, _)| name),
            model_version: model.map(|(_, version)| version),
            source: source.and_then(text).and_then(Source::parse),
        }
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

impl Source {
    /// Reads `<partition>:<offset>:<timestamp>`. A negative timestamp is Kafka's
    /// way to say that there is none.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let source = Self {
            partition: parts.next()?.parse().ok()?,
            offset: parts.next()?.parse().ok()?,
            timestamp: parts
                .next()?
                .parse()
                .ok()
                .filter(|&timestamp: &i64| timestamp >= 0),
        };
        let is_place = source.partition >= 0 && source.offset >= 0 && parts.next().is_none();
        is_place.then_some(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_the_contracts() {
        assert_eq!(MODEL.to_str(), Ok(schema::result::MODEL_HEADER));
        assert_eq!(SOURCE.to_str(), Ok(schema::result::SOURCE_HEADER));
    }

    #[test]
    fn the_scorers_headers_are_read() {
        let expected = Origin {
            model_name: Some("fraud@home"),
            model_version: Some("3"),
            source: Some(Source {
                partition: 4,
                offset: 1234,
                timestamp: Some(1_573_396_986_000),
            }),
        };
        let parsed = Origin::parse(Some(b"fraud@home@3"), Some(b"4:1234:1573396986000"));
        assert_eq!(parsed, expected);
    }

    #[test]
    fn malformed_headers_tell_nothing() {
        for source in ["", "4", "4:5", "-1:5:6", "4:-5:6", "4:5:6:7", "a:b:c"] {
            let parsed = Origin::parse(Some(b"no version"), Some(source.as_bytes()));
            assert_eq!(parsed, Origin::default(), "{source}");
        }
        assert_eq!(Origin::parse(None, None), Origin::default());
        assert_eq!(
            Origin::parse(Some(b"\xff@1"), Some(b"\xff")),
            Origin::default()
        );
    }

    #[test]
    fn a_source_may_lack_its_timestamp() {
        for source in ["4:5:", "4:5:-1"] {
            assert_eq!(Source::parse(source).unwrap().timestamp, None, "{source}");
        }
    }
}
