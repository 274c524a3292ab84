//! end-to-end-tests
