//! What a dead letter tells about its transaction.

use std::ffi::CStr;

use rdkafka::message::BorrowedMessage;
use service_runtime::kafka::{header_position, keep_headers, last_header};

/// [`schema::dead_letter`]'s names, as librdkafka wants them.
const TOPIC: &CStr = c"__connect.errors.topic";
const PARTITION: &CStr = c"__connect.errors.partition";
const OFFSET: &CStr = c"__connect.errors.offset";
const EXCEPTION_CLASS_NAME: &CStr = c"__connect.errors.exception.class.name";
const EXCEPTION_MESSAGE: &CStr = c"__connect.errors.exception.message";
const TRUNCATED: &CStr = c"truncated";

/// Where a dead letter comes from, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    /// The topic of its message.
    pub(super) topic: String,
    /// The partition there, which it goes back to.
    pub(super) partition: i32,
    /// The offset there.
    pub(super) offset: i64,
    /// The code of its rejection.
    pub(super) code: String,
    /// What is wrong, for a person.
    pub(super) message: String,
    /// Its value was left out.
    pub(super) is_truncated: bool,
    /// How many headers its message had; ours follow them.
    original_headers: usize,
}

impl Letter {
    /// Reads Kafka Connect's headers; `None` where they lack a place or a reason.
    pub(super) fn of(message: &BorrowedMessage<'_>) -> Option<Self> {
        let text = |name| std::str::from_utf8(last_header(message, name)?).ok();
        let original_headers = header_position(message, TOPIC)?;
        Some(Self {
            topic: text(TOPIC)?.to_owned(),
            partition: text(PARTITION)?.parse().ok()?,
            offset: text(OFFSET)?.parse().ok()?,
            code: text(EXCEPTION_CLASS_NAME)?.to_owned(),
            message: text(EXCEPTION_MESSAGE).unwrap_or_default().to_owned(),
            is_truncated: header_position(message, TRUNCATED) > Some(original_headers),
            original_headers,
        })
    }

    /// Makes the dead letter, which is whole, the message that it was.
    pub(super) fn restore(&self, message: &mut BorrowedMessage<'_>) {
        keep_headers(message, self.original_headers);
    }
}

#[cfg(test)]
mod tests {
    use schema::dead_letter;

    use super::*;

    #[test]
    fn the_names_are_the_contracts() {
        let ours = [
            TOPIC,
            PARTITION,
            OFFSET,
            EXCEPTION_CLASS_NAME,
            EXCEPTION_MESSAGE,
            TRUNCATED,
        ];
        let contracts = [
            dead_letter::TOPIC,
            dead_letter::PARTITION,
            dead_letter::OFFSET,
            dead_letter::EXCEPTION_CLASS_NAME,
            dead_letter::EXCEPTION_MESSAGE,
            dead_letter::TRUNCATED,
        ];
        assert_eq!(ours.map(|name| name.to_str().unwrap()), contracts);
    }
}
