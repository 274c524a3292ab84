//! Results as [`write`](super::write()) writes them.

use super::ResultRecord;
use crate::field;
use crate::json::Cursor;

/// Reads a result with the fields, their order and the spacing of the contract, dense and
/// with no null, as nearly all are. `None` says nothing about what it is.
pub(super) fn read(message: &[u8]) -> Option<ResultRecord> {
    let mut cursor = Cursor::new(message).ok()?;
    let transaction_id = cursor
        .pass(b"{\"transaction_id\":")
        .then(|| cursor.plain_integer(i64::MAX))??;
    let timestamp = cursor
        .pass(b",\"ts\":")
        .then(|| field::plain_time(&mut cursor))??;
    let tx_fraud = match cursor.pass(b",\"tx_fraud\":") {
        true => Some(cursor.plain_integer(i32::MAX.into())? as i32),
        false => None,
    };
    let probability = match cursor.pass(b",\"probability\":{\"type\":1,\"values\":[") {
        true => Some(values(&mut cursor)?),
        false => None,
    };
    let prediction = cursor
        .pass(b",\"prediction\":")
        .then(|| cursor.plain_double())??;
    let is_all = cursor.pass(b"}") && cursor.finish().is_ok();
    is_all.then_some(ResultRecord {
        transaction_id,
        timestamp,
        tx_fraud,
        probability,
        prediction,
    })
}

/// One value or more, to the end of their vector.
fn values(cursor: &mut Cursor<'_>) -> Option<Vec<f64>> {
    let mut values = Vec::with_capacity(2);
    loop {
        values.push(cursor.plain_double()?);
        if !cursor.pass(b",") {
            return cursor.pass(b"]}").then_some(values);
        }
    }
}
