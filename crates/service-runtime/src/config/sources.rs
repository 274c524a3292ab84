//! The sources of a configuration, read by `config`: each value knows where it came from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use ::config::{Config, Environment, File, FileFormat, Map, Source, Value};

use super::ConfigError;
use super::error::variable;
use super::properties::FREE_TABLES;

/// The sections of one source, in their names' order, so that errors have an order too.
pub(super) type Sections = BTreeMap<String, Value>;

/// A TOML file; the error names it, and line and column.
pub(super) fn file(path: &Path) -> Result<Sections, ConfigError> {
    std::fs::File::open(path).map_err(|error| {
        ConfigError(format!(
            "cannot read the configuration {}: {error}",
            path.display()
        ))
    })?;
    sections(File::from(path).format(FileFormat::Toml))
}

/// The process's variables; those of others are passed over.
pub(super) fn environment(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Sections, ConfigError> {
    let source = Environment::with_prefix("FRAUD")
        .prefix_separator("__")
        .separator("__");
    sections(source.source(Some(our_variables(variables)?)))
}

fn sections(source: impl Source + Send + Sync + 'static) -> Result<Sections, ConfigError> {
    let built = Config::builder()
        .add_source(source)
        .build()
        .map_err(|error| describe(&error))?;
    Ok(built
        .cache
        .into_table()
        .unwrap_or_default()
        .into_iter()
        .collect())
}

/// The variables that are ours, as text. One that names a section or a table is refused
/// here: beside one that names a key in it, it would win or lose by chance.
fn our_variables(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Map<String, String>, ConfigError> {
    environment
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with("FRAUD__"))
        .map(|(name, value)| {
            if !names_a_key(&name) {
                return Err(ConfigError(format!(
                    "{name} names no key: variables are FRAUD__SECTION__KEY, \
                     or FRAUD__KAFKA__PROPERTIES__LINGER_MS for a librdkafka property"
                )));
            }
            match value.into_string() {
                Ok(value) => Ok((name, value)),
                Err(_) => Err(ConfigError(format!("{name} is not UTF-8"))),
            }
        })
        .collect()
}

fn names_a_key(variable: &str) -> bool {
    let lowercase = variable.to_lowercase();
    let path: Vec<&str> = lowercase.split("__").skip(1).collect();
    let is_in_free_table = path.len() > 1 && path[0] == "kafka" && FREE_TABLES.contains(&path[1]);
    path.len() == if is_in_free_table { 3 } else { 2 }
}

/// The error of a file that isn't TOML, as one line: the parser's first line holds
/// line and column, its last line the cause, and between them stands the source.
fn describe(error: &::config::ConfigError) -> ConfigError {
    let ::config::ConfigError::FileParse { uri, cause } = error else {
        return ConfigError(error.to_string());
    };
    let text = cause.to_string();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let text = match lines.as_slice() {
        [first, .., last] => format!("{first}: {last}"),
        _ => text.trim().to_owned(),
    };
    ConfigError(format!(
        "{}: {text}",
        uri.as_deref().unwrap_or("the configuration")
    ))
}

/// Where a value came from: the file's name or the variable's.
pub(super) fn origin_of(value: &Value, path: &str) -> String {
    if from_environment(value) {
        variable(path)
    } else {
        value.origin().unwrap_or("the configuration").to_owned()
    }
}

/// Whether a value came from the environment: then it is text until its key's type reads it.
pub(super) fn from_environment(value: &Value) -> bool {
    value.origin() == Some("the environment")
}
