//! What happens to each message: a row, a line, or a dead letter.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::mem;
use std::time::Instant;

use anyhow::{Context as _, Result};
use chrono::Utc;
use schema::Rejection;
use schema::result::ResultRecord;
use service_runtime::Failure;
use service_runtime::kafka::FetchedMessage;

use crate::console::{Console, PrintedMessage};
use crate::dead_letter::DeadLetters;
use crate::file_name::FileDate;
use crate::partition::{FileOptions, PartitionWork};
use crate::roll::{RollPolicy, RollReason};
use crate::row::{Origin, Row};

/// The assigned partitions with their uncommitted work, and where messages go.
pub(crate) struct Intake {
    pub(crate) partitions: BTreeMap<i32, PartitionWork>,
    pub(crate) dead_letters: DeadLetters,
    /// `None` until the first assignment, and where no files are written.
    pub(crate) file_options: Option<FileOptions>,
    pub(crate) policy: RollPolicy,
    pub(crate) memory_limit: u64,
    pub(crate) positive_class: usize,
    /// Where each result is read into: its memory is used again.
    pub(crate) record: ResultRecord,
    pub(crate) console: Option<Console>,
    /// The reader of standard output is gone.
    pub(crate) is_console_closed: bool,
}

impl Intake {
    /// Takes a message. An error is fatal; a message that is no result isn't one.
    pub(crate) fn take(&mut self, message: &FetchedMessage<'_>) -> Result<(), Failure> {
        if !self.partitions.contains_key(&message.partition()) {
            // The group is about to take the partition back: a commit failed.
            return Ok(());
        }
        let mut record = mem::take(&mut self.record);
        let taken = match schema::result::parse_into(message.payload(), &mut record) {
            Ok(()) => self.take_result(message, &record).map_err(Failure::Runtime),
            Err(rejection) => self.take_unreadable(message, &rejection),
        };
        self.record = record;
        taken
    }

    /// Closes the ranges that are too old.
    pub(crate) fn close_old(&mut self, now: Instant) -> Result<()> {
        for work in self.partitions.values_mut() {
            if work
                .deadline(&self.policy)
                .is_some_and(|deadline| deadline <= now)
            {
                work.seal(RollReason::Age)?;
            }
        }
        Ok(())
    }

    /// Closes all ranges.
    pub(crate) fn close_all(&mut self, why: RollReason) -> Result<()> {
        for work in self.partitions.values_mut() {
            work.seal(why)?;
        }
        Ok(())
    }

    /// Whether a range waits to be published or committed.
    pub(crate) fn has_sealed(&self) -> bool {
        self.partitions.values().any(|work| !work.sealed.is_empty())
    }

    /// When the next range will be too old.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.partitions
            .values()
            .filter_map(|work| work.deadline(&self.policy))
            .min()
    }

    /// Whether lines wait to be printed.
    pub(crate) fn has_pending_lines(&self) -> bool {
        self.console.as_ref().is_some_and(Console::is_pending)
    }

    /// Hands all lines to standard output.
    pub(crate) fn flush_console(&mut self) -> Result<()> {
        let flushed = match &mut self.console {
            Some(console) if console.is_pending() => console.flush(),
            _ => return Ok(()),
        };
        self.note_printing(flushed)
    }

    fn take_result(&mut self, message: &FetchedMessage<'_>, record: &ResultRecord) -> Result<()> {
        self.print(message)?;
        let row = Row {
            record,
            fraud_probability: record.probability.as_deref().and_then(|probability| {
                fraud_model::fraud_probability(probability, self.positive_class)
            }),
            kafka_partition: message.partition(),
            kafka_offset: message.offset(),
            kafka_timestamp: message.timestamp().to_millis().filter(|&time| time >= 0),
            origin: Origin::of_message(message),
        };
        let work = assigned(&mut self.partitions, message)?;
        match &self.file_options {
            Some(options) => {
                let date = FileDate::of(row.kafka_timestamp, Utc::now());
                work.add_row(&row, date, options)?;
            }
            None => work.add_printed(&row)?,
        }
        self.close_full(message.partition())
    }

    fn take_unreadable(
        &mut self,
        message: &FetchedMessage<'_>,
        rejection: &Rejection,
    ) -> Result<(), Failure> {
        assigned(&mut self.partitions, message)
            .and_then(|work| work.add_unreadable(message.offset(), rejection.code))
            .map_err(Failure::Runtime)?;
        self.dead_letters.send(message, rejection)?;
        self.close_full(message.partition())
            .map_err(Failure::Runtime)
    }

    /// Closes the open range of a partition if it is full, and the largest of all
    /// where memory is.
    fn close_full(&mut self, partition: i32) -> Result<()> {
        let Some(work) = self.partitions.get_mut(&partition) else {
            return Ok(());
        };
        if let Some(why) = work.full(&self.policy) {
            return work.seal(why);
        }
        if !work.has_grown() {
            return Ok(());
        }
        let memory: u64 = self.partitions.values().map(PartitionWork::memory).sum();
        if memory >= self.memory_limit {
            self.close_largest()?;
        }
        Ok(())
    }

    fn print(&mut self, message: &FetchedMessage<'_>) -> Result<()> {
        let Some(console) = &mut self.console else {
            return Ok(());
        };
        let printed = console.print(&PrintedMessage {
            topic: message.topic(),
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp().to_millis(),
            key: message.key(),
            value: message.payload().unwrap_or_default(),
        });
        self.note_printing(printed)
    }

    /// A reader that has gone, such as `head`, ends the daemon quietly.
    fn note_printing(&mut self, printed: io::Result<()>) -> Result<()> {
        match printed {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.console = None;
                self.is_console_closed = true;
                Ok(())
            }
            other => other.context("cannot write to standard output"),
        }
    }

    fn close_largest(&mut self) -> Result<()> {
        let largest = self
            .partitions
            .values_mut()
            .max_by_key(|work| work.open_memory());
        match largest {
            Some(work) if work.open_memory() > 0 => work.seal(RollReason::Memory),
            _ => Ok(()),
        }
    }
}

fn assigned<'a>(
    partitions: &'a mut BTreeMap<i32, PartitionWork>,
    message: &FetchedMessage<'_>,
) -> Result<&'a mut PartitionWork> {
    partitions
        .get_mut(&message.partition())
        .with_context(|| format!("partition {} is not assigned", message.partition()))
}
