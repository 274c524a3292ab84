//! The headers of a message, without a look at their names' encoding.
//!
//! `rdkafka` panics on a header whose name isn't UTF-8, and anyone who may write
//! to the topic may send one: a message that kills the process at every start.
//! So headers are looked up in librdkafka, which compares bytes.

#![expect(
    unsafe_code,
    reason = "rdkafka has no look-up of headers that can't panic"
)]

use std::ffi::{CStr, CString, c_void};
use std::{ptr, slice};

use rdkafka::bindings::{
    rd_kafka_header_add, rd_kafka_header_get_all, rd_kafka_header_get_last, rd_kafka_headers_new,
    rd_kafka_headers_t, rd_kafka_message_headers, rd_kafka_message_set_headers,
    rd_kafka_resp_err_t,
};
use rdkafka::message::BorrowedMessage;

/// The value of the last header called `name`; `None` where there is none, or a null.
pub fn last_header<'a>(message: &'a BorrowedMessage<'_>, name: &CStr) -> Option<&'a [u8]> {
    let headers = headers(message)?;
    let mut value: *const c_void = ptr::null();
    let mut length = 0;
    // SAFETY: the message keeps its headers for 'a; the name ends with a NUL.
    let found = unsafe {
        rd_kafka_header_get_last(headers, name.as_ptr(), &raw mut value, &raw mut length)
    };
    if found != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || value.is_null() {
        return None;
    }
    // SAFETY: librdkafka gave `length` bytes, which live as long as the message.
    Some(unsafe { slice::from_raw_parts(value.cast(), length) })
}

/// The same for a name that isn't looked up often enough to be kept as librdkafka wants it.
pub fn find_header<'a>(message: &'a BorrowedMessage<'_>, name: &str) -> Option<&'a [u8]> {
    last_header(message, &CString::new(name).ok()?)
}

/// Calls `each` with name and value of every header, in their order.
pub fn for_each_header<'a>(
    message: &'a BorrowedMessage<'_>,
    mut each: impl FnMut(&'a [u8], Option<&'a [u8]>),
) {
    let Some(headers) = headers(message) else {
        return;
    };
    for index in 0.. {
        let (mut name, mut value, mut length) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the message keeps its headers for 'a; an index beyond the last is an error.
        let found = unsafe {
            rd_kafka_header_get_all(
                headers,
                index,
                &raw mut name,
                &raw mut value,
                &raw mut length,
            )
        };
        if found != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return;
        }
        // SAFETY: librdkafka ends names with a NUL; it lives as long as the message.
        let name = unsafe { CStr::from_ptr(name) };
        // SAFETY: librdkafka gave `length` bytes, which live as long as the message.
        let value =
            (!value.is_null()).then(|| unsafe { slice::from_raw_parts(value.cast(), length) });
        each(name.to_bytes(), value);
    }
}

/// Where the last header called `name` stands, counted from 0; `None` where there is none.
pub fn header_position(message: &BorrowedMessage<'_>, name: &str) -> Option<usize> {
    let (mut index, mut position) = (0, None);
    for_each_header(message, |other, _| {
        if other == name.as_bytes() {
            position = Some(index);
        }
        index += 1;
    });
    position
}

/// Leaves a message that was read its first `count` headers and no others.
pub fn keep_headers(message: &mut BorrowedMessage<'_>, count: usize) {
    // SAFETY: makes an empty list, which is ours until the message takes it.
    let kept = unsafe { rd_kafka_headers_new(count) };
    let mut left = count;
    for_each_header(message, |name, value| {
        if left == 0 {
            return;
        }
        left -= 1;
        let (bytes, length) = value.map_or((ptr::null(), 0), |value| {
            (value.as_ptr().cast(), value.len() as isize)
        });
        // SAFETY: librdkafka copies the bytes of name and value, which are as long as said.
        unsafe {
            rd_kafka_header_add(
                kept,
                name.as_ptr().cast(),
                name.len() as isize,
                bytes,
                length,
            )
        };
    });
    // SAFETY: the message is borrowed mutably, so nobody looks at its headers meanwhile. It
    // frees the ones that it had, and owns these.
    unsafe { rd_kafka_message_set_headers(message.ptr(), kept) };
}

fn headers(message: &BorrowedMessage<'_>) -> Option<*mut rd_kafka_headers_t> {
    let mut headers = ptr::null_mut();
    // SAFETY: the message is alive, and keeps the ownership of its headers.
    let found = unsafe { rd_kafka_message_headers(message.ptr(), &raw mut headers) };
    (found == rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR).then_some(headers)
}
