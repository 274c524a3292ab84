//! Transactions that can't be scored, on their way to the dead-letter topic.

use schema::dead_letter::{self, Stage, TRUNCATED};
use schema::{Rejection, RejectionCode};

use crate::batch::{RawMessage, Source};
use crate::interruption::Interruption;
use crate::producer::{Producer, Record, Sent};

/// Where dead letters come from and go to.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    /// The topic of the transactions.
    pub(crate) source_topic: String,
    /// The topic of the dead letters.
    pub(crate) topic: String,
}

/// What a dead letter holds besides what is wrong; each is smaller than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Whole,
    KeyAndHeaders,
    Nothing,
}

const CONTENTS: [Content; 3] = [Content::Whole, Content::KeyAndHeaders, Content::Nothing];

impl DeadLetters {
    /// Sends the message with its raw key, bytes and headers and the reason; without
    /// its bytes where the topic wouldn't take them, or without key and headers too.
    /// Returns the code that the letter has.
    pub(crate) fn send(
        &self,
        producer: &Producer,
        source: &Source,
        raw: RawMessage<'_>,
        stage: Stage,
        rejection: &Rejection,
    ) -> Result<RejectionCode, Interruption> {
        for content in CONTENTS {
            let truncated;
            let rejection = if content == Content::Whole {
                rejection
            } else {
                truncated = dead_letter::truncated(rejection, raw.value.map_or(0, <[u8]>::len));
                &truncated
            };
            let record = self.record(source, raw, stage, rejection, content);
            if producer.send(record)? == Sent::Queued {
                return Ok(rejection.code);
            }
        }
        Err(Interruption::Retry(format!(
            "topic \"{}\" refuses dead letters for their size even without key and value: \
             raise its max.message.bytes",
            self.topic
        )))
    }

    fn record<'a>(
        &'a self,
        source: &Source,
        raw: RawMessage<'a>,
        stage: Stage,
        rejection: &Rejection,
        content: Content,
    ) -> Record<'a> {
        let original = raw.headers.filter(|_| content != Content::Nothing);
        let mut headers = original.cloned().unwrap_or_default();
        let what_is_wrong = dead_letter::headers(
            &self.source_topic,
            source.partition,
            source.offset,
            stage,
            rejection,
        );
        let is_truncated = content != Content::Whole;
        let added = what_is_wrong
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain(is_truncated.then_some((TRUNCATED, "true")));
        for (name, value) in added {
            headers.add(name.as_bytes(), Some(value.as_bytes()));
        }
        Record {
            topic: &self.topic,
            partition: None,
            key: raw.key.filter(|_| content != Content::Nothing),
            value: if is_truncated { Some(b"") } else { raw.value },
            headers: Some(headers),
        }
    }
}
