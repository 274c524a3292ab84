//! Strict JSON (RFC 8259), read in one pass from front to back and without
//! allocation, and the escapes to write it.
//!
//! serde_json is the oracle of the tests, and not used here: it forgets how a
//! number was written, which decides whether it is an integer, refuses numbers
//! beyond the doubles, and makes values where columns are wanted.

mod cursor;
mod number;
mod plain_number;
mod skip;
mod string;
mod value;
mod write;

pub(crate) use cursor::{Cursor, Malformed, starts_with};
pub(crate) use number::NotAnInteger;
pub(crate) use plain_number::{MAX_DIGITS, digits, plain_double, plain_integer};
pub(crate) use string::JsonString;
pub(crate) use value::Value;
pub(crate) use write::{write_double, write_float, write_string};
