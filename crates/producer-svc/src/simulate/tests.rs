use std::fs;
use std::path::Path;

use clap::Parser;

use super::features::{FeatureBuilder, FeatureRow, WINDOW_DAYS};
use super::history::WindowSum;
use super::population::Population;
use super::transactions::{SECONDS_A_DAY, Transaction, TransactionGenerator};
use super::{SimulateOptions, Summary, simulate};
use crate::cli::{Cli, Command};

const FIRST_DAY: i64 = 18_109; // 2019-08-01

#[test]
fn features_equal_a_naive_count_over_all_pairs() {
    let transactions = transactions(&options(&["--customers=40", "--terminals=300"]), 60);
    let rows = features(
        &options(&["--customers=40", "--terminals=300"]),
        &transactions,
    );
    assert!(rows.iter().any(|row| row.terminal_windows[2].sum > 0));

    for (position, row) in rows.iter().enumerate() {
        let now = row.second;
        let known = now - 7 * SECONDS_A_DAY;
        for (window, days) in WINDOW_DAYS.iter().enumerate() {
            let length = days * SECONDS_A_DAY;
            let of_customer = transactions[..=position].iter().filter(|earlier| {
                earlier.customer == row.customer && earlier.second > now - length
            });
            let at_terminal = transactions.iter().filter(|earlier| {
                earlier.terminal == row.terminal
                    && earlier.second > known - length
                    && earlier.second <= known
            });
            assert_eq!(
                row.customer_windows[window],
                sum(of_customer, |earlier| earlier.cents)
            );
            assert_eq!(
                row.terminal_windows[window],
                sum(at_terminal, |earlier| earlier.fraud.into())
            );
        }
    }
}

#[test]
fn a_window_leaves_out_its_beginning_and_holds_its_end() {
    let at = |day: i64, second_of_day: i64, cents: i64| Transaction {
        second: (FIRST_DAY + day) * SECONDS_A_DAY + second_of_day,
        cents,
        customer: 0,
        terminal: 0,
        fraud: true,
    };
    let past = [at(0, 0, 100), at(1, 0, 200), at(1, 0, 400), at(8, 0, 800)];
    let rows = features(&options(&["--customers=1", "--terminals=1"]), &past);

    let window = |count, sum| WindowSum { count, sum };
    // A day after the first it is out; the second of that instant sees the one before.
    assert_eq!(rows[1].customer_windows[0], window(1, 200));
    assert_eq!(rows[2].customer_windows[0], window(2, 600));
    // What happened exactly 7 days ago is known; the day before begins just after the first.
    assert_eq!(
        rows[3].terminal_windows,
        [window(2, 2), window(3, 3), window(3, 3)]
    );
}

#[test]
fn nights_end_at_seven_and_weekends_are_saturday_and_sunday() {
    let at = |day: i64, second_of_day: i64| Transaction {
        second: (FIRST_DAY + day) * SECONDS_A_DAY + second_of_day,
        cents: 1_999,
        customer: 0,
        terminal: 0,
        fraud: false,
    };
    // 2019-08-01 was a Thursday.
    let times = [
        (0, 0),
        (0, 7 * 3_600 - 1),
        (0, 7 * 3_600),
        (1, 86_399),
        (2, 0),
        (3, 86_399),
        (4, 0),
    ];
    let past: Vec<_> = times
        .iter()
        .map(|(day, second)| at(*day, *second))
        .collect();
    let rows = features(&options(&["--customers=1", "--terminals=1"]), &past);

    let nights: Vec<_> = rows.iter().map(|row| row.is_night).collect();
    assert_eq!(nights, [true, true, false, false, true, false, true]);
    let weekends: Vec<_> = rows.iter().map(|row| row.is_weekend).collect();
    assert_eq!(weekends, [false, false, false, false, true, true, false]);
    assert_eq!(rows[0].customer_windows[0].mean_amount(), 19.99);
    assert_eq!(rows[0].terminal_windows[0].risk(), 0.0);
}

#[test]
fn the_distributions_are_those_of_the_handbook() {
    let options = options(&["--customers=2000", "--terminals=4000", "--days=60"]);
    let transactions = transactions(&options, 60);
    let count = transactions.len() as f64;

    // 2 a day on average, less the 3 % whose time falls outside the day.
    let a_day = count / (2_000.0 * 60.0);
    assert!((1.8..2.05).contains(&a_day), "{a_day} transactions a day");
    // Customers' means average to 52.50; those without a place to buy aside.
    let mean = transactions.iter().map(|t| t.cents as f64).sum::<f64>() / count / 100.0;
    assert!((51.0..57.0).contains(&mean), "mean amount {mean}");
    let around_noon = transactions
        .iter()
        .filter(|t| (t.second % SECONDS_A_DAY - 43_200).abs() < 20_000)
        .count() as f64;
    assert!(
        (0.69..0.72).contains(&(around_noon / count)),
        "{}",
        around_noon / count
    );
    // 56 of 4000 terminals and a third at 42 of 2000 customers: 1.4 % + 0.7 %.
    let frauds = transactions.iter().filter(|t| t.fraud).count() as f64 / count;
    assert!((0.015..0.03).contains(&frauds), "fraud share {frauds}");
    assert!(
        transactions
            .iter()
            .filter(|t| t.cents > 22_000)
            .all(|t| t.fraud)
    );
}

#[test]
fn every_transaction_at_a_compromised_terminal_is_a_fraud() {
    // One terminal that is compromised anew each day: nothing but frauds.
    let options = options(&["--customers=3", "--terminals=1", "--radius=200"]);
    let transactions = transactions(&options, 10);
    assert!(!transactions.is_empty());
    assert!(transactions.iter().all(|transaction| transaction.fraud));
}

#[test]
fn a_day_is_the_same_in_every_data_set_of_a_seed() {
    let short = transactions(&options(&["--customers=50"]), 3);
    let long = transactions(&options(&["--customers=50"]), 6);
    assert_eq!(short, long[..short.len()]);
    assert_ne!(
        short,
        transactions(&options(&["--customers=50", "--seed=1"]), 3)
    );
}

#[test]
fn a_data_set_is_partitioned_by_day_and_repeats_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let small = [
        "--customers=50",
        "--terminals=500",
        "--days=2",
        "--start=2019-11-30",
    ];
    let mut contents = Vec::new();
    for name in ["first", "second"] {
        let mut options = options(&small);
        options.out = folder.path().join(name);
        let summary = simulate(&options).unwrap();
        assert!(summary.transactions > 100);
        assert_eq!(names(&options.out), ["_SUCCESS", "year=2019"]);
        let file = |day| options.out.join(day).join("part-00000.snappy.parquet");
        contents.push([
            fs::read(file("year=2019/month=11/day=30")).unwrap(),
            fs::read(file("year=2019/month=12/day=01")).unwrap(),
        ]);
    }
    assert_eq!(contents[0], contents[1]);
}

#[test]
fn a_folder_in_use_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.tex"), "mine").unwrap();
    let mut options = options(&["--customers=5", "--days=1"]);
    options.out = folder.path().to_owned();

    let error = simulate(&options).unwrap_err().to_string();
    assert!(
        error.contains("is not empty (it holds thesis.tex)"),
        "{error}"
    );
    assert_eq!(names(folder.path()), ["thesis.tex"]);
}

#[test]
fn what_an_interrupted_run_left_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("_temporary/year=2019/month=08");
    fs::create_dir_all(left).unwrap();
    let mut options = options(&["--customers=50", "--days=1"]);
    options.out = folder.path().to_owned();

    assert_ne!(simulate(&options).unwrap(), Summary::default());
    assert_eq!(names(folder.path()), ["_SUCCESS", "year=2019"]);
}

#[test]
fn options_that_cannot_be_meant_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("--radius=0", "must be greater than 0"),
        ("--radius=NaN", "must be greater than 0"),
        ("--start=1970-01-02", "warm-up days"),
        ("--start=9999-01-01", "before 9000"),
        ("--customers=1000000 --days=1000", "32-bit ids"),
        ("--customers=1 --terminals=1 --radius=0.001", "within reach"),
    ];
    for (arguments, expected) in cases {
        let mut options = options(&arguments.split(' ').collect::<Vec<_>>());
        options.out = folder.path().join("out");
        let error = simulate(&options).unwrap_err().to_string();
        assert!(error.contains(expected), "{arguments}: {error}");
        assert!(!options.out.exists());
    }
    assert!(
        parse(&["--customers=0"])
            .unwrap_err()
            .to_string()
            .contains("--customers")
    );
    assert!(
        parse(&["--start=yesterday"])
            .unwrap_err()
            .to_string()
            .contains("--start")
    );
}

fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
    let command = ["producer-svc", "simulate", "--out=unused"];
    Cli::try_parse_from(command.iter().chain(arguments))
}

fn options(arguments: &[&str]) -> SimulateOptions {
    match parse(arguments).unwrap().command {
        Some(Command::Simulate(options)) => options,
        None => unreachable!("the command is given"),
    }
}

fn transactions(options: &SimulateOptions, days: i64) -> Vec<Transaction> {
    let mut generator = TransactionGenerator::new(options.seed, Population::new(options));
    (FIRST_DAY..FIRST_DAY + days)
        .flat_map(|day| generator.next_day(day))
        .collect()
}

fn features(options: &SimulateOptions, transactions: &[Transaction]) -> Vec<FeatureRow> {
    let mut features = FeatureBuilder::new(&Population::new(options));
    transactions
        .iter()
        .map(|transaction| features.add(transaction))
        .collect()
}

fn sum<'a>(
    transactions: impl Iterator<Item = &'a Transaction>,
    value: impl Fn(&Transaction) -> i64,
) -> WindowSum {
    transactions.fold(WindowSum::default(), |total, transaction| WindowSum {
        count: total.count + 1,
        sum: total.sum + value(transaction),
    })
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
