//! Results from Kafka to Parquet files, exactly once, and to the console.
//!
//! | module | its one job |
//! |---|---|
//! | `worker`, `settle`, `assignment`, `outage` | the loop: when to read, publish, commit, wait |
//! | `intake`, `partition`, `range`, `roll` | what became of the messages that aren't committed yet |
//! | `row`, `columns`, `models`, `file_format`, `result_file`, `chunks` | from messages to an encoded file |
//! | `file_name`, `file_summary`, `chain`, `chain_ends` | which records a file stands for, and where to go on |
//! | `store`, `publish` | files that are created once and never changed |
//! | `console` | Python's `repr` of each message |
//! | `dead_letter` | messages that are no results |
//! | `bench` | what the benchmarks see |

mod arrivals;
mod assignment;
mod bench;
mod chain;
mod chain_ends;
mod chunks;
mod cli;
mod columns;
mod config;
mod console;
mod dead_letter;
#[cfg(test)]
mod exactly_once_tests;
mod file_format;
mod file_name;
mod file_summary;
mod intake;
mod metrics;
mod models;
mod outage;
mod partition;
mod publish;
mod range;
mod result_file;
mod roll;
mod row;
mod settle;
mod start;
mod store;
#[cfg(test)]
mod testing;
mod worker;

pub use bench::{FileBench, ResultMessage};
pub use cli::Cli;
pub use config::SinkConfig;
pub use start::{SERVICE, run};
