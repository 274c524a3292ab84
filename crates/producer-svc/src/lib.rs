//! producer-svc: sends the transactions of a Parquet data set to Kafka, and
//! makes such a data set up where there is none.

pub mod cli;
mod config;
mod metrics;
mod outbox;
mod pace;
mod run;
mod sample;
mod sending;
mod show;
pub mod simulate;
mod source;

pub use config::ProducerConfig;
pub use run::run;

/// What makes this daemon itself.
pub const SERVICE: service_runtime::Service = service_runtime::Service {
    name: "producer",
    binary: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("../config.default.toml"),
};
