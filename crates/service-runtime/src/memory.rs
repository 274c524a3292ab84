//! How the C library gives memory back.

#![allow(
    unsafe_code,
    reason = "no library sets malloc's parameters; only glibc has them"
)]

/// From this size on an allocation is a mapping of its own, which the system has back as
/// soon as it is freed; glibc's first value.
#[cfg(target_env = "gnu")]
const MAPPED_FROM_BYTES: libc::c_int = 128 * 1024;

/// Lets large buffers be returned when they are freed.
///
/// glibc raises the size from which it maps allocations to the largest that it has seen
/// freed, up to 32 MiB. Fetched batches and files then lie on its heaps, which they
/// fragment: 18 MiB of 74 in the sink of `tests/end_to_end/memory.rs`. A size that is set
/// stays. Other C libraries have no such habit.
pub(crate) fn return_large_buffers() {
    // SAFETY: mallopt takes two numbers, locks what it changes, and is called before any
    // other thread runs.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
    };
}
