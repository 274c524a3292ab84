//! Python's `repr` of bytes, strings and floats.

use std::fmt::Write;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// Appends `repr` of a `bytes`, such as `b'125713051'`.
pub(super) fn write_bytes(out: &mut String, bytes: &[u8]) {
    let quote = quote(bytes.contains(&b'\''), bytes.contains(&b'"'));
    out.push('b');
    out.push(quote);
    for &byte in bytes {
        match byte {
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => push_quoted(out, char::from(byte), quote),
            _ => push_formatted(out, format_args!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
}

/// Appends `repr` of a `str`. Its code points aren't `char`s because a Python
/// string may hold lone surrogates.
pub(super) fn write_str(out: &mut String, code_points: &[u32]) {
    let has = |wanted: char| code_points.contains(&u32::from(wanted));
    let quote = quote(has('\''), has('"'));
    out.push(quote);
    for &code_point in code_points {
        match char::from_u32(code_point) {
            Some('\t') => out.push_str("\\t"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\\') => out.push_str("\\\\"),
            Some(character) if is_printable(character) => push_quoted(out, character, quote),
            _ => push_escaped(out, code_point),
        }
    }
    out.push(quote);
}

/// Appends `repr` of a `float`: the shortest digits that read back as the same
/// number, with an exponent below 1e-4 and from 1e16.
pub(super) fn write_float(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("nan");
        return;
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    if value.is_infinite() {
        out.push_str("inf");
        return;
    }
    let (digits, exponent) = shortest_digits(value.abs());
    match usize::try_from(exponent) {
        Ok(exponent @ 0..16) if digits.len() > exponent + 1 => {
            let (whole, fraction) = digits.split_at(exponent + 1);
            push_formatted(out, format_args!("{whole}.{fraction}"));
        }
        Ok(exponent @ 0..16) => {
            push_formatted(
                out,
                format_args!("{digits:0<width$}.0", width = exponent + 1),
            );
        }
        Err(_) if exponent >= -4 => {
            let width = digits.len() + exponent.unsigned_abs() as usize - 1;
            push_formatted(out, format_args!("0.{digits:0>width$}"));
        }
        _ => {
            let (whole, fraction) = digits.split_at(1);
            let point = if fraction.is_empty() { "" } else { "." };
            push_formatted(out, format_args!("{whole}{point}{fraction}e{exponent:+03}"));
        }
    }
}

/// The digits of a finite number without zeros around them, and the decimal
/// exponent of the first. zmij breaks ties to even as Python does; the standard
/// library doesn't.
fn shortest_digits(value: f64) -> (String, i32) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().expect("zmij writes a decimal exponent");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = format!("{whole}{fraction}");
    let digits = all_digits.trim_start_matches('0');
    if digits.is_empty() {
        return ("0".to_owned(), 0);
    }
    let leading_zeros = all_digits.len() - digits.len();
    let first = exponent + whole.len() as i32 - 1 - leading_zeros as i32;
    (digits.trim_end_matches('0').to_owned(), first)
}

/// Single quotes, unless they would need escaping and double quotes wouldn't.
fn quote(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

fn push_quoted(out: &mut String, character: char, quote: char) {
    if character == quote {
        out.push('\\');
    }
    out.push(character);
}

fn push_escaped(out: &mut String, code_point: u32) {
    match code_point {
        0..=0xff => push_formatted(out, format_args!("\\x{code_point:02x}")),
        0x100..=0xffff => push_formatted(out, format_args!("\\u{code_point:04x}")),
        _ => push_formatted(out, format_args!("\\U{code_point:08x}")),
    }
}

fn push_formatted(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments)
        .expect("writing to a string doesn't fail");
}

/// `str.isprintable`: everything but the categories "Other" and "Separator",
/// save the space itself.
fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return (' '..='~').contains(&character);
    }
    !matches!(
        CodePointMapData::<GeneralCategory>::new().get(character),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Surrogate
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::SpaceSeparator
    )
}
