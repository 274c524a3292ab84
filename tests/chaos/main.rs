//! Everything that can die, dies, while transactions flow.
//!
//! Real daemons over a real Kafka: transactions to results to files. One fault after
//! the other comes over them ([`fault`]), in an order that the seed decides. What is
//! measured is the time until work goes on; in the end two programs in Python
//! ([`checker`]), which share no code with the daemons, look for what was lost,
//! repeated or swapped.

mod bucket;
mod checker;
mod daemons;
mod deck;
mod fault;
mod options;
mod progress;
#[path = "../end_to_end/support/python.rs"]
mod python;
mod stack;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

use checker::Findings;
use options::Options;
use stack::Stack;
use table::Table;

fn main() -> ExitCode {
    let mut options = Options::parse();
    let seed = *options.seed.get_or_insert_with(rand::random);
    println!("chaos with --seed {seed}");
    match run(&options, seed) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}\nagain with: --seed {seed}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing was wrong.
fn run(options: &Options, seed: u64) -> Result<bool> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut stack = Stack::start(options, seed)?;
    let mut table = Table::default();
    for round in 0.. {
        let mut deck = options.deck(round);
        anyhow::ensure!(!deck.is_empty(), "no fault has such a name");
        deck.shuffle(&mut random);
        for fault in &deck {
            table.add(fault::bring(*fault, &mut stack, &mut random)?);
        }
        if stack.sent()? >= options.transactions && table.kills() >= options.kills {
            break;
        }
    }
    stack.settle()?;
    let findings = stack.check()?;
    report(&table, &findings);
    Ok(findings.is_clean())
}

fn report(table: &Table, findings: &Findings) {
    println!("\n{}", table.markdown(findings));
    for (what, count) in &findings.counts {
        println!("{what}: {count}");
    }
    println!("kills: {}", table.kills());
    for (what, times) in [
        ("lost", &findings.lost),
        ("repeated", &findings.repeated),
        ("out of order", &findings.disordered),
    ] {
        println!("{what}: {}", times.len());
    }
    for fault in &findings.wrong {
        println!("wrong: {fault}");
    }
}
