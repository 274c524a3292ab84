//! Doubles as Java prints them.

/// Appends `value` as `Double.toString` lays it out: shortest digits,
/// scientific below 1e-3 and from 1e7, at least one fractional digit.
/// NaN and the infinities are appended as `NaN`, `Infinity`, `-Infinity`,
/// without quotes.
pub fn write_java_double(out: &mut Vec<u8>, value: f64) {
    let _ = (out, value);
    unimplemented!()
}
