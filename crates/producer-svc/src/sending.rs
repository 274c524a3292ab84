//! The loop that reads rows and puts them into the outbox.

use std::fmt::Write as _;
use std::io;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use service_runtime::Context;
use tracing::{error, info};

use crate::config::ProducerConfig;
use crate::metrics::Metrics;
use crate::outbox::{Outbox, Queued};
use crate::pace::Pace;
use crate::progress::Progress;
use crate::sample::Sample;
use crate::show::KeyValueTable;
use crate::source::Source;

/// Messages between two looks at progress and health.
const MESSAGES_PER_LOOK: u64 = 256;
/// The longest wait between two looks.
const WAIT: Duration = Duration::from_millis(100);
/// The pause when the queue is full, which holds seconds of work.
const FULL_QUEUE_WAIT: Duration = Duration::from_millis(2);
/// Rows without an id that are named one by one.
const NAMED_ROWS: u64 = 10;
/// The loop's name in `/livez`.
const LOOP: &str = "send";

/// Why sending ended, if not by a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All rows were read.
    Complete,
    /// The wish to stop came.
    Stopped,
}

/// A run over the source.
pub(crate) struct Sending<'a> {
    config: &'a ProducerConfig,
    context: &'a Context,
    metrics: &'a Metrics,
    outbox: &'a Outbox,
    source: &'a Source,
    sample: &'a Sample,
    pace: Option<Pace>,
    table: Option<KeyValueTable>,
    progress: Progress,
    started: Instant,
    /// Messages put into the outbox.
    queued: u64,
    /// Rows that had no id.
    without_id: u64,
    key: String,
    value: Vec<u8>,
}

impl<'a> Sending<'a> {
    pub(crate) fn new(
        config: &'a ProducerConfig,
        context: &'a Context,
        metrics: &'a Metrics,
        outbox: &'a Outbox,
        source: &'a Source,
        sample: &'a Sample,
    ) -> Result<Self> {
        let rows = sample.size(source.row_count());
        Ok(Self {
            config,
            context,
            metrics,
            outbox,
            source,
            sample,
            pace: config.interval()?.map(Pace::every),
            table: config.print.then(KeyValueTable::default),
            progress: Progress::new((!config.repeat).then_some(rows), "transactions"),
            started: Instant::now(),
            queued: 0,
            without_id: 0,
            key: String::new(),
            value: Vec::new(),
        })
    }

    /// Sends the rows, over and over if so configured, and waits until the broker
    /// has acknowledged them.
    ///
    /// # Errors
    /// Where a row can't be read or a message was given up.
    pub(crate) fn run(&mut self) -> Result<End> {
        self.context.health.busy(LOOP);
        let mut end = self.send_rows()?;
        while self.config.repeat && end == End::Complete {
            end = self.send_rows()?;
        }
        if let Some(table) = &mut self.table {
            table
                .finish(&mut io::stdout().lock())
                .context("cannot print")?;
        }
        self.flush()?;
        Ok(end)
    }

    /// Ends the progress; how long it took, and how many rows had no id.
    pub(crate) fn finish(self) -> (Duration, u64) {
        self.context.health.idle(LOOP);
        self.progress.finish();
        (self.started.elapsed(), self.without_id)
    }

    fn send_rows(&mut self) -> Result<End> {
        for group in self.source.row_groups() {
            let selected = self.sample.within(group.rows());
            if selected.is_empty() {
                continue;
            }
            let (writer, batches) = group.read(selected)?;
            let mut position = 0;
            for batch in batches {
                let batch = batch?;
                for row in 0..batch.num_rows() {
                    self.value.clear();
                    match writer.write(&batch, row, &mut self.value) {
                        Some(id) => {
                            if self.send(id)? == End::Stopped {
                                return Ok(End::Stopped);
                            }
                        }
                        None => self.leave_out(&group.describe_row(selected.place(position))),
                    }
                    position += 1;
                }
            }
        }
        Ok(End::Complete)
    }

    /// Sends `self.value` when it is due and the queue has room.
    fn send(&mut self, id: i64) -> Result<End> {
        if self.wait_until_due()? == End::Stopped {
            return Ok(End::Stopped);
        }
        self.key.clear();
        write!(self.key, "{id}").expect("a string takes all");
        while self.outbox.put(&self.key, &self.value)? == Queued::Full {
            self.look()?;
            if self.context.shutdown.wait_timeout(FULL_QUEUE_WAIT) {
                return Ok(End::Stopped);
            }
        }
        if let Some(pace) = &mut self.pace {
            pace.sent(self.started.elapsed());
        }
        if let Some(table) = &mut self.table {
            table
                .push(&mut io::stdout().lock(), &self.key, &self.value)
                .context("cannot print")?;
        }
        self.queued += 1;
        if self.queued.is_multiple_of(MESSAGES_PER_LOOK) {
            self.look()?;
        }
        Ok(End::Complete)
    }

    fn wait_until_due(&mut self) -> Result<End> {
        loop {
            let now = self.started.elapsed();
            let wait = self
                .pace
                .as_ref()
                .map_or(Duration::ZERO, |pace| pace.wait(now));
            if self.context.shutdown.is_requested() {
                return Ok(End::Stopped);
            }
            if wait.is_zero() {
                return Ok(End::Complete);
            }
            self.context.shutdown.wait_timeout(wait.min(WAIT));
            self.look()?;
        }
    }

    /// A row without an id has no key, and the scorer would reject it.
    fn leave_out(&mut self, row: &str) {
        self.without_id += 1;
        self.metrics.failed.inc();
        if self.without_id <= NAMED_ROWS {
            error!("{row}: no transaction_id, so it is not sent");
        }
        if self.without_id == NAMED_ROWS {
            error!("further rows without transaction_id are only counted");
        }
    }

    /// Waits for the broker's answers; once the wish to stop came, only as long
    /// as the time to stop allows.
    fn flush(&mut self) -> Result<()> {
        let mut give_up_at = None;
        while !self.outbox.flush()? {
            self.look()?;
            if self.context.shutdown.is_requested() {
                let budget = self.context.config.service.shutdown_timeout * 3 / 4;
                let give_up_at = *give_up_at.get_or_insert_with(|| Instant::now() + budget);
                ensure!(
                    Instant::now() < give_up_at,
                    "stopped, and no broker acknowledged the queued transactions within {budget:?}"
                );
            }
        }
        Ok(())
    }

    /// What is due now and then: failures, health, progress.
    fn look(&mut self) -> Result<()> {
        self.outbox.check()?;
        self.context.health.progress(LOOP);
        if self.progress.is_line_due(self.queued) {
            info!(sent = self.outbox.sent(), "sending");
        }
        Ok(())
    }
}
