//! Transactions day by day, and which of them are frauds.

use rand::distr::Uniform;
use rand::rngs::ChaCha8Rng;
use rand::seq::{IndexedRandom, index};
use rand::{RngExt, SeedableRng};
use rand_distr::Normal;

use super::population::{Customer, Population};

pub(super) const SECONDS_A_DAY: i64 = 86_400;

/// Time of day: most people buy around noon.
const TIME_OF_DAY_DEVIATION: f64 = 20_000.0;

/// Scenario 1: amounts above 220 are frauds.
const CONSPICUOUS_CENTS: i64 = 22_000;
/// Scenario 2: terminals that are compromised each day, and for how many days.
const TERMINALS_A_DAY: usize = 2;
const TERMINAL_DAYS: i64 = 28;
/// Scenario 3: customers whose card leaks each day, for how many days, which
/// share of their transactions is a fraud and by how much its amount grows.
const CUSTOMERS_A_DAY: usize = 3;
const CUSTOMER_DAYS: i64 = 14;
const LEAKED_SHARE: (u32, u32) = (1, 3);
const LEAKED_FACTOR: i64 = 5;

/// A purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transaction {
    /// Seconds since the Unix epoch.
    pub(super) second: i64,
    /// Amounts are whole cents, so that sums of them are exact.
    pub(super) cents: i64,
    pub(super) customer: u32,
    pub(super) terminal: u32,
    pub(super) fraud: bool,
}

/// Makes the transactions of one day after the other.
pub(super) struct TransactionGenerator {
    seed: u64,
    population: Population,
    /// The first day on which the terminal is trustworthy again.
    terminal_compromised_until: Vec<i64>,
    /// The first day on which the customer's card is safe again.
    customer_compromised_until: Vec<i64>,
}

impl TransactionGenerator {
    pub(super) fn new(seed: u64, population: Population) -> Self {
        Self {
            seed,
            terminal_compromised_until: vec![i64::MIN; population.terminal_count],
            customer_compromised_until: vec![i64::MIN; population.customers.len()],
            population,
        }
    }

    /// The transactions of `day` (since the Unix epoch) in order of time;
    /// days come in order.
    pub(super) fn next_day(&mut self, day: i64) -> Vec<Transaction> {
        let mut rng = random(self.seed, RandomStream::Day(day));
        compromise(
            &mut rng,
            TERMINALS_A_DAY,
            &mut self.terminal_compromised_until,
            day + TERMINAL_DAYS,
        );
        compromise(
            &mut rng,
            CUSTOMERS_A_DAY,
            &mut self.customer_compromised_until,
            day + CUSTOMER_DAYS,
        );

        let mut transactions = Vec::new();
        for (index, customer) in (0..).zip(&self.population.customers) {
            // A float by the distribution's definition, but a whole number.
            let count = rng.sample(customer.transactions_a_day) as u32;
            for _ in 0..count {
                transactions.extend(self.transaction(&mut rng, day, index, customer));
            }
        }
        // Stable: transactions of one second stay in the order of their customers.
        transactions.sort_by_key(|transaction| transaction.second);
        transactions
    }

    /// `None` where its time falls outside the day or no terminal is in reach.
    fn transaction(
        &self,
        rng: &mut ChaCha8Rng,
        day: i64,
        customer_index: u32,
        customer: &Customer,
    ) -> Option<Transaction> {
        let second_of_day = second_of_day(rng)?;
        let terminal = *customer.terminals.choose(rng)?;
        let mut cents = amount_in_cents(rng, customer);

        let mut fraud =
            cents > CONSPICUOUS_CENTS || day < self.terminal_compromised_until[terminal as usize];
        let card_leaked = day < self.customer_compromised_until[customer_index as usize];
        if card_leaked && rng.random_ratio(LEAKED_SHARE.0, LEAKED_SHARE.1) {
            cents *= LEAKED_FACTOR;
            fraud = true;
        }
        Some(Transaction {
            second: day * SECONDS_A_DAY + second_of_day,
            cents,
            customer: customer_index,
            terminal,
            fraud,
        })
    }
}

fn second_of_day(rng: &mut ChaCha8Rng) -> Option<i64> {
    let noon = SECONDS_A_DAY as f64 / 2.0;
    let time = Normal::new(noon, TIME_OF_DAY_DEVIATION).expect("a finite deviation");
    let second = rng.sample(time).floor() as i64;
    (0..SECONDS_A_DAY).contains(&second).then_some(second)
}

fn amount_in_cents(rng: &mut ChaCha8Rng, customer: &Customer) -> i64 {
    let mut amount = rng.sample(customer.amounts);
    if amount < 0.0 {
        amount = rng.sample(Uniform::new(0.0, 2.0 * customer.mean_amount).expect("a range"));
    }
    (amount * 100.0).round() as i64
}

/// Draws `count` distinct ones, compromised until the day `until`.
fn compromise(rng: &mut ChaCha8Rng, count: usize, compromised_until: &mut [i64], until: i64) {
    let count = count.min(compromised_until.len());
    for index in index::sample(rng, compromised_until.len(), count) {
        compromised_until[index] = until;
    }
}

/// Independent sources of random numbers: what is drawn for a day depends neither
/// on how many days are made nor on which was the first.
#[derive(Clone, Copy)]
pub(super) enum RandomStream {
    Customers,
    Terminals,
    /// Days since the Unix epoch, not negative.
    Day(i64),
}

/// A generator named by its algorithm, so that a seed means the same data with
/// every release of the library.
pub(super) fn random(seed: u64, stream: RandomStream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(match stream {
        RandomStream::Customers => u64::MAX,
        RandomStream::Terminals => u64::MAX - 1,
        RandomStream::Day(day) => day.unsigned_abs(),
    });
    rng
}
