//! The real binary, without Kafka.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_models;
mod configuration;
mod describe;
mod parity;
mod score;
mod support;
