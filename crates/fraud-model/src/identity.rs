//! Which model made a score.

/// Name, version and content hash of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelIdentity {
    /// The registry's name, else the configured one, else the folder's.
    pub name: String,
    /// The registry's version, else the first 12 hex digits of the hash.
    pub version: String,
    /// SHA-256 over the pipeline's files, in 64 hex digits.
    pub hash: String,
}

impl ModelIdentity {
    /// The value of a result's `model` header: `<name>@<version>`.
    pub fn header(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// Name and version of a `model` header; the version follows the last `@`.
    pub fn parse_header(header: &str) -> Option<(&str, &str)> {
        header.rsplit_once('@')
    }
}
