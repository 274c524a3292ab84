//! One value of a member.

use super::number::Number;
use super::{Cursor, JsonString, Malformed};

/// A value that has been read to its end. What arrays and objects hold has
/// been checked and passed over.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Null,
    Boolean,
    Number(Number<'a>),
    String(JsonString<'a>),
    Array,
    Object,
}

impl Value<'_> {
    /// What it is, for a message: never what it holds.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl<'a> Cursor<'a> {
    /// Reads the value at the position.
    pub(crate) fn value(&mut self) -> Result<Value<'a>, Malformed> {
        match self.peek_token() {
            Some(b'{') => self.skip_nested().map(|()| Value::Object),
            Some(b'[') => self.skip_nested().map(|()| Value::Array),
            _ => self.scalar(),
        }
    }

    /// Checks the value at the position and passes it.
    pub(crate) fn skip_value(&mut self) -> Result<(), Malformed> {
        self.value().map(|_| ())
    }

    /// Reads a value that is neither an array nor an object.
    pub(super) fn scalar(&mut self) -> Result<Value<'a>, Malformed> {
        match self.peek_token() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'n') => self.literal("null").map(|()| Value::Null),
            Some(b't') => self.literal("true").map(|()| Value::Boolean),
            Some(b'f') => self.literal("false").map(|()| Value::Boolean),
            _ => Err(self.malformed("expected a value")),
        }
    }

    fn literal(&mut self, literal: &'static str) -> Result<(), Malformed> {
        if !self.rest().starts_with(literal.as_bytes()) {
            return Err(self.malformed("expected a value"));
        }
        self.position += literal.len();
        Ok(())
    }
}
