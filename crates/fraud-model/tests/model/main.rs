//! The models in `tests/fixtures`, loaded, scored and broken.

mod golden;
mod support;
