//! The daemon: from the files to the topic, and an account at the end.

use std::time::Duration;

use anyhow::anyhow;
use service_runtime::{Context, Failure, Reason};
use tracing::info;

use crate::config::ProducerConfig;
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::sample::Sample;
use crate::sending::{End, Sending};
use crate::source::Source;

/// Sends the transactions of the source, once or for ever.
///
/// # Errors
/// [`Failure::Start`] for a source that can't be sent, [`Failure::Runtime`] where
/// not every transaction was delivered.
pub fn run(config: ProducerConfig, context: Context) -> Result<(), Failure> {
    let source = match Source::open(&config, &context) {
        Err(_) if context.shutdown.is_requested() => return stopped_early(),
        source => source.map_err(Failure::start)?,
    };
    let sample = Sample::draw(config.sample, source.row_count(), config.seed);
    info!(
        files = source.file_count(),
        rows = source.row_count(),
        to_send = sample.size(source.row_count()),
        "found transactions in {}",
        config.source
    );
    let metrics = Metrics::register(&context.registry).map_err(Failure::start)?;
    let Some(mut outbox) = Outbox::connect(&config, &context, metrics.clone())? else {
        return stopped_early();
    };
    context.health.resolved(Reason::Starting);

    let mut sending = Sending::new(config, context, &metrics, &mut outbox, &source, &sample)
        .map_err(Failure::start)?;
    let outcome = sending.run();
    let (elapsed, without_id) = sending.finish();
    let how = match outcome {
        Ok(End::Complete) if without_id == 0 => "all transactions sent",
        Ok(End::Complete) => "all transactions with an id sent",
        Ok(End::Stopped) => "stopped; what was queued is sent",
        Err(_) => "gave up",
    };
    report(&outbox, elapsed, how);
    match outcome {
        Err(error) => Err(Failure::runtime(error.context(counts(&outbox)))),
        Ok(_) if without_id > 0 => Err(Failure::runtime(anyhow!(
            "{}: {without_id} rows have no transaction_id",
            counts(&outbox)
        ))),
        Ok(End::Complete | End::Stopped) => Ok(()),
    }
}

fn stopped_early() -> Result<(), Failure> {
    info!("stopped before anything was sent");
    Ok(())
}

/// The account of the run, in numbers that a log collector can read.
fn report(outbox: &Outbox, elapsed: Duration, how: &str) {
    let seconds = elapsed.as_secs_f64();
    info!(
        sent = outbox.sent(),
        failed = outbox.failed(),
        seconds = rounded(seconds, 3),
        per_second = rounded(outbox.sent() as f64 / seconds, 1),
        bytes = outbox.bytes(),
        "{how}"
    );
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

fn counts(outbox: &Outbox) -> String {
    format!(
        "{} transactions sent, {} failed",
        outbox.sent(),
        outbox.failed()
    )
}
