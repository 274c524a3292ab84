//! One dead letter.

use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use schema::dead_letter::{
    self, EXCEPTION_CLASS_NAME, EXCEPTION_MESSAGE, OFFSET, PARTITION, Stage, TOPIC, TRUNCATED,
};
use schema::{Rejection, RejectionCode};
use service_runtime::kafka::{find_header, for_each_header, header_position};

const OURS: &str = "the letter was written here";

/// A message as it is on the dead-letter topic: raw key and bytes, the original
/// headers, and those of Kafka Connect.
#[derive(Debug, Clone)]
pub(super) struct DeadLetter {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    /// All headers. Never looked into: `rdkafka` panics on a name that isn't UTF-8.
    headers: OwnedHeaders,
    /// The message's own headers, and what is wrong with it: for a letter that is left
    /// with less.
    original: OwnedHeaders,
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
    pub(super) fn of(message: &BorrowedMessage<'_>, rejection: &Rejection) -> Self {
        let (partition, offset) = (message.partition(), message.offset());
        let say = |rejection| {
            dead_letter::headers(message.topic(), partition, offset, Stage::Read, rejection)
        };
        let original = all_headers(message);
        Self {
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: with_headers(original.clone(), &say(rejection)),
            original,
            truncated: say(&dead_letter::truncated(rejection, message.payload_len())),
            content: Content::Whole,
            place: (partition, offset),
        }
    }

    /// A dead letter that comes back undelivered.
    pub(super) fn copy(message: &BorrowedMessage<'_>) -> Self {
        let text = |name| String::from_utf8_lossy(find_header(message, name).unwrap_or_default());
        let code = RejectionCode::parse(&text(EXCEPTION_CLASS_NAME)).expect(OURS);
        let rejection = Rejection::new(code, text(EXCEPTION_MESSAGE));
        let truncated = dead_letter::truncated(&rejection, message.payload_len());
        let partition = text(PARTITION).parse().expect(OURS);
        let offset = text(OFFSET).parse().expect(OURS);
        // Ours follow those of the message, which may have the same names.
        let first_of_ours = header_position(message, TOPIC).expect(OURS);
        let is_truncated = header_position(message, TRUNCATED) > Some(first_of_ours);
        let original = first_headers(message, first_of_ours);
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
            headers: all_headers(message),
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
                OwnedHeaders::new()
            }
        };
        self.value = Some(Vec::new());
        self.headers = with_headers(original, &self.truncated).insert(Header {
            key: TRUNCATED,
            value: Some("true"),
        });
    }

    /// Whether [`Self::reduce`] leaves less of it.
    pub(super) fn can_be_reduced(&self) -> bool {
        self.content != Content::Nothing
    }

    /// The letter as the producer takes it.
    pub(super) fn record<'a>(&'a self, topic: &'a str) -> BaseRecord<'a, [u8], [u8]> {
        let mut record = BaseRecord::to(topic).headers(self.headers.clone());
        record.key = self.key.as_deref();
        record.payload = self.value.as_deref();
        record
    }
}

fn all_headers(message: &BorrowedMessage<'_>) -> OwnedHeaders {
    message
        .headers()
        .map_or_else(OwnedHeaders::new, |headers| headers.detach())
}

/// The first `count` headers. `rdkafka` adds none whose name isn't UTF-8, so such a name is
/// changed in a letter that has lost its value anyway.
fn first_headers(letter: &BorrowedMessage<'_>, count: usize) -> OwnedHeaders {
    let mut first = OwnedHeaders::new();
    let mut left = count;
    for_each_header(letter, |name, value| {
        if left > 0 {
            left -= 1;
            let name = String::from_utf8_lossy(name);
            let headers = std::mem::take(&mut first);
            first = headers.insert(Header { key: &name, value });
        }
    });
    first
}

fn with_headers(headers: OwnedHeaders, added: &[(&'static str, String); 6]) -> OwnedHeaders {
    added.iter().fold(headers, |headers, (name, value)| {
        headers.insert(Header {
            key: name,
            value: Some(value),
        })
    })
}
