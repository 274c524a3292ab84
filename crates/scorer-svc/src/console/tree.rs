//! A schema as Spark's `printSchema` shows it.

use schema::transaction::TransactionSchema;

/// The fields that are read from a transaction, as a tree; each line ends with a newline.
pub(super) fn schema_tree(schema: &TransactionSchema) -> String {
    let features = schema
        .features
        .iter()
        .map(|feature| (feature.name.as_str(), feature.feature_type.to_string()))
        .filter(|(name, _)| !["transaction_id", "ts", "tx_fraud"].contains(name));
    let fields = [
        ("transaction_id", "integer".to_owned()),
        ("ts", "timestamp".to_owned()),
    ]
    .into_iter()
    .chain(features)
    .chain([("tx_fraud", "integer".to_owned())]);
    let mut tree = "root\n".to_owned();
    for (name, spark_type) in fields {
        tree.push_str(&format!(" |-- {name}: {spark_type} (nullable = true)\n"));
    }
    tree
}
