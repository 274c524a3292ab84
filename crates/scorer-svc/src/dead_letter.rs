//! Transactions that can't be scored, on their way to the dead-letter topic.

use rdkafka::message::Header;
use schema::dead_letter::{self, Stage, TRUNCATED};
use schema::{Rejection, RejectionCode};

use crate::batch::{RawMessage, Source};
use crate::interruption::Interruption;
use crate::producer::{Producer, Record};

/// Where dead letters come from and go to.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    /// The topic of the transactions.
    pub(crate) source_topic: String,
    /// The topic of the dead letters.
    pub(crate) topic: String,
}

impl DeadLetters {
    /// Sends the message with its raw key, bytes and headers and the reason;
    /// without its bytes where they are too large.
    pub(crate) fn send(
        &self,
        producer: &Producer,
        source: &Source,
        raw: RawMessage<'_>,
        stage: Stage,
        rejection: &Rejection,
    ) -> Result<(), Interruption> {
        let what_is_wrong = dead_letter::headers(
            &self.source_topic,
            source.partition,
            source.offset,
            stage,
            rejection,
        );
        let original = raw.headers.cloned().unwrap_or_default();
        let headers = what_is_wrong
            .iter()
            .fold(original, |headers, (name, value)| {
                headers.insert(text_header(name, value))
            });
        let is_truncated = rejection.code == RejectionCode::TooLarge;
        producer.send(Record {
            topic: &self.topic,
            key: raw.key,
            value: if is_truncated { Some(b"") } else { raw.value },
            headers: Some(if is_truncated {
                headers.insert(text_header(TRUNCATED, "true"))
            } else {
                headers
            }),
        })
    }
}

fn text_header<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    Header {
        key,
        value: Some(value),
    }
}
