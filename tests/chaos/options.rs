//! What is asked for on the command line.

use crate::deck::{self, Fault};

/// Lets everything die while transactions flow, and counts what was lost or repeated.
///
/// Without options: one of each fault that takes little time.
#[derive(Debug, clap::Parser)]
pub(crate) struct Options {
    /// Repeats the order and the moments of an earlier run
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Go on until so many transactions are sent
    #[arg(long, default_value_t = 0)]
    pub(crate) transactions: u64,
    /// Go on until so many processes are killed
    #[arg(long, default_value_t = 0)]
    pub(crate) kills: usize,
    /// Transactions a second
    #[arg(long, default_value_t = 1000)]
    pub(crate) rate: u32,
    /// All faults, the slow ones too
    #[arg(long)]
    pub(crate) all: bool,
    /// Only faults whose name holds this text
    pub(crate) name: Option<String>,
}

impl Options {
    /// The faults of this round; the slow ones, if asked for, come in every fourth.
    pub(crate) fn deck(&self, round: usize) -> Vec<Fault> {
        let mut deck = deck::all();
        if let Some(name) = &self.name {
            deck.retain(|fault| fault.name().contains(name.as_str()));
        } else if !self.all || !round.is_multiple_of(4) {
            deck.retain(Fault::is_quick);
        }
        deck
    }
}
