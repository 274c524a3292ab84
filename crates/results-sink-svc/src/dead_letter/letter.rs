//! One dead letter.

use std::ffi::CString;

use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, Headers, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use schema::Rejection;
use schema::dead_letter::{
    self, EXCEPTION_CLASS_NAME, EXCEPTION_MESSAGE, OFFSET, PARTITION, STAGE, Stage, TOPIC,
    TRUNCATED,
};
use service_runtime::kafka::last_header;

/// The headers that say what is wrong with which message.
const WHAT_IS_WRONG: [&str; 6] = [
    TOPIC,
    PARTITION,
    OFFSET,
    STAGE,
    EXCEPTION_CLASS_NAME,
    EXCEPTION_MESSAGE,
];

/// A message as it is on the dead-letter topic: raw key and bytes, the original
/// headers, and those of Kafka Connect.
#[derive(Debug, Clone)]
pub(super) struct DeadLetter {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    /// All headers. Never looked into: `rdkafka` panics on a name that isn't UTF-8.
    headers: OwnedHeaders,
    /// [`WHAT_IS_WRONG`], once more for a letter that is left with nothing else.
    what_is_wrong: OwnedHeaders,
    content: Content,
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
        let what_is_wrong = dead_letter::headers(
            message.topic(),
            message.partition(),
            message.offset(),
            Stage::Read,
            rejection,
        );
        let add = |headers| {
            what_is_wrong
                .iter()
                .fold(headers, |headers, (name, value)| {
                    with_header(headers, name, value.as_bytes())
                })
        };
        Self {
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: add(all_headers(message)),
            what_is_wrong: add(OwnedHeaders::new()),
            content: Content::Whole,
        }
    }

    /// A dead letter that comes back undelivered.
    pub(super) fn copy(message: &BorrowedMessage<'_>) -> Self {
        let headers = all_headers(message);
        let what_is_wrong = WHAT_IS_WRONG
            .iter()
            .fold(OwnedHeaders::new(), |found, name| {
                match find_header(message, name) {
                    Some(value) => with_header(found, name, value),
                    None => found,
                }
            });
        let has_more = message.key().is_some() || headers.count() > what_is_wrong.count() + 1;
        let content = match find_header(message, TRUNCATED) {
            None => Content::Whole,
            Some(_) if has_more => Content::KeyAndHeaders,
            Some(_) => Content::Nothing,
        };
        Self {
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers,
            what_is_wrong,
            content,
        }
    }

    /// A letter that a broker refuses for its size, with less in it: first without its
    /// value, then without key and original headers too.
    pub(super) fn reduce(&mut self) {
        let (headers, content) = match self.content {
            Content::Whole => (self.headers.clone(), Content::KeyAndHeaders),
            Content::KeyAndHeaders | Content::Nothing => {
                self.key = None;
                (self.what_is_wrong.clone(), Content::Nothing)
            }
        };
        self.value = Some(Vec::new());
        self.headers = with_header(headers, TRUNCATED, b"true");
        self.content = content;
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

fn find_header<'a>(message: &'a BorrowedMessage<'_>, name: &str) -> Option<&'a [u8]> {
    let name = CString::new(name).expect("the contract's names hold no NUL");
    last_header(message, &name)
}

fn with_header(headers: OwnedHeaders, name: &str, value: &[u8]) -> OwnedHeaders {
    headers.insert(Header {
        key: name,
        value: Some(value),
    })
}
