//! producer-svc: sends the transactions of a Parquet data set to Kafka, and
//! makes such a data set up where there is none.

pub mod cli;
mod config;
mod metrics;
mod pace;
mod progress;
mod sample;
mod show;
pub mod simulate;
mod source;
