//! JSON to results.

use super::ResultRecord;
use super::{plain, probability};
use crate::Rejection;
use crate::field::{self, LABEL, TIMESTAMP, TRANSACTION_ID};
use crate::json::Cursor;

const PROBABILITY: &str = "probability";
const PREDICTION: &str = "prediction";

/// The sink doesn't know the model's classes: any label that 32 bits hold.
const ALL_CLASSES: u32 = 1 << 31;

/// Reads a result; unknown fields are skipped, whatever they hold. `None` is
/// Kafka's null value.
///
/// JSON is taken as strictly, and faults in the same order, as
/// [`TransactionParser`](crate::transaction::TransactionParser) does. Missing
/// fields come last: `transaction_id`, `ts`, `prediction`.
pub fn parse(value: Option<&[u8]>) -> Result<ResultRecord, Rejection> {
    let mut record = ResultRecord::default();
    parse_into(value, &mut record)?;
    Ok(record)
}

/// Sets `record`, whose memory is used again, to what [`parse`] would read; a rejection
/// leaves anything in it.
pub fn parse_into(value: Option<&[u8]>, record: &mut ResultRecord) -> Result<(), Rejection> {
    let message = value.ok_or_else(field::tombstone)?;
    if plain::read(message, record).is_none() {
        *record = read(message).map_err(|rejection| field::unless_malformed(rejection, message))?;
    }
    Ok(())
}

fn read(message: &[u8]) -> Result<ResultRecord, Rejection> {
    let mut transaction_id = None;
    let mut timestamp = None;
    let mut tx_fraud = None;
    let mut probability = None;
    let mut prediction = None;

    let mut cursor = Cursor::new(message)?;
    let mut next_key = cursor.first_key()?;
    while let Some(key) = next_key {
        match key.text().as_ref() {
            TRANSACTION_ID => {
                let id = field::integer(TRANSACTION_ID, &cursor.value()?)?;
                field::put(
                    TRANSACTION_ID,
                    &mut transaction_id,
                    field::required(TRANSACTION_ID, id)?,
                )?;
            }
            TIMESTAMP => {
                let time = field::transaction_time(Some(&cursor.value()?))?;
                field::put(TIMESTAMP, &mut timestamp, time)?;
            }
            LABEL => field::put(
                LABEL,
                &mut tx_fraud,
                field::label(&cursor.value()?, ALL_CLASSES)?,
            )?,
            PROBABILITY => field::put(
                PROBABILITY,
                &mut probability,
                probability::read(&mut cursor)?,
            )?,
            PREDICTION => {
                let class = field::double(PREDICTION, &cursor.value()?)?;
                field::put(
                    PREDICTION,
                    &mut prediction,
                    field::required(PREDICTION, class)?,
                )?;
            }
            _ => cursor.skip_value()?,
        }
        next_key = cursor.next_key()?;
    }
    cursor.finish()?;

    Ok(ResultRecord {
        transaction_id: field::required(TRANSACTION_ID, transaction_id)?,
        timestamp: timestamp.map_or_else(|| field::transaction_time(None), Ok)?,
        tx_fraud: tx_fraud.flatten(),
        probability: probability.flatten(),
        prediction: field::required(PREDICTION, prediction)?,
    })
}
