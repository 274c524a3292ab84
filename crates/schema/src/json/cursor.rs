//! The position in a message, and the steps from member to member.

use super::JsonString;
use crate::{Rejection, RejectionCode};

/// Reads a message from front to back. Each method leaves the position right
/// behind what it read.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) position: usize,
}

/// The message isn't JSON, or isn't what must stand at this place of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    problem: &'static str,
    position: usize,
}

impl From<Malformed> for Rejection {
    fn from(malformed: Malformed) -> Self {
        let Malformed { problem, position } = malformed;
        Self::new(
            RejectionCode::InvalidJson,
            format!("{problem} at byte {position}"),
        )
    }
}

impl<'a> Cursor<'a> {
    /// A cursor at the first byte of a message, which must be UTF-8.
    pub(crate) fn new(message: &'a [u8]) -> Result<Self, Malformed> {
        match str::from_utf8(message) {
            Ok(text) => Ok(Self { text, position: 0 }),
            Err(error) => Err(Malformed {
                problem: "not UTF-8",
                position: error.valid_up_to(),
            }),
        }
    }

    /// Checks that a message is one JSON object.
    pub(crate) fn check_object(message: &'a [u8]) -> Result<(), Malformed> {
        let mut cursor = Self::new(message)?;
        let mut next_key = cursor.first_key()?;
        while next_key.is_some() {
            cursor.skip_value()?;
            next_key = cursor.next_key()?;
        }
        cursor.finish()
    }

    /// Enters an object and reads its first key; `None` leaves it again.
    pub(crate) fn first_key(&mut self) -> Result<Option<JsonString<'a>>, Malformed> {
        self.expect(b'{', "expected '{'")?;
        if self.peek_token() == Some(b'}') {
            self.position += 1;
            return Ok(None);
        }
        self.key().map(Some)
    }

    /// Reads the key behind a member's value; `None` leaves the object.
    pub(crate) fn next_key(&mut self) -> Result<Option<JsonString<'a>>, Malformed> {
        if self.another(b'}', "expected ',' or '}'")? {
            self.key().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Enters an array; `false` leaves it again, as it is empty.
    pub(crate) fn first_element(&mut self) -> Result<bool, Malformed> {
        self.expect(b'[', "expected '['")?;
        if self.peek_token() == Some(b']') {
            self.position += 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// Steps to the next element of an array; `false` leaves it.
    pub(crate) fn next_element(&mut self) -> Result<bool, Malformed> {
        self.another(b']', "expected ',' or ']'")
    }

    /// Nothing but whitespace may follow.
    pub(crate) fn finish(mut self) -> Result<(), Malformed> {
        match self.peek_token() {
            None => Ok(()),
            Some(_) => Err(self.malformed("expected nothing behind the object")),
        }
    }

    /// The first byte of the next token; passes the whitespace before it.
    pub(crate) fn peek_token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.position += 1;
        }
        self.peek()
    }

    /// The bytes from the position on.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.position..]
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    pub(super) fn malformed(&self, problem: &'static str) -> Malformed {
        Malformed {
            problem,
            position: self.position,
        }
    }

    /// The position, for [`Self::since`].
    pub(crate) fn mark(&self) -> usize {
        self.position
    }

    /// The bytes since a mark.
    pub(crate) fn since(&self, mark: usize) -> &'a [u8] {
        &self.text.as_bytes()[mark..self.position]
    }

    /// Passes `bytes` if they come next.
    #[inline(always)]
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> bool {
        let come = starts_with(self.rest(), bytes);
        if come {
            self.position += bytes.len();
        }
        come
    }

    /// The `length` bytes in quotes that come next; escapes aren't understood.
    pub(crate) fn peek_text(&self, length: usize) -> Option<&'a [u8]> {
        let quoted = self.rest().get(..length + 2)?;
        quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")
    }

    /// Passes what [`Self::peek_text`] gave.
    pub(crate) fn pass_text(&mut self, text: &[u8]) {
        self.position += text.len() + 2;
    }

    fn key(&mut self) -> Result<JsonString<'a>, Malformed> {
        if self.peek_token() != Some(b'"') {
            return Err(self.malformed("expected a key in quotes"));
        }
        let key = self.string()?;
        self.expect(b':', "expected ':'")?;
        Ok(key)
    }

    fn another(&mut self, end: u8, problem: &'static str) -> Result<bool, Malformed> {
        let more = match self.peek_token() {
            Some(b',') => true,
            Some(byte) if byte == end => false,
            _ => return Err(self.malformed(problem)),
        };
        self.position += 1;
        Ok(more)
    }

    fn expect(&mut self, byte: u8, problem: &'static str) -> Result<(), Malformed> {
        if self.peek_token() != Some(byte) {
            return Err(self.malformed(problem));
        }
        self.position += 1;
        Ok(())
    }
}

/// Whether `text` starts with `bytes`, word by word: these are too short for the call
/// that the standard library makes of a comparison.
#[inline(always)]
pub(crate) fn starts_with(text: &[u8], bytes: &[u8]) -> bool {
    let Some(text) = text.get(..bytes.len()) else {
        return false;
    };
    let (Some(text_end), Some(end)) = (text.last_chunk(), bytes.last_chunk()) else {
        return text == bytes;
    };
    let pairs = text.as_chunks().0.iter().zip(bytes.as_chunks().0);
    let difference = pairs.fold(difference(text_end, end), |all, (word, other)| {
        all | difference(word, other)
    });
    difference == 0
}

fn difference(word: &[u8; 8], other: &[u8; 8]) -> u64 {
    u64::from_ne_bytes(*word) ^ u64::from_ne_bytes(*other)
}
