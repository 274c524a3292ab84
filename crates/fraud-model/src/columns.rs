//! The columns of the Fraud Detection Handbook's transactions.

use schema::transaction::Feature;

/// The 15 features with their types, in the order in which the seed's producer
/// writes them between `ts` and `tx_fraud`.
pub fn handbook_columns() -> Vec<Feature> {
    unimplemented!()
}
