//! Why a model isn't there yet, or never will be.

use std::error::Error;

use fraud_model::ModelError;
use service_runtime::ConfigError;

/// Why a model can't be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Waiting may help: a network, a server, a missing right.
    #[error("{0}")]
    Passing(String),
    /// Waiting doesn't help: a wrong configuration, no such model, a broken one.
    #[error("{0}")]
    Lasting(String),
}

impl Trouble {
    /// With the file or URL that it is about.
    pub(super) fn at(self, place: &str) -> Self {
        match self {
            Self::Passing(text) => Self::Passing(format!("{place}: {text}")),
            Self::Lasting(text) => Self::Lasting(format!("{place}: {text}")),
        }
    }

    /// Of an object store: what isn't there stays away, the rest may pass.
    pub(super) fn of_store(error: &object_store::Error) -> Self {
        use object_store::Error as E;
        let (what, cause) = (in_one_line(&error.to_string()), root_cause(error));
        let text = if what.contains(&cause) {
            what
        } else {
            format!("{what}: {cause}")
        };
        match error {
            E::NotFound { .. } | E::InvalidPath { .. } | E::NotSupported { .. } => {
                Self::Lasting(text)
            }
            // Of a refused listing no more is known than its text.
            _ if text.contains("401 Unauthorized") || text.contains("403 Forbidden") => {
                Self::Passing(format!(
                    "{text}; check the keys in [object_store] and their right to list and read"
                ))
            }
            _ => Self::Passing(text),
        }
    }
}

impl From<ConfigError> for Trouble {
    fn from(error: ConfigError) -> Self {
        Self::Lasting(error.to_string())
    }
}

impl From<ModelError> for Trouble {
    fn from(error: ModelError) -> Self {
        Self::Lasting(error.to_string())
    }
}

/// The innermost cause: what the system or the other side said.
pub(super) fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    in_one_line(&cause.to_string())
}

/// One line that a log can bear; an S3 server's answer in XML is cut to its code.
pub(super) fn in_one_line(text: &str) -> String {
    let (what, answer) = text.split_once("<?xml").unwrap_or((text, ""));
    let code = answer
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"))
        .map_or("", |(code, _)| code);
    let line: String = format!("{what}{code}")
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(500)
        .collect();
    line.trim().to_owned()
}
