//! Configuration: embedded defaults < file < environment (`FRAUD__SECTION__KEY`).
//!
//! The reference is TOML with a comment for each key: the shared sections, which this
//! crate holds, followed by the daemon's own `config.default.toml`, which holds
//! `[admin]` (each daemon has its own port) and the daemon's section. It is at once the
//! list of the known keys, of their types and of their defaults.

mod error;
mod kafka;
mod load;
mod mlflow;
mod print;
mod properties;
mod sections;
mod sources;
#[cfg(test)]
mod tests;
mod types;

use std::ffi::OsString;
use std::path::Path;

use serde::de::DeserializeOwned;

pub use error::ConfigError;
pub use kafka::{KafkaConfig, SecurityProtocol};
pub use mlflow::{MlflowConfig, MlflowUser};
pub use sections::{
    AdminConfig, LogConfig, LogFormat, ObjectStoreConfig, RuntimeConfig, ServiceConfig, Topics,
};
pub use types::{Secret, bytes, duration};

use crate::Service;
use load::Effective;

const SHARED: &str = include_str!("../../config.shared.toml");

/// A daemon's own section.
pub trait Section: DeserializeOwned + Send + 'static {
    /// Checks the values against each other and against the shared sections.
    fn check(&self, runtime: &RuntimeConfig) -> Result<(), ConfigError>;
}

/// An error that names key and variable if `value` is empty; for keys that have no default.
pub fn required(key: &str, value: &str) -> Result<(), ConfigError> {
    if value.is_empty() {
        Err(ConfigError::must_be_set(key))
    } else {
        Ok(())
    }
}

/// A configuration that holds: every value typed and checked.
#[derive(Debug)]
pub struct Loaded<S> {
    /// The daemon's own section.
    pub section: S,
    /// The sections that every daemon has.
    pub runtime: RuntimeConfig,
}

/// Loads the configuration from defaults, `file` and the process's environment.
/// Touches no network; the error lists every fault that was found.
pub fn load<S: Section>(service: &Service, file: Option<&Path>) -> Result<Loaded<S>, ConfigError> {
    load_from(service, file, std::env::vars_os())
}

/// As [`load()`], for a command that does without Kafka: what must be set may be missing,
/// and the values aren't checked against each other.
pub fn load_for_command<S: Section>(
    service: &Service,
    file: Option<&Path>,
) -> Result<Loaded<S>, ConfigError> {
    let mut loaded = read(service, file, std::env::vars_os())?;
    loaded.runtime.object_store.settle()?;
    Ok(loaded)
}

fn load_from<S: Section>(
    service: &Service,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded<S>, ConfigError> {
    let Loaded {
        section,
        mut runtime,
    } = read::<S>(service, file, environment)?;
    ConfigError::all([
        runtime.kafka.settle(),
        runtime.topics.check(),
        runtime.service.check(),
        runtime.object_store.settle(),
        section.check(&runtime),
    ])?;
    crate::kafka::check_properties(&runtime.kafka)?;
    crate::logs::check(&runtime.log)?;
    Ok(Loaded { section, runtime })
}

/// Every value typed, none checked.
fn read<S: Section>(
    service: &Service,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded<S>, ConfigError> {
    let effective = Effective::load(&reference(service), file, environment)?;
    let runtime = RuntimeConfig {
        kafka: effective.section("kafka")?,
        topics: effective.section("topics")?,
        admin: effective.section("admin")?,
        log: effective.section("log")?,
        service: effective.section("service")?,
        object_store: effective.section("object_store")?,
        mlflow: effective.section("mlflow")?,
    };
    Ok(Loaded {
        section: effective.section(service.name)?,
        runtime,
    })
}

/// The reference with the effective values, secrets redacted. What must be set may
/// still be missing: whoever asks wants to see what there is to set.
pub(crate) fn printed(service: &Service, file: Option<&Path>) -> Result<String, ConfigError> {
    printed_from(service, file, std::env::vars_os())
}

fn printed_from(
    service: &Service,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<String, ConfigError> {
    let reference = reference(service);
    let effective = Effective::load(&reference, file, environment)?;
    Ok(print::render(&reference, &effective.table))
}

fn reference(service: &Service) -> String {
    format!("{SHARED}\n{}", service.defaults)
}

/// A `[kafka]` section for tests.
#[cfg(test)]
pub(crate) fn test_kafka_config(bootstrap_servers: &str, username: &str) -> KafkaConfig {
    let reference = format!("{SHARED}\n[admin]\naddress = \"127.0.0.1:0\"\n");
    let effective = Effective::load(&reference, None, []).expect("the defaults are valid");
    let mut kafka: KafkaConfig = effective.section("kafka").expect("the defaults are valid");
    kafka.bootstrap_servers = bootstrap_servers.to_owned();
    kafka.username = username.to_owned();
    kafka
}
