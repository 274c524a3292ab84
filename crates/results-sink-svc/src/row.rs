//! One row of a result file: a result and where it comes from.

use fraud_model::ModelIdentity;
use rdkafka::message::Headers;
use schema::result::{MODEL_HEADER, ResultRecord, SOURCE_HEADER};

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
    pub(crate) fn from_headers<H: Headers>(headers: Option<&'a H>) -> Self {
        let mut origin = Self::default();
        let Some(headers) = headers else {
            return origin;
        };
        for header in headers.iter() {
            let text = header
                .value
                .and_then(|value| std::str::from_utf8(value).ok());
            match header.key {
                MODEL_HEADER => {
                    let model = text.and_then(ModelIdentity::parse_header);
                    origin.model_name = model.map(|(name, _)| name);
                    origin.model_version = model.map(|(_, version)| version);
                }
                SOURCE_HEADER => origin.source = text.and_then(Source::parse),
                _ => {}
            }
        }
        origin
    }
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
    use rdkafka::message::{Header, OwnedHeaders};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> OwnedHeaders {
        pairs
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header {
                    key,
                    value: Some(*value),
                })
            })
    }

    #[test]
    fn the_scorers_headers_are_read() {
        let headers = headers(&[
            (
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ),
            ("model", "fraud@home@3"),
            ("source", "4:1234:1573396986000"),
        ]);
        let expected = Origin {
            model_name: Some("fraud@home"),
            model_version: Some("3"),
            source: Some(Source {
                partition: 4,
                offset: 1234,
                timestamp: Some(1_573_396_986_000),
            }),
        };
        assert_eq!(Origin::from_headers(Some(&headers)), expected);
    }

    #[test]
    fn malformed_headers_tell_nothing() {
        for source in ["", "4", "4:5", "-1:5:6", "4:-5:6", "4:5:6:7", "a:b:c"] {
            let headers = headers(&[("model", "no version"), ("source", source)]);
            assert_eq!(
                Origin::from_headers(Some(&headers)),
                Origin::default(),
                "{source}"
            );
        }
        assert_eq!(
            Origin::from_headers::<OwnedHeaders>(None),
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
