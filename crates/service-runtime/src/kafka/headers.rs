//! One header of a message.
//!
//! `rdkafka` panics on a header whose name isn't UTF-8, and anyone who may write
//! to the topic may send one: a message that kills the process at every start.
//! So headers are looked up by name in librdkafka, which compares bytes.

#![expect(
    unsafe_code,
    reason = "rdkafka has no look-up by name that can't panic"
)]

use std::ffi::{CStr, c_void};
use std::{ptr, slice};

use rdkafka::bindings::{rd_kafka_header_get_last, rd_kafka_message_headers, rd_kafka_resp_err_t};
use rdkafka::message::BorrowedMessage;

/// The value of the last header called `name`; `None` where there is none, or a null.
pub fn last_header<'a>(message: &'a BorrowedMessage<'_>, name: &CStr) -> Option<&'a [u8]> {
    let mut headers = ptr::null_mut();
    // SAFETY: the message is alive for 'a, and keeps the ownership of its headers.
    let found = unsafe { rd_kafka_message_headers(message.ptr(), &raw mut headers) };
    if found != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        return None;
    }
    let mut value: *const c_void = ptr::null();
    let mut length = 0;
    // SAFETY: `headers` was just filled in; the name ends with a NUL.
    let found = unsafe {
        rd_kafka_header_get_last(headers, name.as_ptr(), &raw mut value, &raw mut length)
    };
    if found != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || value.is_null() {
        return None;
    }
    // SAFETY: librdkafka gave `length` bytes, which live as long as the message.
    Some(unsafe { slice::from_raw_parts(value.cast(), length) })
}
