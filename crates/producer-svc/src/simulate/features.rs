//! The 15 features of a transaction.

use super::history::{History, WindowSum};
use super::population::Population;
use super::transactions::{SECONDS_A_DAY, Transaction};

/// The windows of customers and terminals, in days.
pub(super) const WINDOW_DAYS: [i64; 3] = [1, 7, 30];
/// Days until a fraud is known; a terminal's windows end that long ago.
const DELAY_DAYS: i64 = 7;
/// Up to 06:59:59 it is night.
const LAST_HOUR_OF_NIGHT: i64 = 6;

/// A transaction with its features.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FeatureRow {
    pub(super) second: i64,
    pub(super) cents: i64,
    pub(super) customer: u32,
    pub(super) terminal: u32,
    pub(super) fraud: bool,
    pub(super) is_weekend: bool,
    pub(super) is_night: bool,
    /// The customer's transactions and cents in each window up to this
    /// transaction, itself included.
    pub(super) customer_windows: [WindowSum; 3],
    /// The terminal's transactions and frauds in each window up to 7 days ago.
    pub(super) terminal_windows: [WindowSum; 3],
}

/// Adds features to transactions that come in order of time.
pub(super) struct FeatureBuilder {
    customers: Vec<History>,
    terminals: Vec<History>,
}

impl FeatureBuilder {
    pub(super) fn new(population: &Population) -> Self {
        Self {
            customers: vec![History::default(); population.customers.len()],
            terminals: vec![History::default(); population.terminal_count],
        }
    }

    /// The transaction's features; it belongs to the past of those that follow.
    pub(super) fn add(&mut self, transaction: &Transaction) -> FeatureRow {
        let now = transaction.second;
        let longest = WINDOW_DAYS[2] * SECONDS_A_DAY;

        let customer = &mut self.customers[transaction.customer as usize];
        customer.forget(now - longest);
        customer.push(now, transaction.cents);

        let known = now - DELAY_DAYS * SECONDS_A_DAY;
        let terminal = &mut self.terminals[transaction.terminal as usize];
        terminal.forget(known - longest);
        terminal.push(now, i64::from(transaction.fraud));

        FeatureRow {
            second: now,
            cents: transaction.cents,
            customer: transaction.customer,
            terminal: transaction.terminal,
            fraud: transaction.fraud,
            is_weekend: is_weekend(now),
            is_night: now.rem_euclid(SECONDS_A_DAY) / 3_600 <= LAST_HOUR_OF_NIGHT,
            customer_windows: WINDOW_DAYS
                .map(|days| customer.window(now - days * SECONDS_A_DAY, now)),
            terminal_windows: WINDOW_DAYS
                .map(|days| terminal.window(known - days * SECONDS_A_DAY, known)),
        }
    }
}

/// Saturday or Sunday.
fn is_weekend(second: i64) -> bool {
    // 1970-01-01 was a Thursday; counted from Monday it is day 3.
    (second.div_euclid(SECONDS_A_DAY) + 3).rem_euclid(7) >= 5
}

impl WindowSum {
    /// The mean of amounts in cents, in units; the nearest double, so that the
    /// mean of one amount is that amount.
    pub(super) fn mean_amount(self) -> f64 {
        self.sum as f64 / (100.0 * f64::from(self.count))
    }

    /// The share of frauds, 0 where there were no transactions.
    pub(super) fn risk(self) -> f64 {
        match self.count {
            0 => 0.0,
            count => self.sum as f64 / f64::from(count),
        }
    }
}
