//! `producer-svc simulate`: a data set of card transactions with known frauds.
//!
//! It follows the definitions that the Fraud Detection Handbook publishes in its
//! chapter "Transaction data simulator" and, for the features, "Baseline feature
//! transformation" (<https://fraud-detection-handbook.github.io/>). The
//! distributions agree with the Handbook's, the random numbers don't.

mod dataset;
mod features;
mod history;
mod options;
mod population;
mod transactions;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use service_runtime::{Failure, Progress};

use dataset::DatasetWriter;
use features::FeatureBuilder;
pub use options::SimulateOptions;
use population::Population;
use transactions::TransactionGenerator;

/// What a simulation left on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Transactions written, those of the warm-up not counted.
    pub transactions: u64,
    /// Frauds among them.
    pub frauds: u64,
}

/// Runs the command; says on stderr what came of it.
pub fn run(options: &SimulateOptions) -> ExitCode {
    let start = Instant::now();
    match simulate(options) {
        Ok(summary) => {
            eprintln!(
                "wrote {} transactions of {} days, {} of them frauds ({:.2} %), to {} in {:.1} s",
                summary.transactions,
                options.days,
                summary.frauds,
                100.0 * summary.frauds as f64 / summary.transactions.max(1) as f64,
                options.out.display(),
                start.elapsed().as_secs_f64(),
            );
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}

/// Writes the data set; the folder holds either all of it or none.
///
/// # Errors
/// [`Failure::Start`] where the options can't be meant or the folder is in use,
/// [`Failure::Runtime`] where writing fails.
pub fn simulate(options: &SimulateOptions) -> Result<Summary, Failure> {
    let first_day = options.check().map_err(Failure::start)?;
    let population = Population::new(options);
    population.check(options).map_err(Failure::start)?;
    let writer = DatasetWriter::create(&options.out).map_err(Failure::start)?;
    write_days(options, first_day, population, writer).map_err(Failure::runtime)
}

fn write_days(
    options: &SimulateOptions,
    first_day: i64,
    population: Population,
    mut writer: DatasetWriter,
) -> Result<Summary> {
    let mut features = FeatureBuilder::new(&population);
    let mut generator = TransactionGenerator::new(options.seed, population);
    let mut summary = Summary::default();

    let warm_up_days = i64::from(options.warm_up_days);
    let all_days = warm_up_days + i64::from(options.days);
    let mut progress = Progress::new(Some(all_days.unsigned_abs()), "days");
    for done in 0..all_days {
        let day = first_day - warm_up_days + done;
        let rows: Vec<_> = generator
            .next_day(day)
            .iter()
            .map(|transaction| features.add(transaction))
            .collect();
        if done >= warm_up_days {
            writer.write_day(day, summary.transactions, &rows)?;
            summary.transactions += rows.len() as u64;
            summary.frauds += rows.iter().filter(|row| row.fraud).count() as u64;
        }
        if progress.is_line_due((done + 1).unsigned_abs()) {
            eprintln!("simulated {} of {all_days} days", done + 1);
        }
    }
    progress.finish();
    writer
        .publish()
        .with_context(|| format!("publish the data set in {}", options.out.display()))?;
    Ok(summary)
}

#[cfg(test)]
mod tests;
