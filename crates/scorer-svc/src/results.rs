//! Where results go.

use std::io;

use anyhow::Context as _;
use schema::result::{self, MODEL_HEADER, SOURCE_HEADER, ScoredTransaction, TRACEPARENT_HEADER};
use schema::transaction::TransactionSchema;
use service_runtime::Failure;
use service_runtime::kafka::Headers;

use crate::batch::Source;
use crate::console::Console;
use crate::interruption::Interruption;
use crate::producer::{Producer, Record, Sent};

/// Takes results, one by one.
#[derive(Debug)]
pub(crate) enum Results {
    /// To Kafka.
    Topic(TopicResults),
    /// To stdout.
    Console(Console),
}

/// Results on their way to the topic.
#[derive(Debug)]
pub(crate) struct TopicResults {
    topic: String,
    model: Option<String>,
    key: Vec<u8>,
    value: Vec<u8>,
    source: Vec<u8>,
}

impl Results {
    /// To `topic`; with headers where `model`, the value of the first one, is given.
    pub(crate) fn to_topic(topic: String, model: Option<String>) -> Self {
        Self::Topic(TopicResults {
            topic,
            model,
            key: Vec::new(),
            value: Vec::new(),
            source: Vec::new(),
        })
    }

    /// To stdout, after the schema of the input.
    pub(crate) fn to_console(schema: &TransactionSchema) -> Result<Self, Failure> {
        Console::start(&mut io::stdout(), schema)
            .map(Self::Console)
            .context("cannot print to stdout")
            .map_err(Failure::runtime)
    }

    /// Takes a result of the transaction at `source`.
    pub(crate) fn send(
        &mut self,
        producer: &Producer,
        scored: &ScoredTransaction<'_>,
        source: &Source,
        traceparent: Option<&[u8]>,
    ) -> Result<Sent, Interruption> {
        match self {
            Self::Topic(results) => results.send(producer, scored, source, traceparent),
            Self::Console(console) => {
                console.push(scored);
                Ok(Sent::Queued)
            }
        }
    }

    /// Prints what isn't on a topic.
    pub(crate) fn print(&mut self) -> Result<(), Interruption> {
        let Self::Console(console) = self else {
            return Ok(());
        };
        console
            .print(&mut io::stdout())
            .context("cannot print to stdout")
            .map_err(|error| Interruption::Fatal(Failure::runtime(error)))
    }

    /// What was taken since the last commit will come again.
    pub(crate) fn undone(&mut self) {
        if let Self::Console(console) = self {
            console.clear();
        }
    }
}

impl TopicResults {
    fn send(
        &mut self,
        producer: &Producer,
        scored: &ScoredTransaction<'_>,
        source: &Source,
        traceparent: Option<&[u8]>,
    ) -> Result<Sent, Interruption> {
        self.key.clear();
        push_number(&mut self.key, scored.transaction_id);
        self.value.clear();
        result::write(&mut self.value, scored);
        let headers = self.headers(source, traceparent);
        producer.send(Record {
            topic: &self.topic,
            partition: None,
            key: Some(&self.key),
            value: Some(&self.value),
            headers,
        })
    }

    fn headers(&mut self, source: &Source, traceparent: Option<&[u8]>) -> Option<Headers> {
        let model = self.model.as_deref()?;
        self.source.clear();
        push_number(&mut self.source, source.partition);
        self.source.push(b':');
        push_number(&mut self.source, source.offset);
        self.source.push(b':');
        push_number(&mut self.source, source.timestamp);
        let mut headers = Headers::default();
        headers.add(MODEL_HEADER.as_bytes(), Some(model.as_bytes()));
        headers.add(SOURCE_HEADER.as_bytes(), Some(&self.source));
        if traceparent.is_some() {
            headers.add(TRACEPARENT_HEADER.as_bytes(), traceparent);
        }
        Some(headers)
    }
}

fn push_number(bytes: &mut Vec<u8>, number: impl itoa::Integer) {
    bytes.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
