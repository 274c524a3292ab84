//! Text and non-finite numbers as Jackson writes them.

use crate::double::{write_java_double, write_java_float};

/// Appends a string in quotes. Escapes are Jackson's: short where JSON has a
/// short one, else `\u00XX` with upper-case digits; what isn't ASCII stays.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";

    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0x08 => out.extend(b"\\b"),
            0x0c => out.extend(b"\\f"),
            0x00..=0x1f => {
                out.extend(b"\\u00");
                out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Appends a double as a number, or in quotes if it isn't finite.
pub(crate) fn write_double(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        write_java_double(out, value);
    } else {
        out.push(b'"');
        write_java_double(out, value);
        out.push(b'"');
    }
}

/// Appends a float as a number, or in quotes if it isn't finite.
pub(crate) fn write_float(out: &mut Vec<u8>, value: f32) {
    if value.is_finite() {
        write_java_float(out, value);
    } else {
        write_double(out, f64::from(value));
    }
}
