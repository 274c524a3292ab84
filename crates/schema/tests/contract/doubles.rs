//! Doubles and floats as Java prints them.

use proptest::prelude::*;
use schema::double::{write_java_double, write_java_float};

fn double(value: f64) -> String {
    let mut out = Vec::new();
    write_java_double(&mut out, value);
    String::from_utf8(out).expect("ASCII")
}

fn float(value: f32) -> String {
    let mut out = Vec::new();
    write_java_float(&mut out, value);
    String::from_utf8(out).expect("ASCII")
}

/// Printed by Java 17, but for the few that Java 19 corrected.
#[test]
fn doubles_are_laid_out_as_java_lays_them_out() {
    for (value, text) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (-12.5, "-12.5"),
        (100.0, "100.0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (0.001, "0.001"),
        (9.999999999999998e-4, "9.999999999999998E-4"),
        (1e-5, "1.0E-5"),
        (-1.5e-7, "-1.5E-7"),
        (0.00011, "1.1E-4"),
        (9_999_999.999999998, "9999999.999999998"),
        (1e7, "1.0E7"),
        (12_345_678.9, "1.23456789E7"),
        (123_456_789.0, "1.23456789E8"),
        (-1e15, "-1.0E15"),
        (1e16, "1.0E16"),
        (1e21, "1.0E21"),
        (1e23, "1.0E23"),
        (2e23, "2.0E23"),
        (f64::MAX, "1.7976931348623157E308"),
        (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
        (5e-324, "4.9E-324"),
        (-5e-324, "-4.9E-324"),
        (1e-323, "9.9E-324"),
        (1.5e-323, "1.5E-323"),
        (5e-323, "4.9E-323"),
        (9e-323, "8.9E-323"),
        (f64::from_bits(20), "9.9E-323"),
        (f64::from_bits(21), "1.04E-322"),
        (3e-322, "3.0E-322"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        assert_eq!(double(value), text);
    }
}

/// As above.
#[test]
fn floats_are_laid_out_as_java_lays_them_out() {
    for (value, text) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (1.1, "1.1"),
        (123_456.79, "123456.79"),
        (0.001, "0.001"),
        (9.999999e-4, "9.999999E-4"),
        (2e-5, "2.0E-5"),
        (1e7, "1.0E7"),
        (16_777_216.0, "1.6777216E7"),
        (1e10, "1.0E10"),
        (f32::MAX, "3.4028235E38"),
        (f32::MIN_POSITIVE, "1.1754944E-38"),
        (f32::from_bits(1), "1.4E-45"),
        (f32::from_bits(2), "2.8E-45"),
        (f32::from_bits(71), "9.9E-44"),
        (f32::from_bits(143), "2.0E-43"),
        (f32::NAN, "NaN"),
        (f32::NEG_INFINITY, "-Infinity"),
    ] {
        assert_eq!(float(value), text);
    }
}

/// Whether the text has Java's layout for a finite number of this magnitude.
fn is_javas_layout(text: &str, magnitude: f64) -> bool {
    let (decimal, exponent) = match text.trim_start_matches('-').split_once('E') {
        Some((decimal, exponent)) => (decimal, Some(exponent)),
        None => (text.trim_start_matches('-'), None),
    };
    let Some((whole, fraction)) = decimal.split_once('.') else {
        return false;
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let no_zero_at_the_end = fraction == "0" || !fraction.ends_with('0');
    let scientific = magnitude != 0.0 && !(1e-3..1e7).contains(&magnitude);
    let layout = match exponent {
        Some(exponent) => {
            let exponent = exponent.trim_start_matches('-');
            whole.len() == 1 && whole != "0" && digits(exponent) && !exponent.starts_with('0')
        }
        None => whole == "0" || !whole.starts_with('0'),
    };
    scientific == exponent.is_some()
        && digits(whole)
        && digits(fraction)
        && no_zero_at_the_end
        && layout
}

/// Digits between the zeros at both ends.
fn count_digits(number: &str) -> usize {
    let end = number.find(['e', 'E']).unwrap_or(number.len());
    let digits: String = number[..end].chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn every_double_is_written_shortest_in_javas_layout_and_reads_back(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let text = double(value);
        prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), bits);
        prop_assert!(is_javas_layout(&text, value.abs()), "{}", text);
        if value.abs() > f64::from_bits(20) {
            prop_assert_eq!(count_digits(&text), count_digits(&format!("{value:e}")));
        }
    }

    #[test]
    fn every_float_is_written_shortest_in_javas_layout_and_reads_back(bits: u32) {
        let value = f32::from_bits(bits);
        prop_assume!(value.is_finite());
        let text = float(value);
        prop_assert_eq!(text.parse::<f32>().unwrap().to_bits(), bits);
        prop_assert!(is_javas_layout(&text, f64::from(value.abs())), "{}", text);
        if value.abs() > f32::from_bits(71) {
            prop_assert_eq!(count_digits(&text), count_digits(&format!("{value:e}")));
        }
    }

    #[test]
    fn amounts_and_shares_are_written_as_they_are_entered(cents in 0_i64..1_000_000_000, share in 0.0..1.0) {
        let amount = cents as f64 / 100.0;
        prop_assert!(is_javas_layout(&double(amount), amount));
        prop_assert_eq!(double(amount).parse::<f64>(), Ok(amount));
        prop_assert!(is_javas_layout(&double(share), share));
        prop_assert_eq!(double(share).parse::<f64>(), Ok(share));
    }
}
