//! Customers, terminals, and which terminals a customer goes to.

use rand::{Rng, RngExt};
use rand_distr::{Normal, Open01, Poisson, Uniform};

use super::SimulateOptions;
use super::transactions::{RandomStream, random};

/// The map is a square of this side.
const SIDE: f64 = 100.0;
/// The most that a customer buys in a day, on average.
const MOST_TRANSACTIONS_A_DAY: f64 = 4.0;
/// Least and most of the average amounts.
const MEAN_AMOUNT: (f64, f64) = (5.0, 100.0);

/// A customer's habits.
pub(super) struct Customer {
    /// The average amount.
    pub(super) mean_amount: f64,
    /// The amounts; some are negative, see `transactions`.
    pub(super) amounts: Normal<f64>,
    /// How many transactions a day.
    pub(super) transactions_a_day: Poisson<f64>,
    /// Indices of the terminals within reach.
    pub(super) terminals: Vec<u32>,
}

/// Everyone who takes part.
pub(super) struct Population {
    pub(super) customers: Vec<Customer>,
    pub(super) terminal_count: usize,
}

impl Population {
    pub(super) fn new(options: &SimulateOptions) -> Self {
        let terminals = TerminalMap::new(options);
        let mut rng = random(options.seed, RandomStream::Customers);
        let customers = (0..options.customers)
            .map(|_| customer(&mut rng, &terminals, options.radius))
            .collect();
        Self {
            customers,
            terminal_count: options.terminals as usize,
        }
    }

    /// Someone must be able to buy something.
    pub(super) fn check(&self, options: &SimulateOptions) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.customers
                .iter()
                .any(|customer| !customer.terminals.is_empty()),
            "none of the {} customers has a terminal within reach, so there is nothing to write: \
             raise --terminals, --customers or --radius",
            options.customers
        );
        Ok(())
    }
}

fn customer(rng: &mut impl Rng, terminals: &TerminalMap, radius: f64) -> Customer {
    let (x, y) = place(rng);
    let mean_amount = rng.sample(Uniform::new(MEAN_AMOUNT.0, MEAN_AMOUNT.1).expect("a range"));
    // Open01, because a Poisson distribution of mean 0 is none.
    let transactions_a_day = MOST_TRANSACTIONS_A_DAY * rng.sample::<f64, _>(Open01);
    Customer {
        mean_amount,
        amounts: Normal::new(mean_amount, mean_amount / 2.0).expect("a finite deviation"),
        transactions_a_day: Poisson::new(transactions_a_day).expect("a positive mean"),
        terminals: terminals.within(radius, x, y),
    }
}

fn place(rng: &mut impl Rng) -> (f64, f64) {
    let side = Uniform::new(0.0, SIDE).expect("a range");
    (rng.sample(side), rng.sample(side))
}

/// Terminals by their x, so that a search looks at a strip only.
struct TerminalMap {
    /// x, y, index.
    places: Vec<(f64, f64, u32)>,
}

impl TerminalMap {
    fn new(options: &SimulateOptions) -> Self {
        let mut rng = random(options.seed, RandomStream::Terminals);
        let mut places: Vec<_> = (0..options.terminals)
            .map(|index| {
                let (x, y) = place(&mut rng);
                (x, y, index)
            })
            .collect();
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { places }
    }

    /// Terminals nearer than `radius`.
    fn within(&self, radius: f64, x: f64, y: f64) -> Vec<u32> {
        let strip = self.places.partition_point(|place| place.0 <= x - radius)
            ..self.places.partition_point(|place| place.0 < x + radius);
        self.places[strip]
            .iter()
            .filter(|place| (place.0 - x).hypot(place.1 - y) < radius)
            .map(|place| place.2)
            .collect()
    }
}
