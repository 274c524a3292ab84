//! What every daemon shares and nothing about fraud: start-up, configuration,
//! logs, admin endpoints, health, shutdown and Kafka clients.

mod admin;
pub mod config;
mod context;
mod error_line;
mod failpoint;
mod failure;
mod health;
pub mod kafka;
mod logs;
mod memory;
pub mod object_store;
mod once_a_minute;
mod progress;
mod ready_metric;
mod run;
mod shutdown;

pub use config::{ConfigError, RuntimeConfig, Section};
pub use context::Context;
pub use error_line::error_line;
pub use failpoint::failpoint;
pub use failure::Failure;
pub use health::{Health, Reason};
pub use once_a_minute::OnceAMinute;
pub use progress::Progress;
pub use run::{Service, ServiceArgs, run, run_command};
pub use shutdown::Shutdown;
