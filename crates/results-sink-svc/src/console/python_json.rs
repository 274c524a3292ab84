//! `repr(json.loads(text))` as Python computes it, without the objects between.

use std::collections::HashMap;
use std::ops::Range;

use super::python_repr::{write_float, write_str};

/// Python's parser gives up near this depth too (`RecursionError`).
const MAX_DEPTH: usize = 990;

/// Appends Python's `repr` of the JSON value in `text`. `None`, with nothing
/// appended, where Python would raise: not JSON, or nested too deep.
pub(super) fn write_json(out: &mut String, text: &[u8]) -> Option<()> {
    let start = out.len();
    let text = std::str::from_utf8(text).ok()?;
    let mut translator = Translator {
        text,
        position: 0,
        out,
    };
    let written = translator.document();
    if written.is_none() {
        out.truncate(start);
    }
    written
}

struct Translator<'a> {
    text: &'a str,
    position: usize,
    out: &'a mut String,
}

impl Translator<'_> {
    fn document(&mut self) -> Option<()> {
        self.value(0)?;
        self.skip_whitespace();
        (self.position == self.text.len()).then_some(())
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        self.skip_whitespace();
        match self.peek()? {
            b'{' if depth < MAX_DEPTH => self.object(depth),
            b'[' if depth < MAX_DEPTH => self.array(depth),
            b'"' => self.string(),
            b't' => self.word("true", "True"),
            b'f' => self.word("false", "False"),
            b'n' => self.word("null", "None"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.expect(b'[')?;
        self.out.push('[');
        self.skip_whitespace();
        if self.peek()? != b']' {
            loop {
                self.value(depth + 1)?;
                if !self.more_until(b']')? {
                    break;
                }
            }
        } else {
            self.position += 1;
        }
        self.out.push(']');
        Some(())
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.expect(b'{')?;
        let start = self.out.len();
        let mut members = Members::default();
        self.out.push('{');
        self.skip_whitespace();
        if self.peek()? != b'}' {
            loop {
                self.member(depth, &mut members)?;
                if !self.more_until(b'}')? {
                    break;
                }
            }
        } else {
            self.position += 1;
        }
        self.out.push('}');
        if members.repeated {
            let object = members.without_repeats(self.out);
            self.out.truncate(start);
            self.out.push_str(&object);
        }
        Some(())
    }

    fn member(&mut self, depth: usize, members: &mut Members) -> Option<()> {
        self.skip_whitespace();
        let key_start = self.out.len();
        self.string()?;
        let key = key_start..self.out.len();
        self.skip_whitespace();
        self.expect(b':')?;
        self.out.push_str(": ");
        let value_start = self.out.len();
        self.value(depth + 1)?;
        members.add(self.out, key, value_start..self.out.len());
        Some(())
    }

    /// Whether a comma follows; else the closing bracket must.
    fn more_until(&mut self, close: u8) -> Option<bool> {
        self.skip_whitespace();
        let next = self.peek()?;
        self.position += 1;
        if next == b',' {
            self.out.push_str(", ");
            return Some(true);
        }
        (next == close).then_some(false)
    }

    fn string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        let mut code_points = Vec::new();
        loop {
            let character = self.text[self.position..].chars().next()?;
            self.position += character.len_utf8();
            match character {
                '"' => break,
                '\\' => code_points.push(self.escape()?),
                '\0'..='\x1f' => return None,
                _ => code_points.push(u32::from(character)),
            }
        }
        write_str(self.out, &code_points);
        Some(())
    }

    fn escape(&mut self) -> Option<u32> {
        let kind = self.peek()?;
        self.position += 1;
        Some(match kind {
            b'"' | b'\\' | b'/' => u32::from(kind),
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => 0x0a,
            b'r' => 0x0d,
            b't' => 0x09,
            b'u' => {
                let unit = self.four_hex_digits()?;
                self.low_surrogate_after(unit).unwrap_or(unit)
            }
            _ => return None,
        })
    }

    /// The code point of a surrogate pair; a lone surrogate stays what it is.
    fn low_surrogate_after(&mut self, high: u32) -> Option<u32> {
        if !(0xd800..0xdc00).contains(&high) {
            return None;
        }
        let before = self.position;
        let low = self.low_surrogate();
        if low.is_none() {
            self.position = before;
        }
        low.map(|low| 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    }

    fn low_surrogate(&mut self) -> Option<u32> {
        self.expect(b'\\')?;
        self.expect(b'u')?;
        self.four_hex_digits()
            .filter(|unit| (0xdc00..0xe000).contains(unit))
    }

    fn four_hex_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.position..self.position + 4)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        self.position += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Option<()> {
        let rest = &self.text[self.position..];
        let length = rest
            .find(|character| !matches!(character, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
            .unwrap_or(rest.len());
        let token = &rest[..length];
        self.position += length;
        if token.contains(['.', 'e', 'E']) {
            write_float(self.out, token.parse().ok()?);
        } else if token == "-0" {
            self.out.push('0');
        } else {
            self.out.push_str(token);
        }
        Some(())
    }

    fn word(&mut self, json: &str, python: &str) -> Option<()> {
        if !self.text[self.position..].starts_with(json) {
            return None;
        }
        self.position += json.len();
        self.out.push_str(python);
        Some(())
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.position += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        if self.peek()? != byte {
            return None;
        }
        self.position += 1;
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }
}

/// The members of an object that is being written, as places in the text.
#[derive(Default)]
struct Members {
    members: Vec<Member>,
    by_key: HashMap<String, usize>,
    repeated: bool,
}

struct Member {
    key: Range<usize>,
    value: Range<usize>,
}

impl Members {
    fn add(&mut self, text: &str, key: Range<usize>, value: Range<usize>) {
        // `repr` is injective: equal texts are equal keys.
        if let Some(&earlier) = self.by_key.get(&text[key.clone()]) {
            self.members[earlier].value = value;
            self.repeated = true;
            return;
        }
        self.by_key
            .insert(text[key.clone()].to_owned(), self.members.len());
        self.members.push(Member { key, value });
    }

    /// A `dict` keeps a repeated key where it first stood, with its last value.
    fn without_repeats(&self, text: &str) -> String {
        let members: Vec<String> = self
            .members
            .iter()
            .map(|member| {
                let key = &text[member.key.clone()];
                let value = &text[member.value.clone()];
                format!("{key}: {value}")
            })
            .collect();
        format!("{{{}}}", members.join(", "))
    }
}
