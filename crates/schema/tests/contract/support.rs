//! What several of the tests need.

use std::fs;
use std::path::{Path, PathBuf};

use schema::Rejection;
use schema::transaction::{
    Feature, FeatureColumn, FeatureType, TransactionBatch, TransactionParser, TransactionSchema,
};
use serde_json::{Value, json};

/// The 15 features of the Fraud Detection Handbook, with two classes.
pub(crate) fn handbook_schema() -> TransactionSchema {
    let mut features = vec![
        Feature::new("tx_amount", FeatureType::Double),
        Feature::new("is_weekend", FeatureType::Integer),
        Feature::new("is_night", FeatureType::Integer),
    ];
    for (count, mean) in [
        ("customer_id_nb_tx", "customer_id_avg_amount"),
        ("terminal_id_nb_tx", "terminal_id_risk"),
    ] {
        for days in [1, 7, 30] {
            let window = format!("{days}day_window");
            features.push(Feature::new(
                format!("{count}_{window}"),
                FeatureType::Integer,
            ));
            features.push(Feature::new(
                format!("{mean}_{window}"),
                FeatureType::Double,
            ));
        }
    }
    TransactionSchema {
        features,
        classes: 2,
    }
}

/// A feature of each type, with three classes.
pub(crate) fn small_schema() -> TransactionSchema {
    TransactionSchema {
        features: vec![
            Feature::new("amount", FeatureType::Double),
            Feature::new("count", FeatureType::Integer),
            Feature::new("merchant", FeatureType::String),
        ],
        classes: 3,
    }
}

/// Parses the one message with the small schema.
pub(crate) fn parse(message: impl AsRef<[u8]>) -> Result<TransactionBatch, Rejection> {
    let schema = small_schema();
    let mut batch = TransactionBatch::new(&schema);
    TransactionParser::new(&schema).parse(Some(message.as_ref()), &mut batch)?;
    Ok(batch)
}

/// A message for the small schema that is fine without `members`, which must
/// end in a comma.
pub(crate) fn with(members: &str) -> String {
    format!(r#"{{{members}"transaction_id":7,"ts":"2019-11-10T14:43:06.000Z"}}"#)
}

/// The golden cases that Spark made.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

/// The lines of a golden file.
pub(crate) fn lines(path: &Path) -> Vec<String> {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(str::to_owned).collect()
}

/// The first row of a column as JSON.
pub(crate) fn first_value(column: &FeatureColumn) -> Value {
    match column {
        FeatureColumn::Integer(column) => json!(column.valid[0].then_some(column.values[0])),
        FeatureColumn::Double(column) => json!(column.valid[0].then_some(column.values[0])),
        FeatureColumn::String(column) => json!(column.valid[0].then_some(&column.values[0])),
    }
}
