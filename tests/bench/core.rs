//! `bench core`: what is done between Kafka and Kafka, on one core.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use fraud_model::{Model, ModelOptions, Scorer};
use local_stack::checkout;
use schema::result;
use schema::transaction::{TransactionBatch, TransactionParser};
use serde::Deserialize;
use serde_json::json;

use crate::messages;
use crate::report::{Target, print_row, write_json};
use crate::rounds::{RoundsArguments, take_turns};

const R5: Target = Target {
    name: "R5",
    what: "parsing, ours / sonic-rs, time",
    must: 0.7,
    want: 0.45,
    more_is_better: false,
};
const R7: Target = Target {
    name: "R7",
    what: "parse, score, format on one core, million messages/s",
    must: 1.5,
    want: 2.5,
    more_is_better: true,
};

/// As many as the scorer takes at once.
const BATCH: usize = 1000;

/// What both parsers of others read a transaction into: fields at their places, time as
/// text that isn't copied. Ours does more: it reads the time, puts each field into its
/// column with its validity, and refuses what occurs twice.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is only filled")]
struct Transaction<'a> {
    transaction_id: i64,
    ts: &'a str,
    tx_amount: Option<f64>,
    is_weekend: Option<i32>,
    is_night: Option<i32>,
    customer_id_nb_tx_1day_window: Option<i32>,
    customer_id_avg_amount_1day_window: Option<f64>,
    customer_id_nb_tx_7day_window: Option<i32>,
    customer_id_avg_amount_7day_window: Option<f64>,
    customer_id_nb_tx_30day_window: Option<i32>,
    customer_id_avg_amount_30day_window: Option<f64>,
    terminal_id_nb_tx_1day_window: Option<i32>,
    terminal_id_risk_1day_window: Option<f64>,
    terminal_id_nb_tx_7day_window: Option<i32>,
    terminal_id_risk_7day_window: Option<f64>,
    terminal_id_nb_tx_30day_window: Option<i32>,
    terminal_id_risk_30day_window: Option<f64>,
    tx_fraud: Option<i32>,
}

/// The models to score with.
const MODELS: [&str; 3] = [
    "models/fraud-classifier",
    "tests/fixtures/models/random-forest",
    "tests/fixtures/models/random-forest-100x8",
];

/// Measures parsing, then the whole.
pub(crate) fn run(arguments: &RoundsArguments) -> Result<()> {
    let messages = messages::transactions()?;
    let bytes: usize = messages.iter().map(Vec::len).sum();
    println!(
        "{} transactions of {} bytes, median of {} rounds by turns, one thread",
        messages.len(),
        bytes / messages.len(),
        arguments.rounds
    );
    let r5 = parsing(&messages, arguments.rounds)?;
    let cores = whole(&messages, arguments.rounds)?;
    println!();
    let r7 = cores[0];
    R5.print(r5);
    R7.print(r7);
    write_json(
        "core",
        &json!({
            "rounds": arguments.rounds,
            "million_messages_per_second": MODELS.iter().zip(&cores).collect::<Vec<_>>(),
            "ratios": [R5.json(r5), R7.json(r7)],
        }),
    )
}

fn parsing(messages: &[Vec<u8>], rounds: usize) -> Result<f64> {
    let model = load(MODELS[0])?;
    let mut parser = TransactionParser::new(model.transaction_schema());
    let mut batch = TransactionBatch::new(model.transaction_schema());
    let times = take_turns(
        rounds,
        &mut [
            ("ours", &mut || {
                for messages in messages.chunks(BATCH) {
                    batch.clear();
                    for message in messages {
                        let parsed = parser.parse(Some(message), &mut batch);
                        parsed.expect("the fixtures are transactions");
                    }
                    black_box(&batch);
                }
            }),
            ("sonic-rs", &mut || {
                for message in messages {
                    let parsed: Transaction<'_> =
                        sonic_rs::from_slice(message).expect("the fixtures are JSON");
                    black_box(parsed);
                }
            }),
            ("serde_json", &mut || {
                for message in messages {
                    let parsed: Transaction<'_> =
                        serde_json::from_slice(message).expect("the fixtures are JSON");
                    black_box(parsed);
                }
            }),
        ],
    );
    println!();
    print_row("parsing", &["ns a message", "ours / it"].map(str::to_owned));
    let ratio = |other: usize| times[0].as_secs_f64() / times[other].as_secs_f64();
    for (index, name) in ["ours", "sonic-rs", "serde_json"].into_iter().enumerate() {
        let nanoseconds = times[index].as_secs_f64() * 1e9 / messages.len() as f64;
        let cells = [format!("{nanoseconds:.0}"), format!("{:.2}", ratio(index))];
        print_row(name, &cells);
    }
    Ok(ratio(1))
}

/// Millions of messages a second with each of [`MODELS`].
fn whole(messages: &[Vec<u8>], rounds: usize) -> Result<Vec<f64>> {
    println!();
    print_row("parse, score, format", &["messages/s".to_owned()]);
    let mut cores = Vec::new();
    for name in MODELS {
        let mut core = Core::new(load(name)?);
        let mut work = || messages.chunks(BATCH).for_each(|batch| core.work(batch));
        let times = take_turns(rounds, &mut [(name, &mut work)]);
        let per_second = messages.len() as f64 / times[0].as_secs_f64();
        let shown = Path::new(name).file_name().unwrap_or_default();
        print_row(&shown.to_string_lossy(), &[format!("{per_second:.0}")]);
        cores.push(per_second / 1e6);
    }
    Ok(cores)
}

/// What a scorer does with a batch of messages.
struct Core {
    parser: TransactionParser,
    transactions: TransactionBatch,
    scorer: Scorer,
    out: Vec<u8>,
}

impl Core {
    fn new(model: Model) -> Self {
        Self {
            parser: TransactionParser::new(model.transaction_schema()),
            transactions: TransactionBatch::new(model.transaction_schema()),
            scorer: Scorer::new(Arc::new(model)),
            out: Vec::new(),
        }
    }

    fn work(&mut self, messages: &[Vec<u8>]) {
        self.transactions.clear();
        for message in messages {
            let parsed = self.parser.parse(Some(message), &mut self.transactions);
            parsed.expect("the fixtures are transactions");
        }
        let transactions = &self.transactions;
        let scores = self.scorer.score(transactions);
        for row in 0..transactions.len() {
            self.out.clear();
            let scored = scores.result(transactions, row);
            result::write(&mut self.out, &scored);
            black_box(&self.out);
        }
    }
}

fn load(model: &str) -> Result<Model> {
    Ok(Model::load(
        &checkout().join(model),
        &ModelOptions::default(),
    )?)
}
