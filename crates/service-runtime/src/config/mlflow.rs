//! `[mlflow]`: how to reach the model registry, and as whom.

use std::env;
use std::path::PathBuf;

use serde::Deserialize;

use super::ConfigError;
use super::types::{Secret, read_secret_file};

/// `[mlflow]`
#[derive(Debug, Clone, Deserialize)]
pub struct MlflowConfig {
    /// The tracking server; empty: `MLFLOW_TRACKING_URI`.
    tracking_uri: String,
    /// Holds a bearer token; empty: MLflow's own variables.
    token_file: PathBuf,
}

/// As whom the tracking server is asked.
#[derive(Debug, Clone)]
pub enum MlflowUser {
    /// Nobody in particular.
    Anyone,
    /// Whoever holds the token.
    Bearer(Secret),
    /// A user of MLflow's `basic-auth` app.
    Basic {
        /// The user's name.
        name: String,
        /// The user's password.
        password: Secret,
    },
}

impl MlflowConfig {
    /// The tracking server's URL: the configured one, else MLflow's own variable.
    ///
    /// # Errors
    /// Where neither is set, or where it isn't `http` or `https`, or holds a password,
    /// which would come to stand in logs.
    pub fn tracking_uri(&self) -> Result<String, ConfigError> {
        let uri = if self.tracking_uri.is_empty() {
            variable("MLFLOW_TRACKING_URI").ok_or_else(|| {
                ConfigError(
                    "mlflow.tracking_uri must be set for a models:/ URL (or FRAUD__MLFLOW__TRACKING_URI, \
                     or MLFLOW_TRACKING_URI)"
                        .to_owned(),
                )
            })?
        } else {
            self.tracking_uri.clone()
        };
        let rest = uri
            .strip_prefix("http://")
            .or_else(|| uri.strip_prefix("https://"));
        let Some(rest) = rest else {
            return Err(ConfigError(
                "mlflow.tracking_uri is not a URL such as \"http://mlflow:5000\"".to_owned(),
            ));
        };
        if rest
            .split('/')
            .next()
            .is_some_and(|host| host.contains('@'))
        {
            return Err(ConfigError(
                "mlflow.tracking_uri holds a user: use MLFLOW_TRACKING_USERNAME and \
                 MLFLOW_TRACKING_PASSWORD, or mlflow.token_file"
                    .to_owned(),
            ));
        }
        Ok(uri)
    }

    /// As whom to ask, read anew because a token may be rotated: `token_file`, else
    /// MLflow's own variables in MLflow's order.
    pub fn user(&self) -> Result<MlflowUser, ConfigError> {
        if !self.token_file.as_os_str().is_empty() {
            let token = read_secret_file(&self.token_file).map_err(|error| {
                ConfigError(format!(
                    "mlflow.token_file: cannot read {}: {error}",
                    self.token_file.display()
                ))
            })?;
            return Ok(MlflowUser::Bearer(token));
        }
        let name = variable("MLFLOW_TRACKING_USERNAME");
        let password = variable("MLFLOW_TRACKING_PASSWORD");
        Ok(match (name, password, variable("MLFLOW_TRACKING_TOKEN")) {
            (Some(name), Some(password), _) => MlflowUser::Basic {
                name,
                password: Secret::new(password),
            },
            (_, _, Some(token)) => MlflowUser::Bearer(Secret::new(token)),
            _ => MlflowUser::Anyone,
        })
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracking_uri(uri: &str) -> Result<String, ConfigError> {
        let config = MlflowConfig {
            tracking_uri: uri.to_owned(),
            token_file: PathBuf::new(),
        };
        config.tracking_uri()
    }

    #[test]
    fn the_tracking_server_is_a_url_without_a_password() {
        assert_eq!(
            tracking_uri("http://mlflow:5000/base").unwrap(),
            "http://mlflow:5000/base"
        );
        for (uri, expected) in [
            ("databricks", "is not a URL"),
            ("http://user:secret@mlflow", "holds a user"),
        ] {
            let error = tracking_uri(uri).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_token_is_read_from_its_file_without_the_newline() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "t0ken\n").unwrap();
        let config = MlflowConfig {
            tracking_uri: String::new(),
            token_file: file.path().to_owned(),
        };
        let user = config.user().unwrap();
        assert!(matches!(&user, MlflowUser::Bearer(token) if token.expose() == "t0ken"));
        assert!(!format!("{user:?}").contains("t0ken"));
    }
}
