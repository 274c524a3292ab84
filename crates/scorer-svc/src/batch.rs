//! Transactions on their way from the topic to the model.

use std::ffi::CStr;
use std::ops::Range;

use fraud_model::Model;
use schema::Rejection;
use schema::transaction::{TransactionBatch, TransactionParser};
use service_runtime::kafka::{FetchedMessage, Headers, last_header};

const TRACEPARENT: &CStr = c"traceparent";

/// Messages that are parsed and scored in one go; reused from batch to batch,
/// so that its memory is too.
#[derive(Debug)]
pub(crate) struct Batch {
    parser: TransactionParser,
    transactions: TransactionBatch,
    sources: Vec<Source>,
    refused: Vec<Refused>,
    bytes: Vec<u8>,
    header_bytes: usize,
}

/// Where a message came from, and its bytes as they stood on the topic.
#[derive(Debug)]
pub(crate) struct Source {
    /// The partition of the topic `transactions`.
    pub(crate) partition: i32,
    /// The offset in it.
    pub(crate) offset: i64,
    /// Kafka's timestamp in milliseconds since the Unix epoch; -1 where there is none.
    pub(crate) timestamp: i64,
    key: Option<Range<usize>>,
    value: Option<Range<usize>>,
    traceparent: Option<Range<usize>>,
    headers: Option<Headers>,
}

/// A message that is no transaction.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Where it came from.
    pub(crate) source: Source,
    /// Why.
    pub(crate) rejection: Rejection,
}

/// A message as it stood on the topic.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawMessage<'a> {
    /// The key.
    pub(crate) key: Option<&'a [u8]>,
    /// The value.
    pub(crate) value: Option<&'a [u8]>,
    /// The headers, where there are any.
    pub(crate) headers: Option<&'a Headers>,
}

impl Batch {
    /// An empty batch of the transactions that `model` reads.
    pub(crate) fn new(model: &Model) -> Self {
        let schema = model.transaction_schema();
        Self {
            parser: TransactionParser::new(schema),
            transactions: TransactionBatch::new(schema),
            sources: Vec::new(),
            refused: Vec::new(),
            bytes: Vec::new(),
            header_bytes: 0,
        }
    }

    /// Parses a message into the columns, or keeps it as refused.
    pub(crate) fn push(&mut self, message: &FetchedMessage<'_>) {
        let parsed = self.parser.parse(message.payload(), &mut self.transactions);
        let source = self.keep(message);
        match parsed {
            Ok(()) => self.sources.push(source),
            Err(rejection) => self.refused.push(Refused { source, rejection }),
        }
    }

    /// A message lives no longer than until the next poll, and a dead letter
    /// needs its bytes as they were: one copy into memory that is reused.
    fn keep(&mut self, message: &FetchedMessage<'_>) -> Source {
        let headers = Headers::of(message);
        self.header_bytes += headers.as_ref().map_or(0, |headers| headers.size().bytes());
        Source {
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp().to_millis().unwrap_or(-1),
            key: append(&mut self.bytes, message.key()),
            value: append(&mut self.bytes, message.payload()),
            traceparent: append(&mut self.bytes, last_header(message, TRACEPARENT)),
            headers,
        }
    }

    /// Messages in the batch, refused ones included.
    pub(crate) fn len(&self) -> usize {
        self.sources.len() + self.refused.len()
    }

    /// Bytes of keys, values and headers.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len() + self.header_bytes
    }

    /// The parsed transactions, row by row.
    pub(crate) fn transactions(&self) -> &TransactionBatch {
        &self.transactions
    }

    /// Where each row of [`Self::transactions`] came from.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The messages that are no transactions.
    pub(crate) fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// The message as it stood on the topic.
    pub(crate) fn raw<'a>(&'a self, source: &'a Source) -> RawMessage<'a> {
        RawMessage {
            key: self.slice(&source.key),
            value: self.slice(&source.value),
            headers: source.headers.as_ref(),
        }
    }

    /// The message's W3C trace context.
    pub(crate) fn traceparent(&self, source: &Source) -> Option<&[u8]> {
        self.slice(&source.traceparent)
    }

    fn slice(&self, range: &Option<Range<usize>>) -> Option<&[u8]> {
        range.clone().map(|range| &self.bytes[range])
    }

    /// Removes all messages and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.transactions.clear();
        self.sources.clear();
        self.refused.clear();
        self.bytes.clear();
        self.header_bytes = 0;
    }
}

fn append(bytes: &mut Vec<u8>, part: Option<&[u8]>) -> Option<Range<usize>> {
    let part = part?;
    let start = bytes.len();
    bytes.extend_from_slice(part);
    Some(start..bytes.len())
}
