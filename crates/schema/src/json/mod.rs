//! Strict JSON (RFC 8259), read in one pass from front to back and without
//! allocation, and the escapes to write it.
//!
//! serde_json would do for correctness, and is the oracle of the tests. It is
//! not used on the hot path because it has no way to put a field straight into
//! its column and to check the ones that nobody reads at the same time.

mod cursor;
mod number;
mod skip;
mod string;
mod value;
mod write;

pub(crate) use cursor::{Cursor, Malformed};
pub(crate) use number::NotAnInteger;
pub(crate) use string::JsonString;
pub(crate) use value::Value;
pub(crate) use write::{write_double, write_float, write_string};
