//! producer-svc: sends the transactions of a Parquet data set to Kafka, and
//! makes such a data set up where there is none.

pub mod cli;
mod progress;
pub mod simulate;
