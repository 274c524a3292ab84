//! The real binary, without Kafka.

mod bad_models;
mod configuration;
mod describe;
mod parity;
mod score;
mod support;
