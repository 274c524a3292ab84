//! Transactions: the schema that a pipeline asks for, the columns that a batch
//! of them fills, JSON in ([`TransactionParser`]) and out ([`TransactionWriter`]).

mod batch;
mod cell;
mod fields;
mod order;
mod parser;
mod schema;
mod writer;

pub use batch::{Column, FeatureColumn, TransactionBatch};
pub use parser::TransactionParser;
pub use schema::{Feature, FeatureType, TransactionSchema};
pub use writer::{ColumnError, TransactionWriter};
