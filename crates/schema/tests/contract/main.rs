//! The wire contract, held against what Spark wrote, against serde_json as an
//! oracle, and against itself there and back.

mod doubles;
mod edge_cases;
mod golden;
mod names;
mod oracle;
mod rejections;
mod result_files;
mod results;
mod support;
mod timestamps;
mod transactions;
mod written_transactions;
