//! Our side of `bench_model.py`: scores a file of rows in batches of the size
//! that a line of the input names, and answers with nanoseconds a row. With all
//! that this processor has, or with what `any` has.

use std::io::BufRead;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, io};

use fraud_model::ForestBench;

/// As in `bench_model.py`.
const WARM_UP: Duration = Duration::from_millis(20);

fn main() {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [model, rows, probabilities, processor] = &arguments[..] else {
        eprintln!("usage: peers MODEL ROWS PROBABILITIES this|any < batch sizes");
        std::process::exit(2);
    };
    let forest = ForestBench::load(Path::new(model), processor == "any").expect("the model loads");
    let bytes = fs::read(rows).expect("the rows are there");
    let rows: Vec<f64> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|bytes| f64::from_le_bytes(*bytes))
        .collect();
    let count = rows.len() / forest.width();
    let mut scores = vec![0.0; count * forest.classes()];
    for line in io::stdin().lock().lines() {
        let batch: usize = line.expect("a line").parse().expect("the size of a batch");
        let mut score = || {
            let started = Instant::now();
            let batches = rows.chunks(batch * forest.width());
            for (rows, scores) in batches.zip(scores.chunks_mut(batch * forest.classes())) {
                forest.score(rows, scores);
            }
            started.elapsed()
        };
        let mut warm = Duration::ZERO;
        while warm < WARM_UP {
            warm += score();
        }
        println!("{}", score().as_nanos() as f64 / count as f64);
    }
    let bytes: Vec<u8> = scores
        .iter()
        .flat_map(|score| score.to_le_bytes())
        .collect();
    fs::write(probabilities, bytes).expect("the probabilities are written");
}
