//! One value of an Arrow column as JSON.

use arrow::array::types::{
    Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, TimeUnit};

use crate::json::{write_double, write_float, write_string};
use crate::timestamp;

/// What JSON and the contract make of an Arrow type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A column without values.
    Null,
    Boolean,
    Integer,
    /// A number that may have a fraction.
    Real,
    String,
    Timestamp,
    Date,
}

/// The kind of a type that [`write()`] can write.
pub(super) fn kind(data_type: &DataType) -> Option<Kind> {
    match data_type {
        DataType::Null => Some(Kind::Null),
        DataType::Boolean => Some(Kind::Boolean),
        DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => Some(Kind::Real),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Kind::String),
        DataType::Timestamp(..) => Some(Kind::Timestamp),
        DataType::Date32 => Some(Kind::Date),
        DataType::Dictionary(_, values) => kind(values),
        integer if integer.is_integer() => Some(Kind::Integer),
        _ => None,
    }
}

/// Whether the value is null.
pub(super) fn is_null(array: &dyn Array, row: usize) -> bool {
    if *array.data_type() == DataType::Null || array.is_null(row) {
        return true;
    }
    match array.as_any_dictionary_opt() {
        Some(dictionary) => is_null(dictionary.values(), key(dictionary.keys(), row)),
        None => false,
    }
}

/// Appends a value that isn't null and whose type has a [`Kind`].
pub(super) fn write(out: &mut Vec<u8>, array: &dyn Array, row: usize) {
    match array.data_type() {
        DataType::Boolean if array.as_boolean().value(row) => out.extend_from_slice(b"true"),
        DataType::Boolean => out.extend_from_slice(b"false"),
        DataType::Float32 => write_float(out, array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => write_double(out, array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(..) => {
            let decimal = array.as_primitive::<Decimal128Type>().value_as_string(row);
            out.extend_from_slice(decimal.as_bytes());
        }
        DataType::Decimal256(..) => {
            let decimal = array.as_primitive::<Decimal256Type>().value_as_string(row);
            out.extend_from_slice(decimal.as_bytes());
        }
        DataType::Utf8 => write_string(out, array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => write_string(out, array.as_string::<i64>().value(row)),
        DataType::Utf8View => write_string(out, array.as_string_view().value(row)),
        DataType::Timestamp(unit, _) => {
            out.push(b'"');
            timestamp::write(out, milliseconds(array, *unit, row));
            out.push(b'"');
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().value(row);
            out.push(b'"');
            timestamp::write_date(out, i64::from(days));
            out.push(b'"');
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let values = dictionary.values();
            write(out, values.as_ref(), key(dictionary.keys(), row));
        }
        _ => {
            let mut digits = itoa::Buffer::new();
            out.extend_from_slice(digits.format(integer(array, row)).as_bytes());
        }
    }
}

/// The value of an integer column, of any width.
pub(super) fn integer(array: &dyn Array, row: usize) -> i128 {
    match array.data_type() {
        DataType::Int8 => i128::from(array.as_primitive::<Int8Type>().value(row)),
        DataType::Int16 => i128::from(array.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => i128::from(array.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => i128::from(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => i128::from(array.as_primitive::<UInt8Type>().value(row)),
        DataType::UInt16 => i128::from(array.as_primitive::<UInt16Type>().value(row)),
        DataType::UInt32 => i128::from(array.as_primitive::<UInt32Type>().value(row)),
        DataType::UInt64 => i128::from(array.as_primitive::<UInt64Type>().value(row)),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            integer(dictionary.values(), key(dictionary.keys(), row))
        }
        other => unreachable!("types are checked before rows are written, not so {other}"),
    }
}

/// The position of a dictionary's value.
fn key(keys: &dyn Array, row: usize) -> usize {
    usize::try_from(integer(keys, row)).expect("keys of a dictionary are positions in it")
}

/// Milliseconds since the epoch, cut towards the past as Spark cuts them. A
/// timestamp without a zone is UTC.
fn milliseconds(array: &dyn Array, unit: TimeUnit, row: usize) -> i64 {
    match unit {
        TimeUnit::Second => {
            let seconds = array.as_primitive::<TimestampSecondType>().value(row);
            seconds.saturating_mul(1000)
        }
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().value(row),
        TimeUnit::Microsecond => {
            let microseconds = array.as_primitive::<TimestampMicrosecondType>().value(row);
            microseconds.div_euclid(1000)
        }
        TimeUnit::Nanosecond => {
            let nanoseconds = array.as_primitive::<TimestampNanosecondType>().value(row);
            nanoseconds.div_euclid(1_000_000)
        }
    }
}
