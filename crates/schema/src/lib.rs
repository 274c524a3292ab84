//! The wire contract of fraud-stream: transactions, results and dead letters,
//! as JSON on Kafka topics and as Arrow columns in files. No I/O happens here.

pub mod dead_letter;
pub mod double;
mod field;
mod json;
mod rejection;
pub mod result;
pub mod result_file;
pub mod show_table;
pub mod timestamp;
pub mod transaction;

pub use rejection::{Rejection, RejectionCode};
