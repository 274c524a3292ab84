//! Values of a result as Spark casts them to strings.

use schema::double::write_java_double;
use schema::result::ScoredTransaction;
use schema::timestamp;

/// As Spark up to 3.4 prints it, the seed's among them; since 3.5 it is `NULL`.
const NULL: &str = "null";

/// The cells of one row.
pub(super) fn row(scored: &ScoredTransaction<'_>) -> [String; 5] {
    [
        scored.transaction_id.to_string(),
        timestamp_text(scored.timestamp),
        scored
            .tx_fraud
            .map_or_else(|| NULL.to_owned(), |label| label.to_string()),
        scored
            .probability
            .map_or_else(|| NULL.to_owned(), vector_text),
        double_text(scored.prediction),
    ]
}

/// `yyyy-MM-dd HH:mm:ss`, with as many digits of the fraction as it needs.
fn timestamp_text(milliseconds: i64) -> String {
    let mut bytes = Vec::new();
    timestamp::write(&mut bytes, milliseconds);
    let text = ascii(bytes).replace('T', " ");
    let text = text.trim_end_matches('Z').trim_end_matches('0');
    match text.strip_suffix('.') {
        Some(whole_seconds) => whole_seconds.to_owned(),
        None => text.to_owned(),
    }
}

/// A `DenseVector`: `[0.9,0.1]`.
fn vector_text(values: &[f64]) -> String {
    let texts: Vec<String> = values.iter().copied().map(double_text).collect();
    format!("[{}]", texts.join(","))
}

fn double_text(value: f64) -> String {
    let mut bytes = Vec::new();
    write_java_double(&mut bytes, value);
    ascii(bytes)
}

fn ascii(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("numbers and timestamps are ASCII")
}
