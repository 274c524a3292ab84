//! The wire contract, held against what Spark wrote, against serde_json as an
//! oracle, and against itself there and back.

mod golden;
mod support;
