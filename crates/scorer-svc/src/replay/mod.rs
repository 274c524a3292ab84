//! `scorer-svc replay`: dead letters back to the topic that they came from.
//!
//! It reads what the dead-letter topic holds when it starts, so that a letter which
//! comes back doesn't go round, and sends it in one Kafka transaction: all of it or, if
//! anything fails, nothing. Nothing is remembered: a second run sends it again.

mod letter;
mod selection;
mod transaction;

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;
use service_runtime::kafka::TopicReader;
use service_runtime::{Context, Failure};
use tracing::warn;

use crate::cli::{ReplayArgs, SERVICE};
use crate::config::ReplayConfig;
use crate::producer::Sent;
use letter::Letter;
pub(crate) use selection::{Place, reason, time};
use transaction::Transaction;

/// Replays what the arguments select.
pub(crate) fn run(args: ReplayArgs) -> ExitCode {
    let service_args = args.service.clone();
    service_runtime::run_command(&SERVICE, &service_args, |config, context| {
        replay(&config, &context, args)
    })
}

fn replay(config: &ReplayConfig, context: &Context, args: ReplayArgs) -> Result<(), Failure> {
    let topics = &context.config.topics;
    let mut letters = TopicReader::new(&topics.transactions_dead_letter, context)?;
    let ranges = letters.ranges(args.since)?;
    letters.begin(&selection::ranges(
        &topics.transactions_dead_letter,
        &ranges,
        &args.from,
    )?)?;
    let transaction = if args.dry_run {
        None
    } else {
        Some(Transaction::begin(config, context)?)
    };
    let transactions = TopicReader::new(&topics.transactions, context)?;
    let mut replay = Replay {
        topic: topics.transactions.clone(),
        partitions: transactions.ranges(None)?.into_keys().collect(),
        transactions,
        args,
        transaction,
        counts: Counts::default(),
    };
    let ended = replay.run(&mut letters, context);
    if let (Err(_), Some(transaction)) = (&ended, &replay.transaction) {
        transaction.abort();
    }
    ended.and_then(|()| replay.report())
}

/// A run over the dead letters.
struct Replay {
    /// Where letters go back to.
    topic: String,
    partitions: BTreeSet<i32>,
    /// That topic, for the values of truncated letters.
    transactions: TopicReader,
    args: ReplayArgs,
    /// `None`: nothing is sent.
    transaction: Option<Transaction>,
    counts: Counts,
}

/// What became of the letters.
#[derive(Debug, Default)]
struct Counts {
    replayed: u64,
    of_other_reasons: u64,
    foreign: u64,
    gone: u64,
    too_large: u64,
    without_partition: u64,
}

impl Replay {
    fn run(&mut self, letters: &mut TopicReader, context: &Context) -> Result<(), Failure> {
        while let Some(message) = letters.next_message()? {
            self.take(message)?;
        }
        if context.shutdown.is_requested() {
            return Err(Failure::runtime(anyhow!(
                "stopped: no dead letter was replayed"
            )));
        }
        match &self.transaction {
            Some(transaction) => transaction.commit(),
            None => Ok(()),
        }
    }

    fn take(&mut self, mut message: BorrowedMessage<'_>) -> Result<(), Failure> {
        let place = format!("{}:{}", message.partition(), message.offset());
        let Some(letter) = Letter::of(&message).filter(|letter| letter.topic == self.topic) else {
            self.counts.foreign += 1;
            return Ok(());
        };
        let reasons = &self.args.reason;
        if !reasons.is_empty() && !reasons.iter().any(|code| code.as_str() == letter.code) {
            self.counts.of_other_reasons += 1;
            return Ok(());
        }
        if !self.partitions.contains(&letter.partition) {
            self.counts.without_partition += 1;
            warn!(
                "dead letter {place} is of partition {}, which topic \"{}\" hasn't",
                letter.partition, self.topic
            );
            return Ok(());
        }
        let sent = if letter.is_truncated {
            let key = message.key();
            let written = message.timestamp().to_millis();
            let original = self
                .transactions
                .message_at(letter.partition, letter.offset)?
                // The topic may have been made anew: then what lies there is later than the
                // letter, or has another key, if the letter kept its own.
                .filter(|original| original.timestamp().to_millis() <= written)
                .filter(|original| key.is_none() || original.key() == key);
            let Some(original) = original else {
                self.counts.gone += 1;
                warn!(
                    "dead letter {place} is truncated, and its transaction {}:{} is gone",
                    letter.partition, letter.offset
                );
                return Ok(());
            };
            send(self.transaction.as_ref(), &letter, &original)?
        } else {
            letter.restore(&mut message);
            send(self.transaction.as_ref(), &letter, &message)?
        };
        if sent == Sent::TooLarge {
            self.counts.too_large += 1;
            warn!(
                "dead letter {place} is larger than topic \"{}\" takes",
                self.topic
            );
            return Ok(());
        }
        self.counts.replayed += 1;
        writeln!(
            io::stdout(),
            "{place} {}:{} {}: {}",
            letter.partition,
            letter.offset,
            letter.code,
            letter.message
        )
        .context("cannot print to stdout, so nothing was replayed")
        .map_err(Failure::runtime)
    }

    /// Says what became of the letters.
    fn report(&self) -> Result<(), Failure> {
        let verb = if self.args.dry_run {
            "would replay"
        } else {
            "replayed"
        };
        eprintln!("{verb} {}", self.counts);
        let counts = &self.counts;
        match counts.gone + counts.too_large + counts.without_partition {
            0 => Ok(()),
            lost => Err(Failure::runtime(anyhow!(
                "{lost} selected dead letters can't be replayed"
            ))),
        }
    }
}

fn send(
    transaction: Option<&Transaction>,
    letter: &Letter,
    message: &BorrowedMessage<'_>,
) -> Result<Sent, Failure> {
    match transaction {
        None => Ok(Sent::Queued),
        Some(transaction) => transaction.send(letter.partition, message),
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} dead letters", self.replayed)?;
        for (count, text) in [
            (self.of_other_reasons, "of other reasons left out"),
            (self.foreign, "of other topics left out"),
            (self.gone, "truncated whose transactions are gone"),
            (self.too_large, "too large for the topic"),
            (self.without_partition, "of partitions that are gone"),
        ] {
            if count > 0 {
                write!(f, ", {count} {text}")?;
            }
        }
        Ok(())
    }
}
