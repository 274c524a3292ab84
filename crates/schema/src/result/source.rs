//! The header that says where a result's transaction stood.

use crate::json::{MAX_DIGITS, digits, plain_integer};

/// A transaction's place in Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
}

impl Source {
    /// Reads [`SOURCE_HEADER`](super::SOURCE_HEADER), `<partition>:<offset>:<timestamp>`. A
    /// negative timestamp is Kafka's way to say that there is none.
    pub fn parse(header: &[u8]) -> Option<Self> {
        let (partition, rest) = place(header, i32::MAX.into())?;
        let (offset, timestamp) = place(rest, i64::MAX)?;
        Some(Self {
            partition: partition as i32,
            offset,
            timestamp: time(timestamp)?,
        })
    }
}

/// A number and what follows the colon behind it.
fn place(text: &[u8], greatest: i64) -> Option<(i64, &[u8])> {
    let (number, length) = plain_integer(text, greatest)?;
    Some((number, text[length..].strip_prefix(b":")?))
}

/// `None` is no time at all, `Some(None)` none that is known.
fn time(text: &[u8]) -> Option<Option<i64>> {
    let magnitude = text.strip_prefix(b"-").unwrap_or(text);
    if magnitude.is_empty() {
        return text.is_empty().then_some(None);
    }
    let (time, length) = digits(magnitude)?;
    let time = i64::try_from(time).ok()?;
    let is_all = length == magnitude.len() && length <= MAX_DIGITS;
    is_all.then(|| (magnitude.len() == text.len()).then_some(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_scorer_writes_is_read() {
        let source = Source {
            partition: 4,
            offset: 1234,
            timestamp: Some(1_573_396_986_000),
        };
        assert_eq!(Source::parse(b"4:1234:1573396986000"), Some(source));
    }

    #[test]
    fn a_source_may_lack_its_timestamp() {
        for source in [&b"4:5:"[..], b"4:5:-1"] {
            assert_eq!(Source::parse(source).unwrap().timestamp, None);
        }
    }

    #[test]
    fn what_is_malformed_tells_nothing() {
        for source in [
            &b""[..],
            b"4",
            b"4:5",
            b"-1:5:6",
            b"4:-5:6",
            b"4:5:6:7",
            b"a:b:c",
            b"4:5:x",
            b"4:5:-",
            b"2147483648:5:6",
            b"4:9223372036854775808:6",
            b"4:5:9223372036854775808",
            b"4:5:\xff",
            b"4:5:12345678901234567890123456789",
        ] {
            assert_eq!(Source::parse(source), None, "{source:?}");
        }
    }
}
