//! Results to JSON.

use super::ScoredTransaction;
use crate::json::write_double;
use crate::timestamp;

/// Appends the result as one JSON object, without a newline, with the fields in
/// the order of the contract. A null field is left out; a double that isn't
/// finite is a string.
pub fn write(out: &mut Vec<u8>, scored: &ScoredTransaction<'_>) {
    let mut integers = itoa::Buffer::new();
    out.extend_from_slice(b"{\"transaction_id\":");
    out.extend_from_slice(integers.format(scored.transaction_id).as_bytes());
    out.extend_from_slice(b",\"ts\":\"");
    timestamp::write(out, scored.timestamp);
    out.push(b'"');
    if let Some(label) = scored.tx_fraud {
        out.extend_from_slice(b",\"tx_fraud\":");
        out.extend_from_slice(integers.format(label).as_bytes());
    }
    if let Some(probability) = scored.probability {
        write_dense_vector(out, probability);
    }
    out.extend_from_slice(b",\"prediction\":");
    write_double(out, scored.prediction);
    out.push(b'}');
}

/// Appends the field as the struct behind Spark's `VectorUDT`; type 1 is dense.
fn write_dense_vector(out: &mut Vec<u8>, values: &[f64]) {
    out.extend_from_slice(b",\"probability\":{\"type\":1,\"values\":[");
    for (position, &value) in values.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_double(out, value);
    }
    out.extend_from_slice(b"]}");
}
