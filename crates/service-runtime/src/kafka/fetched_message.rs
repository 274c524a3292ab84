//! A message of a batch.

#![expect(unsafe_code, reason = "rdkafka makes messages of its own only")]

use std::ffi::CStr;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::slice;

use rdkafka::Timestamp;
use rdkafka::bindings::{
    rd_kafka_message_destroy, rd_kafka_message_t, rd_kafka_message_timestamp, rd_kafka_resp_err_t,
    rd_kafka_timestamp_type_t as TimestampType, rd_kafka_topic_name,
};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;

/// A message as librdkafka holds it.
///
/// # Safety
/// The pointer is valid as long as the value lives.
pub unsafe trait NativeMessage {
    /// The message.
    fn native(&self) -> *mut rd_kafka_message_t;
}

// SAFETY: it keeps its message.
unsafe impl NativeMessage for BorrowedMessage<'_> {
    fn native(&self) -> *mut rd_kafka_message_t {
        self.ptr()
    }
}

// SAFETY: it keeps its message.
unsafe impl NativeMessage for FetchedMessage<'_> {
    fn native(&self) -> *mut rd_kafka_message_t {
        self.owned.0.as_ptr()
    }
}

/// A message that a consumer has brought, or an error in its place.
#[derive(Debug)]
pub struct FetchedMessage<'a> {
    owned: Owned,
    consumer: PhantomData<&'a ()>,
}

/// A message that is ours.
#[derive(Debug)]
struct Owned(NonNull<rd_kafka_message_t>);

// SAFETY: librdkafka's messages aren't bound to a thread.
unsafe impl Send for Owned {}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: nobody has it after this.
        unsafe { rd_kafka_message_destroy(self.0.as_ptr()) };
    }
}

impl FetchedMessage<'_> {
    /// # Safety
    /// The message is ours, and its consumer lives longer.
    pub(super) unsafe fn own(native: NonNull<rd_kafka_message_t>) -> Self {
        Self {
            owned: Owned(native),
            consumer: PhantomData,
        }
    }

    /// What it stands for, for a consumer that lives as long as the caller says.
    pub(super) fn into_result<'a>(self) -> KafkaResult<FetchedMessage<'a>> {
        match self.get().err {
            rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(FetchedMessage {
                owned: self.owned,
                consumer: PhantomData,
            }),
            error => Err(KafkaError::MessageConsumption(error.into())),
        }
    }

    /// Its topic.
    pub fn topic(&self) -> &str {
        // SAFETY: a message has a topic, whose name ends with a NUL and lives as long.
        let name = unsafe { CStr::from_ptr(rd_kafka_topic_name(self.get().rkt)) };
        name.to_str().expect("names of topics are ASCII")
    }

    /// Its partition.
    pub fn partition(&self) -> i32 {
        self.get().partition
    }

    /// Its offset.
    pub fn offset(&self) -> i64 {
        self.get().offset
    }

    /// Its time, by the producer or the broker.
    pub fn timestamp(&self) -> Timestamp {
        let mut kind = TimestampType::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message lives.
        let time = unsafe { rd_kafka_message_timestamp(self.native(), &raw mut kind) };
        match kind {
            _ if time == -1 => Timestamp::NotAvailable,
            TimestampType::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE => Timestamp::NotAvailable,
            TimestampType::RD_KAFKA_TIMESTAMP_CREATE_TIME => Timestamp::CreateTime(time),
            TimestampType::RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME => Timestamp::LogAppendTime(time),
        }
    }

    /// Its key; `None` is Kafka's null.
    pub fn key(&self) -> Option<&[u8]> {
        let message = self.get();
        // SAFETY: librdkafka gives the length of what it points to, which lives as long.
        (!message.key.is_null())
            .then(|| unsafe { slice::from_raw_parts(message.key.cast(), message.key_len) })
    }

    /// Its value; `None` is Kafka's null.
    pub fn payload(&self) -> Option<&[u8]> {
        let message = self.get();
        // SAFETY: librdkafka gives the length of what it points to, which lives as long.
        (!message.payload.is_null())
            .then(|| unsafe { slice::from_raw_parts(message.payload.cast(), message.len) })
    }

    /// Whether it is an error, whose offset means nothing.
    pub(super) fn is_error(&self) -> bool {
        self.get().err != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
    }

    /// Bytes of key and value.
    pub(super) fn size(&self) -> usize {
        let message = self.get();
        message.key_len + message.len
    }

    fn get(&self) -> &rd_kafka_message_t {
        // SAFETY: the message is ours until it is dropped, and nobody writes to it.
        unsafe { self.owned.0.as_ref() }
    }
}
