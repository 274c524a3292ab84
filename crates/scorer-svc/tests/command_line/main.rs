//! The real binary, without Kafka.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_models;
mod configuration;
mod describe;
mod fake_server;
mod parity;
mod remote_models;
mod score;
mod support;
