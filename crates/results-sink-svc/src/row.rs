//! One row of a result file: a result and where it comes from.

use std::ffi::CStr;

use schema::result::{ResultRecord, Source};
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

/// The headers of a result. One that isn't as the scorer writes it tells nothing; it is
/// no reason to refuse a result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Origin<'a> {
    /// As it stands in the header.
    pub(crate) model: Option<&'a [u8]>,
    pub(crate) source: Option<Source>,
}

impl<'a> Origin<'a> {
    pub(crate) fn of_message(message: &'a FetchedMessage<'_>) -> Self {
        Self::of_headers(last_header(message, MODEL), last_header(message, SOURCE))
    }

    pub(crate) fn of_headers(model: Option<&'a [u8]>, source: Option<&[u8]>) -> Self {
        Self {
            model,
            source: source.and_then(Source::parse),
        }
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
}
