//! Values as the contract wants them in a field, and the rejections of those
//! that aren't. All of them name the field and none its value.

use crate::json::{Cursor, NotAnInteger, Value};
use crate::{Rejection, RejectionCode, timestamp};

/// The fields that a transaction shares with its result.
pub(crate) const TRANSACTION_ID: &str = "transaction_id";
pub(crate) const TIMESTAMP: &str = "ts";
pub(crate) const LABEL: &str = "tx_fraud";

/// An integer of the wanted width, or null.
pub(crate) fn integer<T: TryFrom<i128>>(
    field: &str,
    value: &Value<'_>,
) -> Result<Option<T>, Rejection> {
    let number = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number,
        other => return Err(wrong_type(field, "an integer", other.kind())),
    };
    number
        .to_integer()
        .map(Some)
        .map_err(|reason| match reason {
            NotAnInteger::Notation => wrong_type(
                field,
                "an integer",
                "a number with a fraction or an exponent",
            ),
            NotAnInteger::Range => {
                let bits = 8 * size_of::<T>();
                let message =
                    format!("field {field:?} doesn't fit a signed integer of {bits} bits");
                Rejection::new(RejectionCode::OutOfRange, message)
            }
        })
}

/// A double, or null. Strings stand for the values that JSON has no number for.
pub(crate) fn double(field: &str, value: &Value<'_>) -> Result<Option<f64>, Rejection> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(Some(number.to_f64())),
        Value::String(text) => match text.text().as_ref() {
            "NaN" => Ok(Some(f64::NAN)),
            "Infinity" => Ok(Some(f64::INFINITY)),
            "-Infinity" => Ok(Some(f64::NEG_INFINITY)),
            _ => Err(wrong_type(field, "a number", "a string")),
        },
        other => Err(wrong_type(field, "a number", other.kind())),
    }
}

/// A string, or null.
pub(crate) fn string(field: &str, value: &Value<'_>) -> Result<Option<String>, Rejection> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.text().into_owned())),
        other => Err(wrong_type(field, "a string", other.kind())),
    }
}

/// The value of a field that must be there.
pub(crate) fn required<T>(field: &str, value: Option<T>) -> Result<T, Rejection> {
    value.ok_or_else(|| {
        let message = format!("field {field:?} is missing or null");
        Rejection::new(RejectionCode::MissingField, message)
    })
}

/// `ts`, in milliseconds since the epoch; `None` where the field is missing.
pub(crate) fn transaction_time(value: Option<&Value<'_>>) -> Result<i64, Rejection> {
    let problem = match value {
        None => "is missing",
        Some(Value::String(text)) => match timestamp::parse(text.text().as_bytes()) {
            Some(milliseconds) => return Ok(milliseconds),
            None => "is not YYYY-MM-DD[Thh:mm:ss[.f][Z|±hh:mm]] of the years 0001-9999",
        },
        Some(Value::Null) => "is null",
        Some(_) => "is not a string",
    };
    let message = format!("field {TIMESTAMP:?} {problem}");
    Err(Rejection::new(RejectionCode::InvalidTimestamp, message))
}

/// Reads a time that is written as Spark and producer-svc write it; `None` leaves the
/// position.
pub(crate) fn plain_time(cursor: &mut Cursor<'_>) -> Option<i64> {
    let text = cursor.peek_text(timestamp::PLAIN_LENGTH)?;
    let time = timestamp::parse_plain(text.first_chunk()?)?;
    cursor.pass_text(text);
    Some(time)
}

/// `tx_fraud`, one of the first `classes` integers, or null.
pub(crate) fn label(value: &Value<'_>, classes: u32) -> Result<Option<i32>, Rejection> {
    let label = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.to_integer::<i32>().ok(),
        _ => None,
    };
    let label = label.filter(|&label| u32::try_from(label).is_ok_and(|class| class < classes));
    if label.is_none() {
        let message = format!("field {LABEL:?} is not an integer from 0 and below {classes}");
        return Err(Rejection::new(RejectionCode::InvalidLabel, message));
    }
    Ok(label)
}

/// Puts what a field held where its message is gathered, unless the field has
/// come before.
pub(crate) fn put<T>(field: &str, slot: &mut Option<T>, value: T) -> Result<(), Rejection> {
    if slot.is_some() {
        return Err(duplicate(field));
    }
    *slot = Some(value);
    Ok(())
}

/// The field stands twice in the object.
pub(crate) fn duplicate(field: &str) -> Rejection {
    let message = format!("field {field:?} occurs twice");
    Rejection::new(RejectionCode::DuplicateField, message)
}

/// What a message with a wrong field is rejected for: that it isn't JSON goes
/// over everything, and may show behind the field.
pub(crate) fn unless_malformed(rejection: Rejection, message: &[u8]) -> Rejection {
    match Cursor::check_object(message) {
        Ok(()) => rejection,
        Err(malformed) => malformed.into(),
    }
}

/// The message is Kafka's null value.
pub(crate) fn tombstone() -> Rejection {
    Rejection::new(RejectionCode::Tombstone, "the message has no value")
}

pub(crate) fn wrong_type(field: &str, expected: &str, actual: &str) -> Rejection {
    let message = format!("field {field:?} must be {expected}, not {actual}");
    Rejection::new(RejectionCode::WrongType, message)
}
