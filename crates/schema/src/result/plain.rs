//! Results as [`write`](super::write()) writes them.

use super::ResultRecord;
use crate::json::{plain_double, plain_integer, starts_with};
use crate::timestamp;

/// Reads a result with the fields, their order and the spacing of the contract, dense and
/// with no null, as nearly all are. `None` says nothing about what it is, and leaves
/// anything in `record`.
///
/// Each byte is compared with what stands there or read as a digit, so that none is
/// looked at before, not even for being UTF-8.
pub(super) fn read(message: &[u8], record: &mut ResultRecord) -> Option<()> {
    let mut plain = Plain { rest: message };
    record.transaction_id = plain
        .pass(b"{\"transaction_id\":")
        .then(|| plain.integer(i64::MAX))??;
    record.timestamp = plain.pass(b",\"ts\":\"").then(|| plain.time())??;
    record.tx_fraud = match plain.pass(b"\",\"tx_fraud\":") {
        true => Some(plain.integer(i32::MAX.into())? as i32),
        false => plain.pass(b"\"").then_some(None)?,
    };
    record.probability = match plain.pass(b",\"probability\":{\"type\":1,\"values\":[") {
        true => Some(plain.values(record.probability.take().unwrap_or_default())?),
        false => None,
    };
    record.prediction = plain.pass(b",\"prediction\":").then(|| plain.class())??;
    plain.rest.is_empty().then_some(())
}

/// What isn't read yet.
struct Plain<'a> {
    rest: &'a [u8],
}

impl Plain<'_> {
    /// Passes `bytes` if they come next.
    #[inline(always)]
    fn pass(&mut self, bytes: &[u8]) -> bool {
        let come = starts_with(self.rest, bytes);
        if come {
            self.rest = &self.rest[bytes.len()..];
        }
        come
    }

    #[inline(always)]
    fn integer(&mut self, greatest: i64) -> Option<i64> {
        let (value, length) = plain_integer(self.rest, greatest)?;
        self.rest = &self.rest[length..];
        Some(value)
    }

    #[inline(always)]
    fn double(&mut self) -> Option<f64> {
        let (value, length) = plain_double(self.rest)?;
        self.rest = &self.rest[length..];
        Some(value)
    }

    #[inline(always)]
    fn time(&mut self) -> Option<i64> {
        let (text, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        timestamp::parse_plain(text)
    }

    /// One value or more, to the end of their vector.
    #[inline(always)]
    fn values(&mut self, mut values: Vec<f64>) -> Option<Vec<f64>> {
        values.clear();
        loop {
            values.push(self.double()?);
            if !self.pass(b",") {
                return self.pass(b"]}").then_some(values);
            }
        }
    }

    /// The last value, a class below ten as a rule, to the end of the result.
    #[inline(always)]
    fn class(&mut self) -> Option<f64> {
        if let [digit @ b'0'..=b'9', b'.', b'0', b'}'] = *self.rest {
            self.rest = &[];
            return Some(f64::from(digit - b'0'));
        }
        let class = self.double()?;
        self.pass(b"}").then_some(class)
    }
}
