//! Layers the sources (defaults < file < environment), refuses what isn't known and gives each value its key's type.
//!
//! The embedded reference is the only list of keys and types: a key that isn't in it
//! doesn't exist, and a value has the type that its default has.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use ::config::{Value, ValueKind};
use serde::de::DeserializeOwned;

use super::ConfigError;
use super::error::did_you_mean;
use super::properties;
use super::sources::{self, Sections, from_environment, origin_of};

/// The daemons' own sections: one file may serve all of them.
const DAEMONS: [&str; 3] = ["producer", "scorer", "sink"];

/// Defaults, file and environment as one table; every value has its key's type.
#[derive(Debug)]
pub(super) struct Effective {
    pub(super) table: toml::Table,
    /// `section.key` to where its value came from, for those that aren't defaults.
    origins: BTreeMap<String, String>,
}

impl Effective {
    /// Merges the sources over `reference`; the error lists every fault.
    pub(super) fn load(
        reference: &str,
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let defaults: toml::Table =
            toml::from_str(reference).expect("the embedded defaults are valid TOML");
        let mut effective = Self {
            table: defaults.clone(),
            origins: BTreeMap::new(),
        };
        let from_file = file.map_or_else(|| Ok(Sections::new()), sources::file)?;
        let from_environment = sources::environment(environment)?;
        let faults: Vec<_> = from_file
            .into_iter()
            .chain(from_environment)
            .map(|(section, value)| effective.set_section(&defaults, &section, value))
            .collect();
        ConfigError::all(faults)?;
        Ok(effective)
    }

    /// Reads `section` as `T`.
    pub(super) fn section<T: DeserializeOwned>(&self, section: &str) -> Result<T, ConfigError> {
        let value = self
            .table
            .get(section)
            .cloned()
            .expect("the embedded defaults hold the section");
        serde_path_to_error::deserialize(value).map_err(|error| {
            let key = format!("{section}.{}", error.path());
            let origin = self
                .origins
                .get(&key)
                .map_or_else(String::new, |origin| format!(" ({origin})"));
            ConfigError(format!("{key}: {}{origin}", error.inner().message()))
        })
    }

    fn set_section(
        &mut self,
        defaults: &toml::Table,
        section: &str,
        value: Value,
    ) -> Result<(), ConfigError> {
        let origin = origin_of(&value, section);
        let Some(known) = defaults.get(section).and_then(toml::Value::as_table) else {
            if DAEMONS.contains(&section) {
                return Ok(());
            }
            let sections = defaults.keys().map(String::as_str).chain(DAEMONS);
            return Err(unknown(
                "section",
                section,
                &origin,
                &did_you_mean(section, sections),
            ));
        };
        let ValueKind::Table(keys) = value.kind else {
            return Err(ConfigError(format!(
                "{section} in {origin} is a section: write [{section}] and its keys below"
            )));
        };
        let faults: Vec<_> = BTreeMap::from_iter(keys)
            .into_iter()
            .map(|(key, value)| self.set_key(section, known, &key, value))
            .collect();
        ConfigError::all(faults)
    }

    fn set_key(
        &mut self,
        section: &str,
        known: &toml::Table,
        key: &str,
        value: Value,
    ) -> Result<(), ConfigError> {
        let path = format!("{section}.{key}");
        let origin = origin_of(&value, &path);
        let Some(default) = known.get(key) else {
            return Err(unknown(
                "key",
                &path,
                &origin,
                &did_you_mean(key, known.keys().map(String::as_str)),
            ));
        };
        let present = self.table[section]
            .get_mut(key)
            .expect("a known key has a default");
        if let (true, toml::Value::Table(table)) = (section == "kafka", &mut *present) {
            table.extend(properties::flatten(&path, value)?);
        } else {
            *present = typed(&path, default, value, &origin)?;
        }
        self.origins.insert(path, origin);
        Ok(())
    }
}

fn unknown(what: &str, name: &str, origin: &str, hint: &str) -> ConfigError {
    ConfigError(format!("unknown {what} {name} in {origin}{hint}"))
}

/// `value` with the type of its key's default.
fn typed(
    path: &str,
    default: &toml::Value,
    value: Value,
    origin: &str,
) -> Result<toml::Value, ConfigError> {
    let is_text = from_environment(&value);
    let converted = match (default, value.kind) {
        (toml::Value::String(_), ValueKind::String(text)) => Some(text.into()),
        (toml::Value::Integer(_), ValueKind::I64(number)) => Some(number.into()),
        (toml::Value::Float(_), ValueKind::Float(number)) => Some(number.into()),
        #[expect(clippy::cast_precision_loss, reason = "people write small numbers")]
        (toml::Value::Float(_), ValueKind::I64(number)) => Some((number as f64).into()),
        (toml::Value::Boolean(_), ValueKind::Boolean(truth)) => Some(truth.into()),
        (toml::Value::Array(_), ValueKind::Array(items)) => strings(items),
        (_, ValueKind::String(text)) if is_text => from_text(default, text.trim()),
        _ => None,
    };
    converted
        .ok_or_else(|| ConfigError(format!("{path} must be {} ({origin})", type_name(default))))
}

fn from_text(default: &toml::Value, text: &str) -> Option<toml::Value> {
    match default {
        toml::Value::Integer(_) => text.parse::<i64>().ok().map(Into::into),
        toml::Value::Float(_) => text.parse::<f64>().ok().map(Into::into),
        toml::Value::Boolean(_) => text.parse::<bool>().ok().map(Into::into),
        toml::Value::Array(_) => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            Some(toml::Value::Array(items.map(Into::into).collect()))
        }
        _ => None,
    }
}

fn strings(items: Vec<Value>) -> Option<toml::Value> {
    let texts: Option<Vec<toml::Value>> = items
        .into_iter()
        .map(|item| match item.kind {
            ValueKind::String(text) => Some(text.into()),
            _ => None,
        })
        .collect();
    texts.map(toml::Value::Array)
}

fn type_name(default: &toml::Value) -> &'static str {
    match default {
        toml::Value::String(_) => "text in quotes",
        toml::Value::Integer(_) => "a whole number",
        toml::Value::Float(_) => "a number",
        toml::Value::Boolean(_) => "true or false",
        toml::Value::Array(_) => "a list of texts such as [\"a\", \"b\"] (a,b in a variable)",
        toml::Value::Table(_) | toml::Value::Datetime(_) => "a table",
    }
}
