//! Strings, checked when read and unescaped only if someone asks.

use std::borrow::Cow;

use super::{Cursor, Malformed};

/// A string of the message, between its quotes. Its escapes are valid, and
/// surrogates come in pairs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonString<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> JsonString<'a> {
    /// The text; allocates only if something in it is escaped.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(unescape(self.raw))
        } else {
            Cow::Borrowed(self.raw)
        }
    }
}

fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (character, length) =
            decode_escape(&rest.as_bytes()[at..]).expect("escapes are checked when read");
        text.push(character);
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    text
}

impl<'a> Cursor<'a> {
    /// Reads a string, from its opening quote.
    pub(super) fn string(&mut self) -> Result<JsonString<'a>, Malformed> {
        self.position += 1;
        let start = self.position;
        let mut escaped = false;
        loop {
            self.position += plain_length(self.rest());
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let escape = decode_escape(self.rest());
                    let (_, length) =
                        escape.ok_or_else(|| self.malformed("not an escape of JSON"))?;
                    self.position += length;
                    escaped = true;
                }
                Some(_) => return Err(self.malformed("control character in a string")),
                None => return Err(self.malformed("the message ends in a string")),
            }
        }
        let raw = &self.text[start..self.position];
        self.position += 1;
        Ok(JsonString { raw, escaped })
    }
}

/// Bytes before the first quote, backslash or control character, eight at a
/// time ("Determine if a word has a zero byte", Bit Twiddling Hacks).
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);

    let mut length = 0;
    while let Some(chunk) = bytes[length..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let quotes = word ^ u64::from_le_bytes([b'"'; 8]);
        let backslashes = word ^ u64::from_le_bytes([b'\\'; 8]);
        // Borrows make false hits only above a true one, and the lowest counts.
        let hits = (word.wrapping_sub(ONES * 0x20) & !word)
            | (quotes.wrapping_sub(ONES) & !quotes)
            | (backslashes.wrapping_sub(ONES) & !backslashes);
        let hits = hits & HIGH_BITS;
        if hits != 0 {
            return length + hits.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let is_plain = |&&byte: &&u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    length + bytes[length..].iter().take_while(is_plain).count()
}

/// The character and the length of the escape that `bytes` starts with. Half
/// of a surrogate pair is none: it has no UTF-8.
fn decode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match *bytes.get(1)? {
        character @ (b'"' | b'\\' | b'/') => char::from(character),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return decode_unicode_escape(bytes),
        _ => return None,
    };
    Some((character, 2))
}

fn decode_unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let first = code_unit(bytes)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((character, 6));
    }
    let second = code_unit(&bytes[6..])?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((character, 12))
}

/// The code unit of the `\uXXXX` that `bytes` starts with.
fn code_unit(bytes: &[u8]) -> Option<u16> {
    let (escape, _) = bytes.split_first_chunk::<6>()?;
    let [b'\\', b'u', digits @ ..] = escape else {
        return None;
    };
    digits.iter().try_fold(0, |unit, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        Some(unit << 4 | digit as u16)
    })
}
