//! The options of `simulate` and what they must satisfy.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use chrono::NaiveDate;
use clap::Args;

/// The most customers or terminals: their ids and the tables of who is near
/// whom stay within reason.
const MOST: i64 = 1_000_000;

/// The command's options; their limits are checked by clap where they stand
/// alone, else by `SimulateOptions::check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct SimulateOptions {
    /// Folder to write to, new or empty: year=YYYY/month=MM/day=DD/*.parquet
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Customers; about two transactions a day each
    #[arg(long, value_name = "N", default_value_t = 5_000,
        value_parser = clap::value_parser!(u32).range(1..=MOST))]
    pub customers: u32,
    /// Terminals on the same 100 x 100 map
    #[arg(long, value_name = "N", default_value_t = 10_000,
        value_parser = clap::value_parser!(u32).range(1..=MOST))]
    pub terminals: u32,
    /// Days to write
    #[arg(long, value_name = "N", default_value_t = 120,
        value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub days: u32,
    /// First day to write
    #[arg(long, value_name = "DATE", default_value = "2019-08-01")]
    pub start: NaiveDate,
    /// Days before it that are simulated but not written, so that the first
    /// windows (30 days, and 7 of delay) are full
    #[arg(long, value_name = "N", default_value_t = 37,
        value_parser = clap::value_parser!(u32).range(0..=3_650))]
    pub warm_up_days: u32,
    /// How far customers go to a terminal
    #[arg(long, value_name = "DISTANCE", default_value_t = 5.0)]
    pub radius: f64,
    /// The same seed and options make the same data set
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

const EXAMPLES: &str = "\
Examples:
  # The default: 120 days, 5,000 customers, over a million transactions
  producer-svc simulate --out data

  # A small one to look at
  producer-svc simulate --out small --customers 500 --terminals 1000 --days 10

  # Another world from another day on
  producer-svc simulate --out other --seed 7 --start 2024-01-01";

impl SimulateOptions {
    /// The first day to write, in days since the Unix epoch.
    pub(super) fn check(&self) -> Result<i64> {
        ensure!(
            self.radius.is_finite() && self.radius > 0.0,
            "--radius {} must be greater than 0",
            self.radius
        );
        let first_day = self.start.to_epoch_days();
        ensure!(
            first_day >= self.warm_up_days.cast_signed() && first_day <= days_until_year_9000(),
            "--start {} must leave its {} warm-up days after 1970-01-01 and lie before 9000",
            self.start,
            self.warm_up_days
        );
        let most_transactions = 4 * u64::from(self.customers) * u64::from(self.days);
        ensure!(
            most_transactions <= u64::from(i32::MAX.unsigned_abs()),
            "{} customers over {} days may make more transactions than 32-bit ids can name: \
             lower --customers or --days",
            self.customers,
            self.days
        );
        Ok(i64::from(first_day))
    }
}

fn days_until_year_9000() -> i32 {
    NaiveDate::from_ymd_opt(9000, 1, 1)
        .expect("a date")
        .to_epoch_days()
}
