//! Logs on stderr.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::ConfigError;
use crate::config::{LogConfig, LogFormat};

/// Whether the filter can be read; `RUST_LOG` wins over the configuration.
pub(crate) fn check(config: &LogConfig) -> Result<(), ConfigError> {
    filter(config).map(|_| ())
}

/// Sends the process's logs to stderr from now on.
pub(crate) fn init(config: &LogConfig) -> Result<(), ConfigError> {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter(config)?)
        .with_writer(io::stderr);
    let is_terminal = io::stderr().is_terminal();
    let is_json = match config.format {
        LogFormat::Auto => !is_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let installed = if is_json {
        subscriber
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .try_init()
    } else {
        subscriber.with_ansi(is_terminal).try_init()
    };
    installed.map_err(|error| ConfigError(format!("logs are already set up: {error}")))
}

fn filter(config: &LogConfig) -> Result<EnvFilter, ConfigError> {
    let from_variable = std::env::var("RUST_LOG")
        .ok()
        .filter(|text| !text.is_empty());
    let (origin, text) = match &from_variable {
        Some(text) => ("RUST_LOG", text),
        None => ("log.filter", &config.filter),
    };
    // Clients' own words about each try: the runtime and the services say the same better.
    // A later directive in the text wins.
    EnvFilter::try_new(format!("rdkafka=off,object_store=warn,{text}"))
        .map_err(|error| ConfigError(format!("{origin}: {text:?} is not a filter such as \"info\" or \"info,librdkafka=debug\": {error}")))
}
