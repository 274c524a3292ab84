//! Doubles and floats as Java prints them.
//!
//! The digits are those of Java 19 and later, whose documentation specifies
//! them: the shortest that read back as the same number, and of these the
//! nearest. Older versions print others, mostly one more, for about one in 300
//! doubles and one in ten floats of random bits (such as 2.0E23,
//! [JDK-4511638](https://bugs.openjdk.org/browse/JDK-4511638)); Java 17 did for
//! none of half a million probabilities and amounts.

use std::io::Write;

/// Appends `value` as `Double.toString` lays it out: shortest digits,
/// scientific below 1e-3 and from 1e7, at least one fractional digit.
/// NaN and the infinities are appended as `NaN`, `Infinity`, `-Infinity`,
/// without quotes.
pub fn write_java_double(out: &mut Vec<u8>, value: f64) {
    let magnitude = value.abs();
    if (1e-3..1e7).contains(&magnitude) || magnitude == 0.0 {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else if magnitude <= f64::from_bits(20) {
        write_two_digits(out, value);
    } else if value.is_finite() {
        write_scientific(out, zmij::Buffer::new().format_finite(value));
    } else {
        write_nonfinite(out, value);
    }
}

/// Appends `value` as `Float.toString` lays it out, which is as doubles are but
/// with the fewer digits that a float needs.
pub fn write_java_float(out: &mut Vec<u8>, value: f32) {
    let magnitude = value.abs();
    if (1e-3..1e7).contains(&magnitude) || magnitude == 0.0 {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else if magnitude <= f32::from_bits(71) {
        write_two_digits(out, value);
    } else if value.is_finite() {
        write_scientific(out, zmij::Buffer::new().format_finite(value));
    } else {
        write_nonfinite(out, f64::from(value));
    }
}

/// Java prints two digits at least, and takes the nearest two where two do: the
/// smallest double is 4.9E-324, although 5E-324 reads back. It shows only where
/// neighbours are farther apart than the second digit: in doubles below 1E-322,
/// the 20 smallest, and in floats below 1E-43, the 71 smallest.
fn write_two_digits(out: &mut Vec<u8>, value: impl std::fmt::UpperExp) {
    write!(out, "{value:.1E}").expect("a Vec takes every byte");
}

fn write_nonfinite(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(if value.is_nan() {
        b"NaN"
    } else if value > 0.0 {
        b"Infinity"
    } else {
        b"-Infinity"
    });
}

/// Lays out anew a number with all the digits that it needs: `0.00012`,
/// `1.2e17` and `12000000.0` become `1.2E-4`, `1.2E17` and `1.2E7`.
fn write_scientific(out: &mut Vec<u8>, number: &str) {
    let magnitude = number.trim_start_matches('-');
    if magnitude.len() < number.len() {
        out.push(b'-');
    }
    let (decimal, exponent) = match magnitude.split_once('e') {
        Some((decimal, exponent)) => (decimal, exponent.parse().expect("a decimal exponent")),
        None => (magnitude, 0),
    };
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    if whole == "0" {
        let digits = fraction.trim_start_matches('0');
        let leading_zeros = (fraction.len() - digits.len()) as i32;
        write_digits(out, digits, "", exponent - leading_zeros - 1);
    } else {
        write_digits(out, whole, fraction, exponent + whole.len() as i32 - 1);
    }
}

/// Appends the digits of both parts with a point behind the first of them, and
/// the exponent that this takes.
fn write_digits(out: &mut Vec<u8>, digits: &str, more_digits: &str, exponent: i32) {
    let (first, rest) = digits.split_at(1);
    for part in [first, ".", rest, more_digits] {
        out.extend_from_slice(part.as_bytes());
    }
    while out.last() == Some(&b'0') {
        out.pop();
    }
    if out.last() == Some(&b'.') {
        out.push(b'0');
    }
    out.push(b'E');
    out.extend_from_slice(itoa::Buffer::new().format(exponent).as_bytes());
}
