//! What is wrong with a configuration.

use strsim::damerau_levenshtein;

/// What is wrong with a configuration: one line for each fault, which names the key,
/// where its value came from and what would do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl ConfigError {
    /// All faults as one error, a line each; `Ok` if there are none.
    pub fn all(faults: impl IntoIterator<Item = Result<(), Self>>) -> Result<(), Self> {
        let lines: Vec<String> = faults
            .into_iter()
            .filter_map(Result::err)
            .map(|fault| fault.0)
            .collect();
        if lines.is_empty() {
            Ok(())
        } else {
            Err(Self(lines.join("\n")))
        }
    }

    /// For a key (`section.key`) that has no default and was left empty.
    pub fn must_be_set(key: &str) -> Self {
        Self(format!("{key} must be set (or {})", variable(key)))
    }
}

/// The environment variable of a key: `kafka.username` is `FRAUD__KAFKA__USERNAME`.
pub(super) fn variable(key: &str) -> String {
    format!("FRAUD__{}", key.to_uppercase().replace('.', "__"))
}

/// `, did you mean "username"?` where a known name is near; otherwise nothing.
pub(super) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let furthest = name.chars().count().max(3) / 2 + 1;
    known
        .into_iter()
        .map(|candidate| (damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= furthest)
        .min()
        .map(|(_, nearest)| format!(", did you mean \"{nearest}\"?"))
        .unwrap_or_default()
}
