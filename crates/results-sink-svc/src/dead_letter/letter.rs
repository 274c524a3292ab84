//! One dead letter.

use rdkafka::Message;
use rdkafka::message::{Header, Headers, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use schema::Rejection;
use schema::dead_letter::{
    EXCEPTION_CLASS_NAME, EXCEPTION_MESSAGE, OFFSET, PARTITION, STAGE, Stage, TOPIC, TRUNCATED,
};

/// A message as it is on the dead-letter topic: raw key and bytes, the original
/// headers, and those of Kafka Connect.
#[derive(Debug, Clone)]
pub(super) struct DeadLetter {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: OwnedHeaders,
}

impl DeadLetter {
    /// The dead letter of a message that is no result.
    pub(super) fn of<M: Message<Headers: Headers>>(message: &M, rejection: &Rejection) -> Self {
        let what_is_wrong = [
            (TOPIC, message.topic().to_owned()),
            (PARTITION, message.partition().to_string()),
            (OFFSET, message.offset().to_string()),
            (STAGE, Stage::Read.as_str().to_owned()),
            (EXCEPTION_CLASS_NAME, rejection.code.as_str().to_owned()),
            (EXCEPTION_MESSAGE, rejection.message.clone()),
        ];
        let mut letter = Self::copy(message);
        for (key, value) in &what_is_wrong {
            letter.headers = with_header(letter.headers, key, value);
        }
        letter
    }

    /// A dead letter that comes back.
    pub(super) fn copy<M: Message<Headers: Headers>>(message: &M) -> Self {
        let mut headers = OwnedHeaders::new();
        for header in message.headers().into_iter().flat_map(Headers::iter) {
            headers = headers.insert(header);
        }
        Self {
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers,
        }
    }

    /// The letter without the value, which is too large for a broker.
    pub(super) fn truncated(self) -> Self {
        Self {
            key: self.key,
            value: Some(Vec::new()),
            headers: with_header(self.headers, TRUNCATED, "true"),
        }
    }

    /// Whether nothing more can be left out.
    pub(super) fn is_truncated(&self) -> bool {
        self.headers.iter().any(|header| header.key == TRUNCATED)
    }

    /// The letter as the producer takes it.
    pub(super) fn record<'a>(&'a self, topic: &'a str) -> BaseRecord<'a, [u8], [u8]> {
        let mut record = BaseRecord::to(topic).headers(self.headers.clone());
        record.key = self.key.as_deref();
        record.payload = self.value.as_deref();
        record
    }
}

fn with_header(headers: OwnedHeaders, key: &str, value: &str) -> OwnedHeaders {
    headers.insert(Header {
        key,
        value: Some(value),
    })
}

#[cfg(test)]
mod tests {
    use rdkafka::Timestamp;
    use rdkafka::message::OwnedMessage;
    use schema::RejectionCode;

    use super::*;

    fn message(key: Option<&[u8]>, value: Option<&[u8]>) -> OwnedMessage {
        OwnedMessage::new(
            value.map(<[u8]>::to_vec),
            key.map(<[u8]>::to_vec),
            "results".to_owned(),
            Timestamp::CreateTime(0),
            3,
            42,
            Some(with_header(OwnedHeaders::new(), "model", "m@1")),
        )
    }

    fn pairs(letter: &DeadLetter) -> Vec<(&str, &str)> {
        let pair = |index| {
            let header = letter.headers.get(index);
            let value = header.value.expect("these headers have values");
            (header.key, std::str::from_utf8(value).unwrap())
        };
        (0..letter.headers.count()).map(pair).collect()
    }

    #[test]
    fn a_letter_has_the_raw_message_and_says_what_is_wrong() {
        let rejection = Rejection::new(RejectionCode::MissingField, "prediction is missing");
        let letter = DeadLetter::of(&message(Some(b"\xff"), Some(b"{}")), &rejection);
        assert_eq!(letter.key.as_deref(), Some(&b"\xff"[..]));
        assert_eq!(letter.value.as_deref(), Some(&b"{}"[..]));
        assert_eq!(
            pairs(&letter),
            [
                ("model", "m@1"),
                ("__connect.errors.topic", "results"),
                ("__connect.errors.partition", "3"),
                ("__connect.errors.offset", "42"),
                ("__connect.errors.stage", "read"),
                ("__connect.errors.exception.class.name", "missing_field"),
                (
                    "__connect.errors.exception.message",
                    "prediction is missing"
                ),
            ]
        );
    }

    #[test]
    fn a_null_stays_null_and_a_truncated_value_is_empty() {
        let rejection = Rejection::new(RejectionCode::Tombstone, "the value is null");
        let letter = DeadLetter::of(&message(None, None), &rejection);
        assert_eq!(
            (letter.key.as_deref(), letter.value.as_deref()),
            (None, None)
        );
        assert!(!letter.is_truncated());
        let letter = letter.truncated();
        assert!(letter.is_truncated());
        assert_eq!(letter.value.as_deref(), Some(&b""[..]));
    }
}
