//! Types of values: durations, sizes, secrets, files that hold a secret.

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::ConfigError;

/// Reads `"10s"`, `"5m"` or `"1h 30m"`; use it as
/// `#[serde(deserialize_with = "service_runtime::config::duration")]`.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|_| {
        D::Error::custom(format!(
            "{text:?} is not a duration such as \"10s\" or \"5m\""
        ))
    })
}

/// Reads `"127.0.0.1:9464"`; a name is none, as it may stand for several addresses.
pub(super) fn socket_address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        D::Error::custom(format!(
            "{text:?} is not an IP address with a port such as \"127.0.0.1:9464\" or \"[::1]:9464\""
        ))
    })
}

/// Reads `"128MiB"` into bytes; use it as
/// `#[serde(deserialize_with = "service_runtime::config::bytes")]`.
pub fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse::<ByteSize>()
        .map(|size| size.as_u64())
        .map_err(|_| D::Error::custom(format!("{text:?} is not a size such as \"128MiB\"")))
}

/// Text that no log and no output shows.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself: for the client that needs it, nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is any text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the secret from `file` if that is set, without one trailing newline.
    /// `key` names the secret's key; the file's is the same with `_file`.
    pub(super) fn or_from_file(self, key: &str, file: &Path) -> Result<Self, ConfigError> {
        if file.as_os_str().is_empty() {
            return Ok(self);
        }
        if !self.is_empty() {
            return Err(ConfigError(format!(
                "{key} and {key}_file are both set: set one of them"
            )));
        }
        read_secret_file(file).map_err(|error| {
            ConfigError(format!(
                "{key}_file: cannot read {}: {error}",
                file.display()
            ))
        })
    }
}

/// The file's text without one trailing newline.
pub(super) fn read_secret_file(file: &Path) -> std::io::Result<Secret> {
    let text = fs::read_to_string(file)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_empty() {
            "\"\""
        } else {
            "\"<redacted>\""
        })
    }
}
