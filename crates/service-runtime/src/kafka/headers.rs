//! The headers of a message, without a look at their names' encoding.
//!
//! `rdkafka` panics on a header whose name isn't UTF-8, and anyone who may write
//! to the topic may send one: a message that kills the process at every start.
//! So headers are looked up in librdkafka, which compares bytes. And it copies
//! the name of each header that is sent, which costs a result more than its own
//! bytes do.

#![expect(
    unsafe_code,
    reason = "rdkafka has no headers that can't panic and none without copies"
)]

use std::ffi::{CStr, CString, c_void};
use std::ptr::NonNull;
use std::{mem, ptr, slice};

use rdkafka::bindings::{
    rd_kafka_header_add, rd_kafka_header_get_all, rd_kafka_header_get_last, rd_kafka_headers_copy,
    rd_kafka_headers_destroy, rd_kafka_headers_new, rd_kafka_headers_t, rd_kafka_message_headers,
    rd_kafka_message_set_headers, rd_kafka_resp_err_t,
};

use super::fetched_message::NativeMessage;
use super::record_size::HeadersSize;

/// As many headers as a record has with a result or a dead letter in it.
const USUAL: usize = 8;
const MEMORY: &str = "librdkafka ends the process where memory does";

/// The value of the last header called `name`; `None` where there is none, or a null.
pub fn last_header<'a>(message: &'a impl NativeMessage, name: &CStr) -> Option<&'a [u8]> {
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
pub fn find_header<'a>(message: &'a impl NativeMessage, name: &str) -> Option<&'a [u8]> {
    last_header(message, &CString::new(name).ok()?)
}

/// Calls `each` with name and value of every header, in their order.
pub(super) fn for_each_header<'a>(
    message: &'a impl NativeMessage,
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
pub fn header_position(message: &impl NativeMessage, name: &str) -> Option<usize> {
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
pub fn keep_headers(message: &mut impl NativeMessage, count: usize) {
    let kept = Headers::first_of(message, count);
    // SAFETY: the message is borrowed mutably, so nobody looks at its headers meanwhile. It
    // frees the ones that it had, and owns these.
    unsafe { rd_kafka_message_set_headers(message.native(), kept.as_ptr()) };
    mem::forget(kept);
}

fn headers(message: &impl NativeMessage) -> Option<*mut rd_kafka_headers_t> {
    let mut headers = ptr::null_mut();
    // SAFETY: the message is alive, and keeps the ownership of its headers.
    let found = unsafe { rd_kafka_message_headers(message.native(), &raw mut headers) };
    (found == rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR).then_some(headers)
}

/// The headers of a record that is to be sent, in their order.
#[derive(Debug)]
pub struct Headers {
    native: NonNull<rd_kafka_headers_t>,
    size: HeadersSize,
}

// SAFETY: librdkafka's headers are memory of their own, bound to no thread.
unsafe impl Send for Headers {}

impl Headers {
    /// Those of a message; `None` where it has none.
    pub fn of(message: &impl NativeMessage) -> Option<Self> {
        // SAFETY: the message keeps its headers meanwhile.
        let copy = unsafe { rd_kafka_headers_copy(headers(message)?) };
        Some(Self {
            native: NonNull::new(copy).expect(MEMORY),
            size: HeadersSize::of(message),
        })
    }

    /// The first `count` of a message.
    pub fn first_of(message: &impl NativeMessage, count: usize) -> Self {
        let mut first = Self::default();
        let mut left = count;
        for_each_header(message, |name, value| {
            if left > 0 {
                left -= 1;
                first.add(name, value);
            }
        });
        first
    }

    /// Appends a header.
    pub fn add(&mut self, name: &[u8], value: Option<&[u8]>) {
        let length = |bytes: &[u8]| isize::try_from(bytes.len()).expect("memory has bounds");
        let (bytes, count) =
            value.map_or((ptr::null(), 0), |value| (value.as_ptr(), length(value)));
        // SAFETY: name and value have these lengths, and librdkafka copies both.
        let added = unsafe {
            rd_kafka_header_add(
                self.native.as_ptr(),
                name.as_ptr().cast(),
                length(name),
                bytes.cast(),
                count,
            )
        };
        debug_assert_eq!(added, rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR);
        self.size.add(name, value);
    }

    /// What they take in a record.
    pub fn size(&self) -> HeadersSize {
        self.size
    }

    /// For librdkafka, which may take the ownership.
    pub(super) fn as_ptr(&self) -> *mut rd_kafka_headers_t {
        self.native.as_ptr()
    }
}

impl Default for Headers {
    fn default() -> Self {
        // SAFETY: it takes any number to begin with.
        let native = unsafe { rd_kafka_headers_new(USUAL) };
        Self {
            native: NonNull::new(native).expect(MEMORY),
            size: HeadersSize::default(),
        }
    }
}

impl Clone for Headers {
    fn clone(&self) -> Self {
        // SAFETY: they live meanwhile.
        let copy = unsafe { rd_kafka_headers_copy(self.native.as_ptr()) };
        Self {
            native: NonNull::new(copy).expect(MEMORY),
            size: self.size,
        }
    }
}

impl Drop for Headers {
    fn drop(&mut self) {
        // SAFETY: they are ours, and nobody has them after this.
        unsafe { rd_kafka_headers_destroy(self.native.as_ptr()) };
    }
}
