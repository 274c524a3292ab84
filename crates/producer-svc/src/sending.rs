//! The loop that reads rows and puts them into the outbox.

use std::fmt::Write as _;
use std::io;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use service_runtime::{Context, Progress};
use tracing::{error, info};

use crate::config::ProducerConfig;
use crate::metrics::Metrics;
use crate::outbox::{Outbox, Queued};
use crate::pace::Pace;
use crate::sample::{Sample, Selected};
use crate::show::KeyValueTable;
use crate::source::{RowGroup, Source};

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
    config: ProducerConfig,
    context: Context,
    metrics: &'a Metrics,
    outbox: &'a mut Outbox,
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
        config: ProducerConfig,
        context: Context,
        metrics: &'a Metrics,
        outbox: &'a mut Outbox,
        source: &'a Source,
        sample: &'a Sample,
    ) -> Result<Self> {
        let rows = sample.size(source.row_count());
        Ok(Self {
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
            config,
            context,
        })
    }

    /// Sends the rows, over and over if so configured, and waits until the broker
    /// has acknowledged them.
    ///
    /// # Errors
    /// Where a row can't be read, a message was given up, or the output is closed.
    pub(crate) fn run(&mut self) -> Result<End> {
        self.context.health.busy(LOOP);
        let end = self.send_all();
        // What is queued goes out whatever ended the reading.
        let outcome = self.flush().and(end);
        if outcome.is_err() {
            self.outbox.give_up();
        }
        outcome
    }

    /// Tells progress, health and watchdog that nothing is left to do; how long it
    /// took, and how many rows had no id.
    pub(crate) fn finish(self) -> (Duration, u64) {
        self.context.health.idle(LOOP);
        self.context.shutdown.nothing_to_lose();
        self.progress.finish();
        (self.started.elapsed(), self.without_id)
    }

    fn send_all(&mut self) -> Result<End> {
        let mut end = self.send_source()?;
        while self.config.repeat && end == End::Complete {
            end = self.send_source()?;
        }
        if let Some(table) = &mut self.table {
            table
                .finish(&mut io::stdout().lock())
                .context("cannot print")?;
        }
        Ok(end)
    }

    fn send_source(&mut self) -> Result<End> {
        for group in self.source.row_groups() {
            let selected = self.sample.within(group.rows());
            if !selected.is_empty() && self.send_group(&group, selected)? == End::Stopped {
                return Ok(End::Stopped);
            }
        }
        Ok(End::Complete)
    }

    fn send_group(&mut self, group: &RowGroup<'_>, selected: Selected<'_>) -> Result<End> {
        let (writer, batches) = match group.read(selected) {
            Err(_) if self.context.shutdown.is_requested() => return Ok(End::Stopped),
            read => read?,
        };
        let mut position = 0;
        for batch in batches {
            let batch = batch?;
            for row in 0..batch.num_rows() {
                self.value.clear();
                match writer.write(&batch, row, &mut self.value) {
                    Some(id) => self.send(id)?,
                    None => self.leave_out(&group.describe_row(selected.place(position))),
                }
                if self.context.shutdown.is_requested() {
                    return Ok(End::Stopped);
                }
                position += 1;
            }
            self.look()?;
        }
        Ok(End::Complete)
    }

    /// Sends `self.value` when it is due and the queue has room, unless the wish to
    /// stop comes first.
    fn send(&mut self, id: i64) -> Result<()> {
        self.wait_until_due()?;
        self.key.clear();
        write!(self.key, "{id}").expect("a string takes all");
        loop {
            if self.context.shutdown.is_requested() {
                return Ok(());
            }
            match self.outbox.put(&self.key, &self.value)? {
                Queued::Taken => break,
                Queued::Full => {
                    self.look()?;
                    self.context.shutdown.wait_timeout(FULL_QUEUE_WAIT);
                }
            }
        }
        self.queued += 1;
        if let Some(pace) = &mut self.pace {
            pace.sent(self.started.elapsed());
        }
        if let Some(table) = &mut self.table {
            table
                .push(&mut io::stdout().lock(), &self.key, &self.value)
                .context("cannot print")?;
        }
        Ok(())
    }

    fn wait_until_due(&mut self) -> Result<()> {
        while let Some(pace) = &self.pace {
            let wait = pace.wait(self.started.elapsed());
            if wait.is_zero() || self.context.shutdown.wait_timeout(wait.min(WAIT)) {
                break;
            }
            self.look()?;
        }
        Ok(())
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
        self.outbox.look_after()?;
        self.context.health.progress(LOOP);
        if self.progress.is_line_due(self.queued) {
            info!(sent = self.outbox.sent(), "sending");
        }
        Ok(())
    }
}
