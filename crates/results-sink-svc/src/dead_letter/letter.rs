//! One dead letter.

use rdkafka::Message;
use rdkafka::message::BorrowedMessage;
use schema::dead_letter::{
    self, EXCEPTION_CLASS_NAME, EXCEPTION_MESSAGE, OFFSET, PARTITION, Stage, TOPIC, TRUNCATED,
};
use schema::{Rejection, RejectionCode};
use service_runtime::kafka::{FetchedMessage, Headers, TopicRecord, find_header, header_position};

const OURS: &str = "the letter was written here";

/// A message as it is on the dead-letter topic: raw key and bytes, the original
/// headers, and those of Kafka Connect.
#[derive(Debug, Clone)]
pub(super) struct DeadLetter {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    /// All headers.
    headers: Headers,
    /// The message's own headers, and what is wrong with it: for a letter that is left
    /// with less.
    original: Headers,
    truncated: [(&'static str, String); 6],
    content: Content,
    /// Partition and offset of the message.
    pub(super) place: (i32, i64),
}

/// What a letter holds besides what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Whole,
    KeyAndHeaders,
    Nothing,
}

impl DeadLetter {
    /// The dead letter of a message that is no result.
    pub(super) fn of(message: &FetchedMessage<'_>, rejection: &Rejection) -> Self {
        let (partition, offset) = (message.partition(), message.offset());
        let say = |rejection| {
            dead_letter::headers(message.topic(), partition, offset, Stage::Read, rejection)
        };
        let original = Headers::of(message).unwrap_or_default();
        Self {
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: with_headers(original.clone(), &say(rejection)),
            original,
            truncated: say(&dead_letter::truncated(
                rejection,
                length(message.payload()),
            )),
            content: Content::Whole,
            place: (partition, offset),
        }
    }

    /// A dead letter that comes back undelivered.
    pub(super) fn copy(message: &BorrowedMessage<'_>) -> Self {
        let text = |name| String::from_utf8_lossy(find_header(message, name).unwrap_or_default());
        let code = RejectionCode::parse(&text(EXCEPTION_CLASS_NAME)).expect(OURS);
        let rejection = Rejection::new(code, text(EXCEPTION_MESSAGE));
        let truncated = dead_letter::truncated(&rejection, length(message.payload()));
        let partition = text(PARTITION).parse().expect(OURS);
        let offset = text(OFFSET).parse().expect(OURS);
        // Ours follow those of the message, which may have the same names.
        let first_of_ours = header_position(message, TOPIC).expect(OURS);
        let is_truncated = header_position(message, TRUNCATED) > Some(first_of_ours);
        let original = Headers::first_of(message, first_of_ours);
        let content = if !is_truncated {
            Content::Whole
        } else if message.key().is_some() || first_of_ours > 0 {
            Content::KeyAndHeaders
        } else {
            Content::Nothing
        };
        Self {
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: Headers::of(message).unwrap_or_default(),
            original,
            truncated: dead_letter::headers(
                &text(TOPIC),
                partition,
                offset,
                Stage::Read,
                &truncated,
            ),
            content,
            place: (partition, offset),
        }
    }

    /// A letter that a broker refuses for its size, with less in it: first without its
    /// value, then without key and original headers too.
    pub(super) fn reduce(&mut self) {
        let original = match self.content {
            Content::Whole => {
                self.content = Content::KeyAndHeaders;
                self.original.clone()
            }
            Content::KeyAndHeaders | Content::Nothing => {
                self.content = Content::Nothing;
                self.key = None;
                Headers::default()
            }
        };
        self.value = Some(Vec::new());
        self.headers = with_headers(original, &self.truncated);
        self.headers.add(TRUNCATED.as_bytes(), Some(b"true"));
    }

    /// Whether [`Self::reduce`] leaves less of it.
    pub(super) fn can_be_reduced(&self) -> bool {
        self.content != Content::Nothing
    }

    /// The letter as the producer takes it.
    pub(super) fn record(&self) -> TopicRecord<'_> {
        TopicRecord {
            partition: None,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: Some(self.headers.clone()),
        }
    }
}

fn length(value: Option<&[u8]>) -> usize {
    value.map_or(0, <[u8]>::len)
}

fn with_headers(mut headers: Headers, added: &[(&'static str, String); 6]) -> Headers {
    for (name, value) in added {
        headers.add(name.as_bytes(), Some(value.as_bytes()));
    }
    headers
}
