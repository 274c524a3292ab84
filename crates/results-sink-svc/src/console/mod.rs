//! Results on standard output, exactly as the seed's `kafka_consumer.py` prints them.
//!
//! A line is printed as soon as its message is read, not when its file is published: who
//! watches wants to see results come, and a file may stay open for minutes. So what a killed
//! process had printed and not committed is printed again by its successor.

mod printed;
mod python_json;
mod python_repr;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use printed::Printed;
use python_json::write_json;
use python_repr::write_bytes;

/// Printed before the first message.
const GREETING: &str = "Waiting for a new messages. Press Ctrl+C to stop\n";
/// Lines are handed to the system at the latest when they are this long together.
const FLUSH_BYTES: usize = 64 * 1024;

/// Lines on their way to standard output.
#[derive(Debug)]
pub(crate) struct Console {
    pending: String,
    printed: Printed,
}

/// A message with its place in Kafka.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PrintedMessage<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// Kafka's, in milliseconds since 1970, where there is one.
    pub(crate) timestamp: Option<i64>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: &'a [u8],
}

impl Console {
    /// A console that will greet.
    pub(crate) fn new() -> Self {
        Self {
            pending: GREETING.to_owned(),
            printed: Printed::default(),
        }
    }

    /// Adds the line of `message`, unless it was there before.
    pub(crate) fn print(&mut self, message: &PrintedMessage<'_>) -> io::Result<()> {
        let PrintedMessage {
            partition,
            offset,
            timestamp,
            ..
        } = *message;
        if !self.printed.is_new(partition, offset, timestamp) {
            return Ok(());
        }
        write_line(&mut self.pending, message);
        if self.pending.len() >= FLUSH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Whether lines wait for [`Self::flush`].
    pub(crate) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Hands all lines to the system.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(self.pending.as_bytes())?;
        stdout.flush()?;
        self.pending.clear();
        Ok(())
    }
}

/// Appends `results:1:76: key=b'125713051' value={'transaction_id': 125713051, …}`.
fn write_line(out: &mut String, message: &PrintedMessage<'_>) {
    out.push_str(message.topic);
    out.push_str(&format!(":{}:{}: key=", message.partition, message.offset));
    match message.key {
        Some(key) => write_bytes(out, key),
        None => out.push_str("None"),
    }
    out.push_str(" value=");
    // Python raises on JSON that is nested deeper than its stack; the bytes
    // themselves are then the honest answer.
    if write_json(out, message.value).is_none() {
        write_bytes(out, message.value);
    }
    out.push('\n');
}
