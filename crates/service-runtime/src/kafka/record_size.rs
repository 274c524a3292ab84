//! How large a record is for the broker that may refuse it.

use super::fetched_message::NativeMessage;
use super::headers::for_each_header;

/// Kafka's batch header, version 2: what comes before the first record.
const BATCH_HEADER: usize = 61;
/// A record's attributes, and its differences in time and offset to the batch, which
/// are 0 where it is alone.
const FIXED: usize = 3;

/// The bytes that headers take in a record (Kafka's message format, version 2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeadersSize {
    count: usize,
    bytes: usize,
}

impl HeadersSize {
    /// Of a message's headers.
    pub fn of(message: &impl NativeMessage) -> Self {
        let mut size = Self::default();
        for_each_header(message, |name, value| size.add(name, value));
        size
    }

    /// Bytes of names and values, with what encodes their lengths.
    pub fn bytes(self) -> usize {
        self.bytes
    }

    /// One header more.
    pub fn add(&mut self, name: &[u8], value: Option<&[u8]>) {
        self.count += 1;
        self.bytes += field_size(Some(name)) + field_size(value);
    }
}

/// The size of a batch that holds one record and isn't compressed: what a broker
/// compares with the topic's `max.message.bytes`.
pub fn batch_size_alone(key: Option<&[u8]>, value: Option<&[u8]>, headers: HeadersSize) -> usize {
    let record =
        FIXED + field_size(key) + field_size(value) + varint_size(headers.count) + headers.bytes;
    BATCH_HEADER + varint_size(record) + record
}

/// Bytes with their length before them; a null has the length -1.
fn field_size(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(1, |bytes| varint_size(bytes.len()) + bytes.len())
}

/// A length as a zigzag varint: 7 bits a byte, one of all for the sign.
fn varint_size(length: usize) -> usize {
    let bits = usize::BITS - length.leading_zeros() + 1;
    bits.div_ceil(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_bytes_of_their_zigzag_varint() {
        let lengths = [(0, 1), (63, 1), (64, 2), (8191, 2), (8192, 3), (1 << 20, 4)];
        for (length, expected) in lengths {
            assert_eq!(varint_size(length), expected, "{length}");
        }
    }

    #[test]
    fn an_empty_record_is_all_overhead() {
        // Length, attributes, two differences, null key, null value, no headers.
        assert_eq!(
            batch_size_alone(None, None, HeadersSize::default()),
            BATCH_HEADER + 7
        );
    }

    #[test]
    fn headers_count_with_their_names() {
        let mut headers = HeadersSize::default();
        headers.add(b"name", Some(b"value"));
        headers.add(b"null", None);
        let without = batch_size_alone(None, Some(b"x"), HeadersSize::default());
        let with = batch_size_alone(None, Some(b"x"), headers);
        assert_eq!(with - without, (1 + 4 + 1 + 5) + (1 + 4 + 1));
    }
}
