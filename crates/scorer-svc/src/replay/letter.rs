//! What a dead letter tells about its transaction.

use rdkafka::message::BorrowedMessage;
use schema::dead_letter::{
    EXCEPTION_CLASS_NAME, EXCEPTION_MESSAGE, OFFSET, PARTITION, TOPIC, TRUNCATED,
};
use service_runtime::kafka::{find_header, header_position, keep_headers};

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
        let text = |name| std::str::from_utf8(find_header(message, name)?).ok();
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
